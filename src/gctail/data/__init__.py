"""Formats, signatures and texts as data, with the samples that are their tests."""
