"""Support for Aula in a Danish municipality: one data model, one ladder, clocks people can trust."""

__version__ = "0.1.0"
