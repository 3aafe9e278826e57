"""The database of names, references and containers."""
