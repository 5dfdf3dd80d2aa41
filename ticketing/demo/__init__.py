"""A fictitious municipality in the shape of the source plan, made by a seeded generator."""
