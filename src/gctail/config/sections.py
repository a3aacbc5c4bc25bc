"""The tables of the configuration that are no options of a command, as values; units ride on the names.

What is said of a key here is what the commented example says of it (`gctail check --example`).
"""

from __future__ import annotations

from typing import Annotated as Key
from typing import Literal

from msgspec import Struct, field

from gctail.sinks.route import key


class Silence(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[alerts.silence]]`: what is not told. All that is given has to fit."""

    services: Key[list[str], key("services, by name or pattern of a shell")] = field(default_factory=list)
    kinds: Key[list[str], key("kinds of findings, such as leak")] = field(default_factory=list)
    when: Key[str | None, key("a window in UTC, such as sat,sun 00:00-24:00")] = None
    until: Key[str | None, key("a date and time after which it is over")] = None
    why: Key[str, key("for who reads this later")] = ""


class Alerts(Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for all sinks together. Alerts are sent while logs are followed, never for a log that has ended."""

    spool_dir: Key[str | None, key("where findings wait while the other end is down (the user's state directory)")] = (
        None
    )
    spool_mib: Key[int, key("of more than this the oldest, least severe are given up and counted", ge=1)] = 64
    group_wait_s: Key[float, key("so long a finding that is not critical waits for company", ge=0)] = 2.0
    group_by: Key[
        list[Literal["deployment", "service", "kind", "severity"]], key("findings that agree in these go together")
    ] = field(default_factory=lambda: ["deployment"])
    most_per_hour: Key[int, key("messages to one sink; beyond it findings wait and go together", ge=1)] = 60
    cooldown_s: Key[float, key("a trouble that is not over is told again only after this, or when worse", ge=0)] = (
        3600.0
    )
    retry_least_s: Key[float, key("pause after a first failure; it doubles, with chance", gt=0)] = 1.0
    retry_most_s: Key[float, key("and grows no longer than this", gt=0)] = 300.0
    most_age_s: Key[float | None, key("findings older than this by their log are not sent (all are)")] = None
    silence: list[Silence] = field(default_factory=list)


class ServiceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one service. The name may be a pattern of a shell; the first that fits counts."""

    limit: Key[str | None, key("its memory limit, such as 512MiB")] = None
    pprof: Key[str | None, key("where it serves net/http/pprof; profiles are taken from there, see [profiles]")] = None


class Profiles(Struct, frozen=True, forbid_unknown_fields=True):
    """Profiles that are taken while a service lives, of services with a `pprof` address, when something is found."""

    dir: Key[str | None, key("where they are kept (the user's state directory)")] = None
    kinds: Key[list[str], key("on findings of these kinds, by name or pattern of a shell")] = field(
        default_factory=lambda: ["growing", "leak*", "goroutine-growth", "next-goal-over-limit", "death-spiral"]
    )
    take: Key[
        list[Literal["heap", "goroutine", "goroutineleak", "allocs", "block", "mutex"]],
        key("which ones; goroutineleak since Go 1.26, built with GOEXPERIMENT=goroutineleakprofile"),
    ] = field(default_factory=lambda: ["heap", "goroutine"])
    every_s: Key[float, key("not again before this; when no time is left, at once", ge=1)] = 300.0
    timeout_s: Key[float, key("a service that does not answer in time is let go", gt=0)] = 10.0
    most_mib: Key[int, key("a larger profile is not kept", ge=1)] = 64
    keep: Key[int, key("so many of each are kept of a service: the first and the last ones", ge=2)] = 4


SECTIONS: dict[str, type[Struct]] = {"alerts": Alerts, "profiles": Profiles}
PATHS = frozenset({"spool_dir", "dir"})
"""Keys (and all that end in `_file`) whose values are paths, meant from where the configuration lies."""
