"""Unit files for systemd. Knows nothing of the engine."""
