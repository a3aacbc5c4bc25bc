"""One service: its processes, what was told of it, and its verdict.

`service` says what follows from each record. `processes` knows which process a collection belongs to, and what those
that ended teach the next; `silence` has its pulse, `ends` how its processes died, `words` its first and last
application text. `telling` words what is found, and `advising` what is to be done.
"""

from gctail.service.ends import outside_heap
from gctail.service.processes import MOST_EPOCHS_KEPT
from gctail.service.service import VERSION, Seen, Service, lighter

__all__ = ["MOST_EPOCHS_KEPT", "VERSION", "Seen", "Service", "lighter", "outside_heap"]
