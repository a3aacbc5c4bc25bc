"""How sure it is that a container which nothing empties is a leak: who holds it, who writes, who chooses the keys."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gctail.golang.source.callers import AGAIN, SETS_UP, SETUP
from gctail.golang.source.facts import Use

LIKELY, POSSIBLE, UNLIKELY = "likely", "possible", "unlikely"
SHORT_LIVED = re.compile(
    r"(?:\w*(?:Builder|Decoder|Encoder|Parser|Iterator|Iter|Result|Response|Request|Req|Resp|Options?|Opts|Config"
    r"|Configuration|Settings|Spec|Info|Query|Stmt|Statement|Tx|Txn|Transaction|Batch|Visitor|Walker|Lexer|Scanner|Errors?"
    r"|Report|Plan|Args|Params?|Context|Ctx|Diff|Capture|Generator|[Rr]ecoverer|[Rr]eplayer|[Ss]ymbolizer|[Ii]nterner)|(?:[Mm]ock|[Ff]ake|[Ss]tub|[Tt]est(?![a-z]))\w*"
    r"|txn|tx|builder|decoder|encoder|parser|iterator|options|config|query)$"
)
"""Types that are mostly made for one piece of work and thrown away after it."""
STRUCTURE = re.compile(
    r"\w*(?:Map|map|Set|Table|Trie|Tree|D[Bb]|Database|Repo|Repository)$"
    r"|(?:\w*In|in)?[Mm]em(?:ory)?(?:Data)?(?:[Ss]tore|Storage|Backend|F[Ss])$"
)
"""Types that are containers themselves: whoever holds them decides how long they live, and when they are emptied."""
_COME_AND_GO = (
    "host|user|pod|container|node|domain|object|bucket|key|queue|topic|stream|room|channel|file|path|group|client|device"
    "|session|job|task|run|workflow|image|volume|branch|repo|project|tenant|account|customer"
)
FEW = re.compile(
    r"(?:\w*\.)?(?:code|status|statusCode|level|lvl|severity|depth|method|verb|protocol|proto|scheme|region|region(?:ID|Id)"
    r"|cluster|clusterName|datacenter|zone|tz|timezone|timeZone|lang|language|locale|country|currency|priority|priorityKey"
    r"|arch|goarch|goos|ifIndex|(?:iface|ifi|intf)\.Index|(?:cfg|conf|config)\.\w+|shard|partition|weekday|month|hour"
    r"|\w*[fF][dD]|\w*[oO]pts|\w*[oO]ptions|\w*[fF]actor|\w*[kK]ind|(?!(?:[cC]ontent|[mM]edia|[mM]ime|MIME)[tT]ype$)\w*[tT]ype"
    rf"|(?!\w*(?i:{_COME_AND_GO})_?[nN]ame$)\w+[nN]ame)$"
)
"""Keys that by their names take few values: status codes, levels, types, interfaces, descriptors, which are used again,
and names, but those of what comes and goes."""
NAME = re.compile(r"(?:\w*\.)?[nN]ame$")
"""It takes few values where no request chooses it: then it is mostly the name of a part of the program."""
ONE_SHOT = re.compile(
    r"(?:.*/)?(?:tools?|hack|scripts?|misc|docs?|examples?|_examples?|contrib|bench(?:mark)?s?"
    r"|cmd/(?:[^/]+/)?(?:plugin|cli|\w*complet\w*))(?:/|$)"
)
"""Folders of programs that run for a moment, and of what shows how."""
GROWS = "written again and again, and nothing deletes, clears or replaces, or compares its length"


class Holder:
    """What is known of who holds a container: see `Container.scope`, and `Candidate` for the rest."""

    def __init__(self, scope: str, owner: str, *, is_list: bool, lasting: bool, let_go: bool = False) -> None:
        self.scope, self.owner, self.is_list, self.lasting, self.let_go = scope, owner, is_list, lasting, let_go
        """`owner` is the struct, empty where it is no field."""


def certainty(holder: Holder, uses: list[Use], often: Mapping[Use, str], origins: frozenset[str]) -> tuple[str, str]:  # noqa: PLR0911 - one line for every reason
    """How likely it is that it only grows, and why. `often` has the uses that write while the program runs.

    likely is worth looking at now; possible is worth knowing; unlikely is kept for a log line that leads there.
    """
    requested = "request" in origins
    set_up = all(often[use] == SETUP or SETS_UP.match(use.at.function.rpartition(".")[2]) for use in often)
    if set_up and not requested:
        return UNLIKELY, f"{GROWS}; but by its name the code that writes takes in what there is at the start"
    if holder.owner and (holder.let_go or SHORT_LIVED.match(holder.owner)):
        seen = "as far as is seen" if holder.let_go else "by its name"
        return UNLIKELY, f"{GROWS}; but {seen} a {holder.owner} is thrown away after its work"
    if harmless := _harmless(holder, often, requested=requested):
        return POSSIBLE, f"{GROWS}; but {harmless}"
    if holder.scope == "field":
        return _of_field(holder, often, requested=requested)
    if holder.scope == "local" and any(use.at.function != "main" for use in often):
        return POSSIBLE, f"{GROWS}; it lives as long as the function literals that use it"
    if any(use.action == "escape" for use in uses):
        return POSSIBLE, f"{GROWS} here; but it is handed to code that may"
    if all(often[use] != AGAIN for use in often):
        return POSSIBLE, f"{GROWS} here; who calls the code that writes is not in these files"
    if holder.is_list and (holder.owner or not (requested or any(_in_loop(use) for use in often))):
        return POSSIBLE, f"{GROWS}; but how often is not seen"
    if not (requested or holder.lasting):
        return POSSIBLE, f"{GROWS}; but nothing shows that its {holder.owner} lives long"
    return LIKELY, _counted(often) or GROWS


def _of_field(holder: Holder, often: Mapping[Use, str], *, requested: bool) -> tuple[str, str]:
    """A field lives as long as its struct, and who keeps that is mostly decided elsewhere."""
    unseen = f"{GROWS}; who holds its {holder.owner}, and how long, is not seen here"
    counted = _counted(often)
    if not holder.lasting:
        return UNLIKELY, unseen
    if holder.is_list:
        return (POSSIBLE if requested else UNLIKELY), unseen
    if STRUCTURE.match(holder.owner) and not counted:
        return POSSIBLE, unseen
    if counted or (requested and any(often[use] == AGAIN for use in often)):
        return LIKELY, f"{counted or GROWS}, for as long as its {holder.owner} lives"
    return POSSIBLE, unseen


def _harmless(holder: Holder, often: Mapping[Use, str], *, requested: bool) -> str:
    """Why names say that it does not grow for long; empty where they do not."""
    if not holder.is_list and all(FEW.match(use.key) or (not requested and NAME.match(use.key)) for use in often):
        return "by its name its key takes few values"
    return "by its folder it is no service" if all(ONE_SHOT.match(use.at.package) for use in often) else ""


def _in_loop(use: Use) -> bool:
    """In an endless loop or a `go` statement of the function itself."""
    return use.at.recurring and not use.at.closure


def _counted(often: Mapping[Use, str]) -> str:
    """`m[k]++` and `m[k]--`: the programmer knows that things end, and the entry stays all the same."""
    if any(use.counted_down for use in often):
        return "counted up and down by key, and an entry that is back at 0 is never deleted"
    return ""
