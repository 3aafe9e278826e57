"""The engine: everything below the command line."""
