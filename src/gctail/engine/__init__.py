"""All services: every sighting and passage goes to its service, and what comes back is handed on.

`engine` sorts, bounds and passes the time; `mined` chooses the services whose text is searched for suspects, `keeper`
is who keeps services for longer, `window` the part of a log that is meant, and `outcome` tells what it all came to.
"""

from gctail.engine.engine import MOST_SERVICES, Engine
from gctail.engine.keeper import Keeper
from gctail.engine.mined import MOST_MINED_KIB, USUAL_MINING
from gctail.engine.outcome import counts, report
from gctail.engine.window import Window

__all__ = ["MOST_MINED_KIB", "MOST_SERVICES", "USUAL_MINING", "Engine", "Keeper", "Window", "counts", "report"]
