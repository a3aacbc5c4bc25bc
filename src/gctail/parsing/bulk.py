"""Wrapped lines that nobody needs to look at one by one: whole runs of them, skipped by one pattern.

Only for the two wrappers that most logs have, and that do not say on every line which service it is: what Docker and
the container runtimes of Kubernetes write to disk. A run ends before a line that may be the runtime's, before one that
is unfinished, and before one of another form; those are unwrapped as usual.
"""

from __future__ import annotations

import re

import orjson

from gctail.parsing.heads import THIN, head_pattern

_HEAD = head_pattern()
_STAMP = rb"\d{4}-\d\d-\d\dT[\d:.]{8,18}+(?:Z|[+-]\d\d:\d\d)"

# As in: {"log":"INFO request processed\n","stream":"stdout","time":"2026-11-23T03:12:00.123456789Z"}
_DOCKER = (
    rb'\{"log":"(?!\\|' + THIN + _HEAD + rb')[^"\\\n]*+(?>(?:\\[^n\n][^"\\\n]*+)*)\\n",'
    rb'"stream":"std(?:out|err)","time":"' + _STAMP + rb'"\}\n'
)  # fmt: skip

# 2026-11-23T03:12:00.123456789Z stdout F INFO request processed
_CRI = _STAMP + rb" std(?:out|err) F (?!" + THIN + _HEAD + rb")[^\n]*+\n"

RUNS = {
    "docker-json": re.compile(rb"(?>(?:" + _DOCKER + rb")*)"),
    "cri": re.compile(rb"(?>(?:" + _CRI + rb")*)"),
}
"""By the wrapper's name: takes as many lines from the start of a line as can be passed on unread."""

_CRI_HEAD = re.compile(rb"^" + _STAMP + rb" std(?:out|err) F ", re.MULTILINE)


def bare(lines: bytes, name: str) -> list[bytes]:
    """The lines of such a run, without their wrapper. Raises ValueError where one of them has another form."""
    if name == "cri":
        return _CRI_HEAD.sub(b"", lines).splitlines()
    records = orjson.loads(b"[%b]" % b",".join(lines.splitlines()))
    return "".join([record["log"] for record in records]).encode("utf-8", "replace").split(b"\n")
