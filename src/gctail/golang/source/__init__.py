"""Go source, read with tree-sitter: which log call wrote a line, and which containers grow without a bound."""

from gctail.golang.source.containers import Container
from gctail.golang.source.matching import CallSite, containers_of, match_message, source_of, told
from gctail.golang.source.reading import Sources, read_sources

__all__ = ["CallSite", "Container", "Sources", "containers_of", "match_message", "read_sources", "source_of", "told"]
