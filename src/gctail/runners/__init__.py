"""Ways to drive the core: over files on this machine, and elsewhere."""
