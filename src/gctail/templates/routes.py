"""Lines divided by the route of the address in them: `GET /v2/reports/<*>/pdf`.

Each handler of a service is a piece of code of its own, and so each is counted for itself.

What stands between slashes and looks like a number or an id is left out, and so is a query. Where more than
`MOST_SIBLINGS` routes differ in one word (`/u/ann`, `/u/ben`), that word is one of a user's, and they become one route.
There are at most `MOST_ROUTES`, and of few lines fewer; a new one then takes the place of one that hardly came.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from gctail.templates.grid import Course

MOST_ROUTES, FIRST_ROUTES = 64, 32
LINES_A_ROUTE = 8
"""So many lines after the first routes make room for another."""
MOST_SIBLINGS = 24
HARDLY = 2
"""Lines of a route that may be forgotten for another one."""
MOST_SHAPES = 1024
MOST_SEGMENTS = 8
LONGEST = 32
"""Of what stands between slashes; what is longer is no word."""
MOST_EXAMPLE_BYTES = 300
SCHEMES = (b"http://", b"https://")
LEFT_OUT = b"<*>"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
"""What is asked of an address."""

_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_WORD = re.compile(rb"v\d{1,2}|[A-Za-z][A-Za-z_.~-]*\d{0,2}|[^\x00-\x7f]+|")
_ENDING = re.compile(rb"\.[A-Za-z]{2,5}\d?\Z")
_IDS = re.compile(rb"(?<=[/=])[^/\s?&=.]*\d[^/\s?&=.]*")
_REQUEST = re.compile(rb"\"?([A-Z]{3,7}) (\S+)(?: HTTP/[\d.]+)?\"?")
_VERBS = tuple(f"{verb} {begin}" for verb in VERBS for begin in ("/", "http"))
_WRITTEN_VERBS = tuple(verb.encode() for verb in _VERBS)
_ADDRESS = re.compile(rb'(?<![^\s"=])(?:/|https?://)[^\s"]*')


def is_address(value: object) -> bool:
    """Whether this is a path as of an address, a whole one, or what asks for one: `GET /v2/me HTTP/1.1`."""
    if value.__class__ is str:
        return value[:1] == "/" or value.startswith(("http://", "https://", *_VERBS))
    if value.__class__ is bytes:
        return value[:1] == b"/" or value[:16].lstrip(b'"').startswith((b"/", *SCHEMES, *_WRITTEN_VERBS))
    return False


def address_in(line: bytes) -> bytes | None:
    """The address in a line, where there is just one."""
    found = _ADDRESS.findall(line)
    return found[0] if len(found) == 1 else None


def route_of(address: bytes) -> bytes | None:
    """An address without what is different each time; None where it is none."""
    host, path = b"", address.strip(b"\"',;)")
    for scheme in SCHEMES:
        if path.startswith(scheme):
            host, slash, path = path[len(scheme) :].partition(b"/")
            host, path = host.rpartition(b"@")[2], slash + path
            if host and len(host) > 2 * LONGEST:
                host = LEFT_OUT
    if not host and path[:1] != b"/":
        return None
    path = path.partition(b"?")[0].partition(b"#")[0]
    segments = path.split(b"/")
    if len(segments) > MOST_SEGMENTS:
        segments[MOST_SEGMENTS:] = [LEFT_OUT]
    return host + b"/".join(map(_segment, segments))


def _segment(word: bytes) -> bytes:
    if len(word) <= LONGEST and _WORD.fullmatch(word):
        return word
    ending = _ENDING.search(word) if b"@" not in word else None
    return LEFT_OUT + ending[0] if ending else LEFT_OUT


def name_of(address: bytes, method: object = None) -> bytes:
    """The route with the method before it, where that is known; empty where there is none."""
    if asked := _REQUEST.fullmatch(address):
        method, address = asked[1], asked[2]
    route = route_of(address)
    if route is None:
        return b""
    said = method if method.__class__ is bytes else str(method).encode("utf-8", "replace")
    return b"%b %b" % (said[:8].strip(b'"'), route) if method is not None else route


class Route:
    """What came of one route: lines and keys that were new, over time."""

    __slots__ = ("example", "first_s", "last_s", "lines", "name", "new_keys", "now", "now_new", "total")

    def __init__(self, name: bytes, now_s: float) -> None:
        self.name = name
        self.first_s = self.last_s = now_s
        self.total = self.now = 0
        self.now_new = 0.0
        self.lines, self.new_keys = Course("sum"), Course("sum")
        self.example = b""

    def add(self, lines: int, new: float, now_s: float) -> None:
        """So many more lines, with so many keys that were never seen before."""
        self.total += lines
        self.now += lines
        self.now_new += new
        self.last_s = now_s

    def exemplify(self, line: bytes) -> None:
        """Such a line is one of it."""
        self.example = line[:MOST_EXAMPLE_BYTES]

    def take(self, other: Route) -> None:
        """Become the route of both."""
        self.total += other.total
        self.now += other.now
        self.now_new += other.now_new
        self.first_s, self.last_s = min(self.first_s, other.first_s), max(self.last_s, other.last_s)
        self.lines.take(other.lines)
        self.new_keys.take(other.new_keys)
        self.example = self.example or other.example

    def close(self, place: int) -> None:
        """The open bin is complete."""
        if self.now:
            self.lines.put(place, self.now)
        if self.now_new:
            self.new_keys.put(place, self.now_new)
        self.now, self.now_new = 0, 0.0

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "name": self.name.decode("latin-1"),
            "first_s": self.first_s,
            "last_s": self.last_s,
            "total": self.total,
            "now": self.now,
            "now_new": self.now_new,
            "lines": self.lines.state(),
            "new_keys": self.new_keys.state(),
            "example": self.example.decode("latin-1"),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Route:
        """The route that `state` was taken of."""
        route = cls(state["name"].encode("latin-1"), state["first_s"])
        route.last_s, route.total = state["last_s"], state["total"]
        route.now, route.now_new = state["now"], state["now_new"]
        route.lines, route.new_keys = Course("sum", state["lines"]), Course("sum", state["new_keys"])
        route.example = state["example"].encode("latin-1")
        return route


class Routes:
    """The routes of one slot. What is of none of them, or came when there were too many, is `other`."""

    __slots__ = ("_known", "found", "most", "other", "read", "told", "told_now")

    apart = True
    """In the shapes of lines they look different."""

    def __init__(self) -> None:
        self.found: dict[bytes, Route] = {}
        self.other = Route(b"", 0.0)
        self.most = MOST_ROUTES
        self.read = 0
        """Lines until now."""
        self.told, self.told_now = Course("sum"), 0
        """Lines whose route is known though they were not read."""
        self._known: dict[object, Route] = {}
        """Of shapes of addresses; a cache."""

    def owners(self, addresses: Sequence[bytes], methods: Sequence[Any] | None, now_s: float) -> list[Route]:
        """The route of each address; `methods` stand beside them where the line has one."""
        shapes: Sequence[Any] = b"\n".join(addresses).translate(_ALIKE).split(b"\n")
        if len(shapes) != len(addresses):  # hardly ever: a line break in an address
            shapes = [address.translate(_ALIKE) for address in addresses]
        self.read += len(addresses)
        known = self._known
        owners = list(map(known.get, shapes if methods is None else zip(methods, shapes, strict=True)))
        if None not in owners:
            return owners  # type: ignore[return-value]
        if methods is not None:
            shapes = list(zip(methods, shapes, strict=True))
        found = [
            owner
            or known.get(shape)
            or self._learn(shape, address, methods[at] if methods is not None else None, now_s)
            for at, (owner, shape, address) in enumerate(zip(owners, shapes, addresses, strict=True))
        ]
        return [route if self.found.get(route.name) is route else self._heir(route) for route in found]

    def _heir(self, route: Route) -> Route:
        """What a route has become part of meanwhile."""
        return self.found.get(route.name) or self._wild(route.name) or self.other

    def _learn(self, shape: object, address: bytes, method: object, now_s: float) -> Route:
        masked = _IDS.sub(b"0", address), method
        owner = self._known.get(masked)
        if owner is None:
            if len(self._known) >= MOST_SHAPES:
                self._known.clear()
            owner = self._known[masked] = self._find(address, method, now_s)
        if len(self._known) < MOST_SHAPES // 2:  # what varies without end is not learnt by heart
            self._known[shape] = owner
        return owner

    def _find(self, address: bytes, method: object, now_s: float) -> Route:
        name = name_of(address, method)
        return self.named(name, now_s) if name else self.other

    def named(self, name: bytes, now_s: float) -> Route:
        """The route of this name, or that which it has become part of; a new one where there is room."""
        found = self.found.get(name) or self._wild(name)
        if found is not None:
            return found
        if len(self.found) >= min(self.most, FIRST_ROUTES + self.read // LINES_A_ROUTE):
            rarest = min(self.found.values(), key=lambda each: (each.total, each.last_s), default=self.other)
            if rarest.total > HARDLY or rarest is self.other:
                return self.other
            del self.found[rarest.name]
            self._known.clear()
        self.found[name] = Route(name, now_s)
        return self._without_siblings(name)

    def _wild(self, name: bytes) -> Route | None:
        """A route that leaves out a word of this one."""
        segments = name.split(b"/")
        for place in range(1, len(segments)):
            found = self.found.get(b"/".join((*segments[:place], LEFT_OUT, *segments[place + 1 :])))
            if found is not None:
                return found
        return None

    def _without_siblings(self, name: bytes) -> Route:
        """The new route, or what it becomes together with too many others that differ in one word."""
        segments = name.split(b"/")
        alike: defaultdict[bytes, list[Route]] = defaultdict(list)
        for place in range(1, len(segments)):
            before, after = segments[:place], segments[place + 1 :]
            for route in self.found.values():
                theirs = route.name.split(b"/")
                if theirs[:place] == before and theirs[place + 1 :] == after and len(theirs) == len(segments):
                    alike[b"/".join((*before, LEFT_OUT, *after))].append(route)
        for together, members in alike.items():
            if len(members) > MOST_SIBLINGS:
                merged = Route(together, members[0].first_s)
                for route in members:
                    merged.take(route)
                    del self.found[route.name]
                self.found[together] = merged
                self._known.clear()
                return merged
        return self.found[name]

    def know(self, address: bytes, lines: Course, read: Course, now: int, now_read: int) -> None:
        """Lines with this address that were a template of their own until now, and those of them that were read."""
        route = self._find(address, None, self.other.last_s)
        route.total += round(sum(lines.values)) + now
        route.now += now
        route.lines.take(lines)
        for place, (every, of_them) in enumerate(zip(lines.values, read.whole(len(lines.values)), strict=True)):
            if every > of_them:
                self.told.put(place, every - of_them)
        self.told_now += now - now_read

    def tell(self, value: bytes, lines: int) -> None:
        """So many lines that were not read are of this route."""
        route = self.named(value, self.other.last_s) if value else self.other
        route.total += lines
        route.now += lines
        self.told_now += lines

    def shown(self, lines: Sequence[float], read: Sequence[float]) -> list[tuple[Route, list[float]]]:
        """Each route and its lines over time, of so many lines in each bin, of which some were read."""
        told = self.told.whole(len(lines))
        scale = [
            max(every / (some + more), 1.0) if some + more else 1.0
            for every, some, more in zip(lines, read, told, strict=True)
        ]
        return [
            (route, [each * factor for each, factor in zip(route.lines.whole(len(lines)), scale, strict=True)])
            for route in self.found.values()
        ]

    def take(self, other: Routes) -> None:
        """Those of another slot that turned out to be the same."""
        for route in other.found.values():
            ours = self.named(route.name, route.first_s)
            ours.take(route)
        self.other.take(other.other)
        self.told.take(other.told)
        self.told_now += other.told_now

    def close_for_good(self) -> None:
        """There are too many in other templates: none is told apart from now on."""
        self.found, self.most = {}, 0
        self._known.clear()

    @property
    def all(self) -> list[Route]:
        """Every route, and what is of none."""
        return [*self.found.values(), self.other]

    def close(self, place: int) -> None:
        """The open bin is complete."""
        for route in self.all:
            route.close(place)
        if self.told_now:
            self.told.put(place, self.told_now)
            self.told_now = 0

    def halve(self) -> None:
        """The grid has merged neighbours."""
        for route in self.all:
            route.lines.halve()
            route.new_keys.halve()
        self.told.halve()

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "found": [route.state() for route in self.found.values()],
            "other": self.other.state(),
            "told": self.told.state(),
            "told_now": self.told_now,
            "most": self.most,
            "read": self.read,
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Routes:
        """The routes that `state` was taken of."""
        routes = cls()
        routes.found = {each.name: each for each in map(Route.restore, state["found"])}
        routes.other = Route.restore(state["other"])
        routes.most, routes.read = state["most"], state["read"]
        routes.told, routes.told_now = Course("sum", state["told"]), state["told_now"]
        return routes
