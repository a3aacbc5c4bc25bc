"""What the bodies of functions do, as plain facts: uses of containers, calls, and calls that write log lines."""

from __future__ import annotations

from msgspec import Struct, field

from gctail.golang.source.strings import Pieces

Tags = frozenset[str]
"""Where a value comes from: request, computed, finite (only so many values), `param:NAME`, `len:CONTAINER`.

Empty: fixed in the source."""
FIXED: Tags = frozenset()
COMPUTED: Tags = frozenset({"computed"})
REQUEST: Tags = frozenset({"request"})
FINITE: Tags = frozenset({"finite"})


class Spot(Struct, frozen=True):
    """A place in the source. `function` is its full name (`Cache.Put`), `shown` as Go prints it in a stack.

    `closure` is the line of the innermost function literal around it, 0 where there is none; `recurring` says that it
    may be passed again and again by itself: in a closure, an endless loop or a `go` statement.
    """

    file: str
    line: int
    package: str
    function: str
    shown: str
    closure: int = 0
    recurring: bool = False
    once: bool = False
    """It is passed once, whoever calls the function, and however often."""


class Use(Struct, frozen=True):
    """What happens to a container: write, delete, replace, bound (its length is compared), or escape (given away).

    And count: to a number, which goes up or down.
    """

    container: str
    action: str
    at: Spot
    origin: Tags = FIXED
    key: str = ""
    to: str = ""
    counted_down: bool = False
    """`m[k]--`: what is counted is over, and the entry stays."""


class Call(Struct, frozen=True):
    """A call of one of our functions, or its mention as a value (`as_value`): then anybody may call it.

    `callee` is `put`, `Cache.Put`, `.Put` where the receiver's type is not known, or `path|Put` of another package.
    """

    callee: str
    at: Spot
    arguments: tuple[Tags, ...] = ()
    passed: tuple[str | None, ...] = ()
    as_value: bool = False
    texts: tuple[tuple[int, Pieces], ...] = ()
    """By place, the arguments whose text the source fixes in part: a message, if what is called writes one."""
    keys: tuple[str, ...] = ()


class LogCall(Struct, frozen=True):
    """A call that writes a log line, with the text of its message as far as the source fixes it."""

    at: Spot
    library: str
    level: str
    pieces: Pieces
    keys: tuple[str, ...] = ()
    """Names of its fields, and other literals beside the message."""
    counted: tuple[tuple[str, Tags, str], ...] = ()
    """Of its numbers that count something: the field's name, what it is made of (`counted`), and its source."""
    around: int = 0
    """Letters that a helper puts around the message, where the call goes through one."""


class Route(Struct, frozen=True):
    """A call that registers a handler; `handlers` as in `Call.callee`, empty where `at.closure` is the handler."""

    at: Spot
    verb: str
    path: str
    handlers: tuple[str, ...] = ()


class Local(Struct, frozen=True):
    """A map or slice that a function makes for itself; of interest where a function literal keeps it alive."""

    container: str
    name: str
    kind: str
    type: str
    at: Spot


class Forward(Struct, frozen=True):
    """A function writes its parameter of this name as a log line, as the format of one, or into one.

    `letters` is how many the line has around it.
    """

    at: Spot
    parameter: str
    level: str
    letters: int = 0


class Leftover(Struct, frozen=True):
    """What a function may leave behind: something open, or a goroutine that waits; `says` is half a sentence."""

    at: Spot
    says: str


class Facts(Struct):
    """All that the bodies of a package say."""

    uses: list[Use] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    logs: list[LogCall] = field(default_factory=list)
    forwards: list[Forward] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    locals: list[Local] = field(default_factory=list)
    makings: list[Call] = field(default_factory=list)
    """Calls whose result the function keeps to itself and lets go: see `makings.py`."""
    made: list[tuple[str, str]] = field(default_factory=list)
    """By folder, what `main` makes once: names of types and of functions."""
    returned: list[tuple[Tags, Spot]] = field(default_factory=list)
    """What functions return that counts something: see `counting.counted`."""
    launched: dict[tuple[str, int], int] = field(default_factory=dict)
    """By file and line, function literals that run because the code around them ran: that one's `Spot.closure`."""
