"""Alembic migrations, written by hand, for SQLite and PostgreSQL alike."""
