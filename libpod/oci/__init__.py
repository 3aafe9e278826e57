"""The OCI runtime: its command line, bundle and messages."""
