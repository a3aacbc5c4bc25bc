"""One service: its processes, what was told of it, and its verdict.

`service` holds the models of its processes and says what follows from each record; `telling` words that as findings,
`ends` keeps how its processes died, and `words` its first and last application text.
"""

from gctail.service.ends import outside_heap
from gctail.service.service import MOST_EPOCHS_KEPT, VERSION, Seen, Service, lighter

__all__ = ["MOST_EPOCHS_KEPT", "VERSION", "Seen", "Service", "lighter", "outside_heap"]
