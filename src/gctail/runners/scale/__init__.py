"""Drives the core on Quix Streams, a distributed engine on Kafka, with any number of processes on any machines.

    lines ──▶ unwrap, scan ──▶ records and digests, keyed by service ──▶ Service ──▶ findings
              (scanning.py)    (packets.py, through a topic)             (judging.py)

Both halves run in every process. The engine gives each process its partitions, moves state with them, and writes what
was produced, what is remembered and how far was read in one transaction.
"""

import warnings

with warnings.catch_warnings(record=True):  # a library deep below the engine speaks of httpx to whoever imports it
    import quixstreams as _  # noqa: F401

from gctail.runners.scale.strips import Views
from gctail.runners.scale.topology import Topology, Wanted

__all__ = ["Topology", "Views", "Wanted"]
