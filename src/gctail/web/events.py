"""Server-sent events: each part of what a page shows, when it has changed, and nothing that it knows already."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import msgspec

from gctail.board import Board
from gctail.parsing.json_text import json_bytes
from gctail.records import Finding
from gctail.snapshot import Snapshot
from gctail.web import views

EVERY_S = 1.0
STEPS = 5
"""So many times in between it is looked whether the server goes down."""
KEEP_ALIVE_S = 15.0
MOST_FINDINGS = 100


class Events:
    """What one page is told: the part of the table that it shows, the service that it shows in detail, new findings.

    `after` is the id of the newest finding that it has, `line` the number of the newest line: a page that asks anew,
    for another part of the table, is not told everything again. Bounded by what one event holds.
    """

    def __init__(
        self, board: Board, asked: views.Asked, service: str | None, after: str | None = None, line: int = 0
    ) -> None:
        self.board, self.asked, self.service, self.after, self.line = board, asked, service, after, line
        self._sent: dict[str, bytes] = {}
        self._version = -1
        self._accused: list[str | None] = []

    async def stream(self, over: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Until the server is `over`, or the other end has gone."""
        silent_s = 0.0
        yield b"retry: 2000\n\n"
        while not over():
            news = b"".join(self.news(time.time()))
            silent_s = 0.0 if news else silent_s + EVERY_S
            if silent_s >= KEEP_ALIVE_S:
                silent_s, news = 0.0, b": still here\n\n"
            if news:
                yield news
            for _ in range(STEPS):
                await asyncio.sleep(0.0 if over() else EVERY_S / STEPS)

    def news(self, now_s: float) -> list[bytes]:
        """What has changed since the last time."""
        snapshot = self.board.snapshot
        if self.service is not None and self.service in snapshot.rows:
            self.board.watch(self.service, now_s)
        if snapshot.version == self._version:
            return []
        self._version = snapshot.version
        table = msgspec.to_builtins(views.services(snapshot, self.asked))
        del table["version"], table["at_s"]  # they change always; `facts` says them
        told = [self._changed("services", table), *self._of_service(snapshot), self._findings(snapshot)]
        return [each for each in (*told, self._changed("facts", views.facts(snapshot))) if each]

    def _changed(self, kind: str, value: object) -> bytes:
        json = written(value)
        if self._sent.get(kind) == json:
            return b""
        self._sent[kind] = json
        return _event(kind, json)

    def _of_service(self, snapshot: Snapshot) -> list[bytes]:
        row = snapshot.rows.get(self.service) if self.service is not None else None
        if row is None:
            return []
        detail = snapshot.details.get(row.service)
        told = [self._changed("service", views.drawn(row, detail, snapshot.at_s))]
        if detail is None:
            return told
        accused = [suspect.get("template") for suspect in detail.suspects]
        if accused != self._accused:  # lines that were told already may have been theirs
            self._accused, self.line = accused, 0
        lines = [each for each in detail.lines if each.number > self.line]
        if lines:
            told.append(_event("lines", written({"service": row.service, "lines": msgspec.to_builtins(lines)})))
            self.line = lines[-1].number
        return told

    def _findings(self, snapshot: Snapshot) -> bytes:
        new = _after(snapshot.findings, self.after)[-MOST_FINDINGS:]
        if not new:
            return b""
        self.after = new[-1].id
        return _event("findings", written([views.finding_value(each) for each in new]))


def _after(findings: tuple[Finding, ...], known: str | None) -> tuple[Finding, ...]:
    """The findings that came after the one with this id; all of them where it is not, or no longer, among them."""
    for at in range(len(findings) - 1, -1, -1):
        if findings[at].id == known:
            return findings[at + 1 :]
    return findings


def written(value: object) -> bytes:
    """JSON on one line, as every answer has it."""
    return json_bytes(value)


def _event(kind: str, json: bytes) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + json + b"\n\n"
