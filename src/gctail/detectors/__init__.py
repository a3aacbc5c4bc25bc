"""The table of contents: who judges a service, what they see and what they say.

`Judge` sees the collections of one process epoch. `DETECTORS` are the ways of judging a block of collections by itself,
one a file; the growth of the heap, which takes a memory of its own, is judged by `growth.py`.
"""

from gctail.detectors.judge import DETECTORS, Judge
from gctail.detectors.values import Block, Carryover, Inquiry, Moment, Signal, Surroundings, Testimony

__all__ = ["DETECTORS", "Block", "Carryover", "Inquiry", "Judge", "Moment", "Signal", "Surroundings", "Testimony"]
