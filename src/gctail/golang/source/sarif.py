"""SARIF 2.1.0, the form in which code hosts and editors take what a scan has found."""

from __future__ import annotations

from typing import Any

from gctail.golang.source.containers import Container, Place
from gctail.golang.source.reading import Sources

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"critical": "error", "warning": "warning", "info": "note"}
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
RULE = "unbounded-container"


def sarif(sources: Sources, listed: list[Container], version: str) -> dict[str, Any]:
    """One run with one rule; skipped files are notifications of the tool."""
    notes = [
        {
            "level": "warning",
            "message": {"text": f"{path} was skipped: {reason}"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(path)}}}],
        }
        for path, reason in sources.skipped
    ]
    run = {
        "tool": {"driver": {"name": "gctail", "semanticVersion": version, "rules": [_rule()]}},
        "columnKind": "utf16CodeUnits",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "results": [_result(container) for container in listed],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def sentence(container: Container) -> str:
    """What is wrong with a container, in a sentence."""
    keys = ", with keys that requests choose" if container.keys == "request" else ""
    where = "package-level " if container.scope == "package" else ""
    return f"{where}{container.kind} {container.name} is {container.why}{keys}"


def _rule() -> dict[str, Any]:
    return {
        "id": RULE,
        "name": "UnboundedContainer",
        "shortDescription": {"text": "A long-lived map, slice or sync.Map that only grows"},
        "fullDescription": {
            "text": "It is written while the program runs; nothing deletes from it, clears or replaces it, and nothing "
            "compares its length. Its memory is never given back."
        },
        "help": {"text": "Delete what is no longer needed, bound it (an LRU cache, a length that is checked), or "
                         "normalise its keys so that there are only so many."},
        "defaultConfiguration": {"level": "warning"},
    }  # fmt: skip


def _result(container: Container) -> dict[str, Any]:
    declared = Place(container.file, container.line, "")
    return {
        "ruleId": RULE,
        "ruleIndex": 0,
        "level": LEVELS[container.severity],
        "message": {"text": sentence(container)},
        "locations": [_location(declared)],
        "relatedLocations": [
            {"id": at, **_location(place), "message": {"text": f"written in {place.function or 'an initialiser'}"}}
            for at, place in enumerate(container.writes, 1)
        ],
        "partialFingerprints": {"container/v1": f"{container.package}/{container.name}"},
        "properties": {"certainty": container.certainty, "keys": container.keys, "mutex": container.mutex},
    }


def _uri(path: str) -> str:
    """A relative path as SARIF wants it: percent-encoded UTF-8 (RFC 3986)."""
    return "".join(chr(b) if chr(b) in UNRESERVED else f"%{b:02X}" for b in path.encode("utf-8", "surrogateescape"))


def _location(place: Place) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(place.file)},
            "region": {"startLine": place.line},
        }
    }
