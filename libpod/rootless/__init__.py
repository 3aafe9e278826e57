"""Becoming root in the user's own namespace."""
