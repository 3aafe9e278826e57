"""The use cases: one verb or topic per file."""
