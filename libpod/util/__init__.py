"""Files, locks, processes and messages: no knowledge of containers."""
