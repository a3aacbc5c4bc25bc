"""Heap profiles of Go (`/debug/pprof/heap`): which line of a program holds its memory, and what grew between two.

data ──▶ forms (gzip, profile.proto, text) ──▶ HeapProfile ──▶ sites: one per line of the program, largest first
"""

from gctail.golang.profiles.forms import read_profile
from gctail.golang.profiles.sites import Site, sites
from gctail.golang.profiles.values import HeapProfile, Malformed

__all__ = ["HeapProfile", "Malformed", "Site", "read_profile", "sites"]
