"""Pure functions from a request to an OCI runtime configuration."""
