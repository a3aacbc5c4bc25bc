"""Where bytes come from: files, compressed files, pipes, followed files. One file per kind."""

from gctail.sources.inputs import Chunk, Input, last_bytes, open_input, read_chunks

__all__ = ["Chunk", "Input", "last_bytes", "open_input", "read_chunks"]
