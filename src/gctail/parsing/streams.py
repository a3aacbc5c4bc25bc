"""The readers of one input: one for each stream of each service that it holds."""

from __future__ import annotations

import re
from typing import Any

from gctail.parsing.burst import Found
from gctail.parsing.lexicon import Lexicon
from gctail.parsing.reading import LineReader
from gctail.records import Sighting

MOST_STREAMS = 20_000
MOST_STREAMS_SAVED = 64
MOST_NEWS = 16
FEW_BYTES = 1 << 10
"""Of lines of the application without a name: with more of them, those with one are somebody else's."""
SEVERAL = 2
OF_THE_MACHINE = frozenset({
    "kernel", "systemd", "systemd-logind", "systemd-oomd", "systemd-journald", "init", "dockerd", "containerd",
    "kubelet", "crio", "podman", "sshd", "sudo", "su", "cron", "crond", "CRON", "audit", "auditd", "rsyslogd",
    "earlyoom", "monit",
})  # fmt: skip
"""Who writes to the log of every machine, beside any service."""
TURNS = 4
"""Who has spoken so often after another collection, as the only one, is no kernel."""


class Streams:
    """A `LineReader` behind every stream; `bare` is that of the lines which say nothing of where they come from.

    What is found in this input is appended to `events`, and what is odd about it to `notes`.
    """

    def __init__(self, service: str, origin: str, lexicon: Lexicon, notes: list[str]) -> None:
        self.service, self.origin = service, origin
        self.year: int | None = None
        self.events: list[Found] = []
        self._notes = notes
        self._reporters, self.may_report = lexicon.reporters, lexicon.reported.search
        self._readers: dict[tuple[str, str | None], LineReader] = {}
        self._news: set[str] = set()
        self._named: set[str] = set()
        self._guest: str | None = None
        """Who is named, and is the one whose runtime writes bare lines."""
        self.bare_bytes = 0
        """Lines of the application that nobody has wrapped, or a wrapper that names nobody."""
        self._turns, self._turn = 0, -1
        self.bare = self.reader(service, None)

    def __len__(self) -> int:
        return len(self._readers)

    def reader(self, service: str, stream: str | None) -> LineReader:
        """The reader of a stream; where there are too many, the oldest one makes room."""
        known = self._readers.get((service, stream))
        if known is not None:
            return known
        if len(self._readers) >= MOST_STREAMS:
            oldest = next(iter(self._readers))
            self._readers.pop(oldest).flush()
        reader = self._readers[service, stream] = LineReader(service, self.origin, stream, self.events)
        reader.tell_news, reader.year = self._tell_news, self.year
        return reader

    def owner(self, named: str | None) -> str:
        """Whose a line is in which a wrapper has `named` somebody, or nobody.

        A program that writes its own lines in a format of syslog or OTLP leaves those of its runtime bare, in a
        container's log too: the first who is named is the one who writes lines without a name, where these are all the
        runtime's and nobody else was named before.
        Lines with the seconds since a start look like the kernel's, which does not take turns with a runtime.
        """
        if not named or named == self._guest:
            return self.service
        if named == "kernel" and self._guest is None and self._takes_turns():
            self._guest = named
            return self.service
        if self._guest is None and named not in OF_THE_MACHINE:
            if len(self._named) < SEVERAL:
                self._named.add(named)
            alone = len(self._named) == 1 and self.bare_bytes < FEW_BYTES
            if alone and self._collected(self.service) and not self._collected(named):
                self._guest = named
                return self.service
        return named

    def _collected(self, service: str) -> bool:
        """The runtime of this service has been heard."""
        return any(reader.next_number is not None for (name, _), reader in self._readers.items() if name == service)

    def _takes_turns(self) -> bool:
        """Again and again there was another collection before the kernel spoke, and nobody else did."""
        collected = self.bare.next_number
        if collected is not None and collected > self._turn:
            self._turns, self._turn = self._turns + 1, collected
        return self._turns >= TURNS and self.bare_bytes < FEW_BYTES and not self._named

    def known(self, service: str, stream: str | None) -> LineReader | None:
        """The reader of a service whose streams are known: of this one, or of another where this one is not."""
        for each in (stream, "stderr", "stdout", None):
            if (found := self._readers.get((service, each))) is not None:
                return found
        return None

    def feed(self, reader: LineReader, line: bytes, offset: int, time_s: float | None) -> bool:
        """A line for one of the readers, in which somebody (systemd, a kubelet, a shell) may report a death.

        Whether it is plainly the application's own.
        """
        if not reader.busy:
            if self.may_report(line) is not None:
                self._reported(reader, line, offset, time_s)
            elif reader.takes(line, offset):
                reader.time_s = time_s
                return True
        reader.feed(line, offset, time_s)
        return False

    def _reported(self, reader: LineReader, line: bytes, offset: int, time_s: float | None) -> None:
        """The deaths that a line tells of."""
        for death in self._reporters.find(line):
            reader.end_passage()
            sighting = Sighting(death, reader.service, self.origin, offset, time_s, reader.stream, lines=0)
            self.events.append(sighting)

    @property
    def services(self) -> set[str]:
        """All whose streams are known."""
        return {service for service, _ in self._readers}

    @property
    def busy(self) -> bool:
        """Something is open in one of the streams."""
        return any(reader.busy for reader in self._readers.values())

    def open(self) -> set[str]:
        """The services of which something has begun and is not complete."""
        return {service for (service, _), reader in self._readers.items() if reader.busy}

    def pause(self) -> None:
        """Hand on what is complete."""
        for reader in self._readers.values():
            reader.end_passage()

    def flush(self) -> None:
        """Whatever is open ends here."""
        for reader in self._readers.values():
            reader.flush()

    def state(self) -> list[list[Any]]:
        """What the first streams have learned, as plain data, when nothing is open."""
        return [
            [service, stream, reader.next_number, reader.procs, reader.samples_seen]
            for (service, stream), reader in list(self._readers.items())[:MOST_STREAMS_SAVED]
        ]

    def names(self) -> dict[str, Any]:
        """Who was named by wrappers, as plain data."""
        return {
            "named": sorted(self._named),
            "guest": self._guest,
            "bare_bytes": self.bare_bytes,
            "turns": [self._turns, self._turn],
        }

    def resume_names(self, state: dict[str, Any]) -> None:
        """Go on from what `names` gave."""
        self._named, self._guest, self.bare_bytes = set(state["named"]), state["guest"], state["bare_bytes"]
        self._turns, self._turn = state.get("turns", (0, -1))

    def resume(self, state: list[list[Any]]) -> None:
        """Go on from what `state` gave."""
        for service, stream, next_number, procs, samples_seen in state:
            reader = self.reader(service, stream)
            reader.next_number, reader.procs, reader.samples_seen = next_number, procs, samples_seen

    def _tell_news(self, part: str) -> None:
        """A collection had a part that no Go printed when this was written; once for each such part."""
        shape = re.sub(r"\d+", "N", part)[:80]
        if shape not in self._news and len(self._news) < MOST_NEWS:
            self._news.add(shape)
            self._notes.append(f"gc lines hold something new, which is kept as it is: {part[:80]!r}")
