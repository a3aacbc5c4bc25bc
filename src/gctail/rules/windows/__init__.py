"""What is remembered of a window of time: at most 64 buckets, whatever happens within it.

A bucket is a 64th of the window long and counted from the start of the process, so that the same log fills the same
buckets. A window reaches back from now to the beginning of its oldest bucket: the whole of its length, or up to one
bucket less. Every kind answers in constant time on average, and its state is plain data from which it goes on exactly.
"""

from gctail.rules.windows.course import Beginning, Trail
from gctail.rules.windows.spread import Spread
from gctail.rules.windows.summary import Summary
from gctail.rules.windows.tally import Tally
from gctail.rules.windows.window import BUCKETS, Window

__all__ = ["BUCKETS", "Beginning", "Spread", "Summary", "Tally", "Trail", "Window"]
