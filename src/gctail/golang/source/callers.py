"""Who calls whom: whether code runs once at the start or again and again, and what callers hand in as a key."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from gctail.golang.source.declarations import Function
from gctail.golang.source.facts import COMPUTED, Call, Spot, Tags

DEEPEST = 6
MOST_PARAMETERS = 500
START, AGAIN, UNKNOWN, DEAD = "at the start only", "again and again", "unknown", "never"
SETUP = "while something is set up"
SETS_UP = re.compile(
    r"(?:Must)?(?:[Rr]egister|[Pp]arse|[Ss]et[Uu]p|[Ii]nit(?:ial|[A-Z]|$)|[Cc]onfigure|[Pp]rovision|[Uu]nmarshal|[Vv]alidate"
    r"|AtExit|atExit|On(?:Start|Init|Stop|Exit|Shutdown)|HandleFunc$|Handle$|Mount|Route$|Define|Declare|Install|Use$|Populate"
    r"|[Aa]dd(?:Flag|Command|Route|Hook|Middleware|Plugin|Listener|Provider|Handler)s?$)"
    r"|.*(?:[Ff]romConfig|[Ff]romFile|FromEnv)$|(?:[Ll]oad|[Cc]ompile)(?:Format|Template|Config|Rule|Schema|Plugin)s?$"
    r"|[Ss]tart\w*(?:Loop|Listener|Server|Listen)$"
)
"""Names of functions that take in what there is at the start; they may be called late, but not for ever."""


class Callers:
    """Every call of the tree, by what is called."""

    def __init__(self, functions: dict[tuple[str, str], Function], calls: Iterable[Call]) -> None:
        self.functions = functions
        self._folders = sorted({folder for folder, _ in functions if folder}, key=len, reverse=True)
        self._exact: dict[tuple[str, str], list[Call]] = defaultdict(list)
        self._by_method: dict[str, list[Call]] = defaultdict(list)
        self._often: dict[tuple[str, str], str] = {}
        self._methods: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for folder, name in functions:
            if "." in name:
                self._methods[name.rpartition(".")[2]].append((folder, name))
        for call in calls:
            path, bar, name = call.callee.partition("|")
            if bar:
                elsewhere = self.folder_of(path)
                if elsewhere is not None:
                    self._exact[elsewhere, name].append(call)
            elif call.callee.startswith("."):
                self._by_method[call.callee[1:]].append(call)
            else:
                self._exact[call.at.package, call.callee].append(call)

    def folder_of(self, path: str) -> str | None:
        """The folder of this tree that an import path means."""
        return next((folder for folder in self._folders if path == folder or path.endswith("/" + folder)), None)

    def meant(self, call: Call) -> list[tuple[str, str]]:
        """The functions of this tree that a call may mean: one where its receiver is known or the name is unique."""
        path, bar, name = call.callee.partition("|")
        if bar:
            folder = self.folder_of(path)
            return [(folder, name)] if folder is not None and (folder, name) in self.functions else []
        if not call.callee.startswith("."):
            return [(call.at.package, call.callee)] if (call.at.package, call.callee) in self.functions else []
        named = self._methods.get(call.callee[1:], [])
        here = [each for each in named if each[0] == call.at.package]
        return here if len(here) == 1 else named if len(named) == 1 else []

    def of(self, folder: str, name: str) -> list[Call]:
        """Calls of a function; of a method, where none is certain, those of any method of that name."""
        exact = self._exact.get((folder, name), [])
        owner, dot, method = name.rpartition(".")
        if exact or not dot or not owner:
            return exact
        anywhere = method[:1].isupper()
        return [call for call in self._by_method.get(method, []) if anywhere or call.at.package == folder]

    def often(self, at: Spot) -> str:
        """How often a place is passed."""
        if at.once:
            return START
        if at.function == "init" or not at.function:
            return AGAIN if at.recurring and at.closure else START
        if at.recurring:
            return AGAIN
        return self.function_often(at.package, at.function)

    def function_often(self, folder: str, name: str, depth: int = 0) -> str:
        """How often a function runs."""
        known = self._often.get((folder, name))
        if known is not None:
            return known
        self._often[folder, name] = START  # a call of itself says nothing new
        self._often[folder, name] = found = self._judge(folder, name, depth)
        return found

    def _judge(self, folder: str, name: str, depth: int) -> str:
        if name in {"main", "init", ""}:
            return START
        function = self.functions.get((folder, name))
        if function is not None and any(is_request(typed.name) for _, typed in function.parameters):
            return AGAIN
        called = self._called(folder, name, depth)
        return SETUP if called in {AGAIN, UNKNOWN} and SETS_UP.match(name.rpartition(".")[2]) else called

    def _called(self, folder: str, name: str, depth: int) -> str:
        calls = [call for call in self.of(folder, name) if (call.at.package, call.at.function) != (folder, name)]
        if not calls:
            return UNKNOWN if name.rpartition(".")[2][:1].isupper() else DEAD
        if any(call.as_value or call.at.recurring for call in calls):
            return AGAIN
        if depth > DEEPEST:
            return UNKNOWN
        found = {
            START if call.at.once else self.function_often(call.at.package, call.at.function, depth + 1)
            for call in calls
        }
        return next((often for often in (AGAIN, UNKNOWN, SETUP, START) if often in found), DEAD)

    def origin(self, tags: Tags, at: Spot) -> frozenset[str]:
        """Where a value comes from, followed through parameters: request, computed, constant, parameter (unknown)."""
        found: set[str] = set()
        waiting: list[tuple[Tags, Spot]] = [(tags, at)]
        seen: set[tuple[str, str, str]] = set()
        while waiting:
            tags, at = waiting.pop()
            found |= tags & {"request", "computed", "finite"} if tags else {"constant"}
            for tag in sorted(tags):
                parameter = at.package, at.function, tag[6:]
                if not tag.startswith("param:") or parameter in seen:
                    continue
                seen.add(parameter)
                handed = self._handed_in(tag[6:], at) if len(seen) < MOST_PARAMETERS else []
                waiting += handed
                if not handed:
                    found.add("parameter")
        return frozenset(found)

    def _handed_in(self, name: str, at: Spot) -> list[tuple[Tags, Spot]]:
        """What the callers of a function give as one of its parameters; empty where nobody is known to call it."""
        function = self.functions.get((at.package, at.function))
        names = [label for label, _ in function.parameters] if function is not None else []
        calls = [call for call in self.of(at.package, at.function) if not call.as_value] if name in names else []
        index = names.index(name) if calls else 0
        given = [call.arguments[index] if index < len(call.arguments) else COMPUTED for call in calls]
        return [(tags, call.at) for tags, call in zip(given, calls, strict=True)]


def is_request(type_name: str) -> bool:
    """A parameter of this type means that the function answers requests."""
    from gctail.golang.source.scopes import FROM_OUTSIDE

    return FROM_OUTSIDE.search(type_name) is not None
