"""Tests: see docs/internals/testing.md."""
