"""Whose death a report tells of: who a service is by its own words, and what ties a kernel's words to it."""
