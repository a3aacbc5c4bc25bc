"""The Go side: what the collector's pacer was aiming at, where maps grow in the source, what a heap profile holds."""
