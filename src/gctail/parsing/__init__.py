"""Bytes become values: one file per thing that a log can hold."""
