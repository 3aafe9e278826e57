"""Thin wrappers of Linux system calls, one man page or subsystem each."""
