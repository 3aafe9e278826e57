"""The front ends of the engine: command line and user interface."""

__version__ = "0.1.0"
