"""What survives the process: states of services, positions in inputs, what was told; in one file of SQLite."""

from gctail.store.file import NoPlace, NotSaved, Store

__all__ = ["NoPlace", "NotSaved", "Store"]
