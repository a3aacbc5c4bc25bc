"""The tables of the configuration that are no options of a command, as values; units ride on the names.

What is said of a key here is what the commented example says of it (`gctail check --example`).
"""

from __future__ import annotations

from typing import Annotated as Key
from typing import Literal

from msgspec import Struct, field

from gctail.sinks.route import key

Severity = Literal["info", "warning", "critical"]


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
    group_by: Key[list[Literal["service", "kind", "severity"]], key("findings that agree in these go together")] = (
        field(default_factory=lambda: ["service"])
    )
    most_per_hour: Key[int, key("messages to one sink; beyond it findings wait and go together", ge=1)] = 60
    retry_least_s: Key[float, key("pause after a first failure; it doubles, with chance", gt=0)] = 1.0
    retry_most_s: Key[float, key("and grows no longer than this", gt=0)] = 300.0
    most_age_s: Key[float | None, key("findings older than this by their log are not sent (all are)")] = None
    silence: list[Silence] = field(default_factory=list)


class Acting(Struct, frozen=True, forbid_unknown_fields=True):
    """Take profiles from a service while it lives, from the address in its [services.NAME] and from nowhere else."""

    enabled: Key[bool, key("whether to do it")] = False
    severity: Key[Severity, key("on findings at least this severe")] = "critical"
    kinds: Key[list[str], key("only on these kinds of findings; none given: on all")] = field(default_factory=list)
    profiles: Key[list[Literal["heap", "goroutine", "goroutineleak", "allocs"]], key("goroutineleak: Go 1.26+")] = (
        field(default_factory=lambda: ["heap", "goroutine", "goroutineleak"])
    )
    profiles_dir: Key[str | None, key("where they are kept (the user's state directory)")] = None
    keep: Key[int, key("sets kept of each service: the first, and the newest", ge=2)] = 5
    wait_s: Key[float, key("so long after one set nothing more is taken from the same service", ge=0)] = 300.0
    timeout_s: Key[float, key("for one profile, from connecting to its last byte", gt=0)] = 20.0
    most_mib: Key[int, key("a profile that is larger is not kept", ge=1)] = 64


class Recorder(Struct, frozen=True, forbid_unknown_fields=True):
    """The last minutes of every followed service, in a ring on disk that survives kill -9."""

    enabled: Key[bool, key("whether to record")] = False
    dir: Key[str | None, key("where (the user's state directory)")] = None
    minutes: Key[float, key("how far back it reaches, where the size allows it", gt=0)] = 15.0
    mib_per_service: Key[int, key("the most that one service takes on the disk", ge=1)] = 8
    most_services: Key[int, key("of more services the one silent longest is given up", ge=1)] = 256


class Plugins(Struct, frozen=True, forbid_unknown_fields=True):
    """What is added to gctail: by files, and by entry points of other installed packages."""

    wrappers: Key[list[str], key("files of wrappers, written like gctail's own")] = field(default_factory=list)
    deaths: Key[list[str], key("files of death signatures, written like gctail's own")] = field(default_factory=list)
    entry_points: Key[list[str], key("names of the entry points that may be loaded; no other is")] = field(
        default_factory=list
    )


class ServiceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one service. The name may be a pattern of a shell; the first that fits counts."""

    limit: Key[str | None, key("its memory limit, such as 512MiB")] = None
    pprof_url: Key[str | None, key("where its net/http/pprof answers")] = None
    pprof_token_file: Key[str | None, key("a file with a bearer token for it")] = None


SECTIONS: dict[str, type[Struct]] = {"alerts": Alerts, "acting": Acting, "recorder": Recorder, "plugins": Plugins}
PATHS = frozenset({"spool_dir", "profiles_dir", "dir", "wrappers", "deaths"})
"""Keys (and all that end in `_file`) whose values are paths, meant from where the configuration lies."""
