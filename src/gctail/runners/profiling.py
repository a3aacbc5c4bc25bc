"""Takes profiles from a service that still lives when something is found, so that they exist when it has died.

A sink like any other: it hears findings, asks the addresses that the configuration allows and no others, in a thread
of its own, and keeps the first profile and the last ones. What it got comes back as a finding of the same incident.
"""

from __future__ import annotations

import http.client
import queue
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from hashlib import blake2b
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from gctail.config.sections import Profiles
from gctail.errors import UsageError
from gctail.parsing.text import show
from gctail.records import Finding
from gctail.runners.kept import Kept, grown
from gctail.sinks.letters import NoRedirects

MOST_WAITING = 64
MOST_SERVICES = 4096
URGENT = frozenset({"next-goal-over-limit", "death-spiral"})
URGENT_EVERY_S = 10.0
"""When there may be no later chance, a profile that is older than this is not recent enough."""
STOP_WITHIN_S = 1.0


class Job(Struct, frozen=True):
    """Profiles that are to be taken because of a finding."""

    finding: Finding
    address: str


def checked_address(text: str) -> str:
    """The address without a slash at its end. Raises ValueError with a sentence where profiles cannot be had there."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is no address of net/http/pprof; write it like http://127.0.0.1:6060")
    return text.rstrip("/").removesuffix("/debug/pprof")


class Profiling:
    """Hears findings, takes profiles. `address_of` gives the address of a service, None where it has none."""

    name = "profiles"

    def __init__(
        self, address_of: Callable[[str], str | None], settings: Profiles, directory: str, say: Callable[[str], None]
    ) -> None:
        """Raises UsageError where the directory cannot be used."""
        self._address_of, self._settings, self._say = address_of, settings, say
        try:
            self._kept = Kept(Path(directory), settings.keep)
        except OSError as error:
            raise UsageError(f"[profiles]: dir: {directory}: {error.strerror or error}") from error
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Finding] = queue.SimpleQueue()
        self._last_s: OrderedDict[str, float] = OrderedDict()
        self._opener = urllib.request.build_opener(
            NoRedirects,  # an address that is not in the configuration is not asked
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        )
        self._thread: threading.Thread | None = None
        self._closed = False

    def take(self, findings: Sequence[Finding]) -> None:
        """Have profiles taken where a finding calls for them and its service has an address."""
        for finding in findings:
            address = self._address_of(finding.service)
            if address is None or finding.evidence.get("phase") == "resolved" or not self._is_asked_for(finding):
                continue
            if self._jobs.qsize() >= MOST_WAITING:
                self._say(f"no profile of {show(finding.service, 60)} is taken: {MOST_WAITING} services wait already")
                continue
            self._jobs.put(Job(finding, address))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="gctail-profiles", daemon=True)
                self._thread.start()

    def collected(self) -> list[Finding]:
        """What was taken since somebody last asked, as findings."""
        found = []
        while not self._done.empty():
            found.append(self._done.get())
        return found

    def settled(self, within_s: float) -> bool:  # noqa: ARG002 - a sink's signature
        """Profiles are no part of what was told: nothing waits for them."""
        return True

    def close(self) -> None:
        """Take no more; one that is being taken has a moment left."""
        self._closed = True
        self._jobs.put(None)
        if self._thread is not None:
            self._thread.join(STOP_WITHIN_S)

    def _is_asked_for(self, finding: Finding) -> bool:
        if not any(fnmatchcase(finding.kind, pattern) for pattern in self._settings.kinds):
            return False
        now_s = time.monotonic()
        last_s = self._last_s.get(finding.service)
        least_s = min(URGENT_EVERY_S, self._settings.every_s) if finding.kind in URGENT else self._settings.every_s
        if last_s is not None and now_s - last_s < least_s:
            return False
        self._last_s[finding.service] = now_s
        self._last_s.move_to_end(finding.service)
        if len(self._last_s) > MOST_SERVICES:
            self._last_s.popitem(last=False)
        return True

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closed:
            self._done.put(self._outcome(job))

    def _outcome(self, job: Job) -> Finding:
        """Ask for all profiles, keep them, and say what grew since the first."""
        taken: dict[str, str] = {}
        wrong: dict[str, str] = {}
        grew: list[str] = []
        for what in self._settings.take:
            try:
                data = self._fetch(f"{job.address}/debug/pprof/{what}")
                taken[what] = str(self._kept.keep(job.finding.service, job.finding.kind, what, data))
                if what == "heap":
                    grew = grown(self._kept.of(job.finding.service, what))
            except (OSError, http.client.HTTPException, ValueError) as error:
                wrong[what] = show(_said(error), 200)
        return _finding(job, taken, wrong, grew)

    def _fetch(self, url: str) -> bytes:
        """The profile. Raises OSError, HTTPException or ValueError where it cannot be had."""
        most = self._settings.most_mib << 20
        until_s = time.monotonic() + self._settings.timeout_s
        pieces: list[bytes] = []
        size = 0
        with self._opener.open(url, timeout=self._settings.timeout_s) as answer:
            while piece := answer.read1(1 << 16):
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise ValueError(f"it is larger than {self._settings.most_mib} MiB")
                if time.monotonic() > until_s:
                    raise TimeoutError(f"it took longer than {self._settings.timeout_s:g} s")
        if not pieces:
            raise ValueError("the answer is empty")
        return b"".join(pieces)


def _said(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"answered {error.code}"
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)


def _finding(job: Job, taken: dict[str, str], wrong: dict[str, str], grew: list[str]) -> Finding:
    cause = job.finding
    if taken:
        summary = f"taken while it lives: {', '.join(f'{what} profile {path}' for what, path in taken.items())}"
        if grew:
            summary += f"; since the first one: {', '.join(grew)}"
    else:
        reasons = ", ".join(f"{what}: {why}" for what, why in wrong.items())
        summary = f"no profile could be taken from {job.address}: {reasons}"
    return Finding(
        blake2b(f"{cause.id}\0profile".encode(), digest_size=8).hexdigest(), "profile", "info", cause.service,
        cause.epoch, cause.time_s, cause.uptime_s, cause.offset, summary,
        {"because_of": cause.id, "kind": cause.kind, "files": taken, "failed": wrong, "grew": grew},
        suspects=cause.suspects,
    )  # fmt: skip
