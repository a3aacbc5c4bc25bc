"""Finds out, from logs alone, why a Go service runs out of memory, and says so before it does."""

__version__ = "0.1.0"
