"""What a rule of advice may ask: plain facts with names, each None where the log does not tell it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

ALIVE = "alive"
"""The cause where nobody says that it died: advice for what has come to its end is not called for."""


class Facts(Struct, frozen=True):
    """Sizes in MiB, shares in percent, times in seconds; counts are of the whole process unless said otherwise."""

    cause: str
    kind: str | None = None
    leak: bool = False
    growth: str | None = None
    go_minor: int | None = None
    go_version: str | None = None
    swiss_maps: bool | None = None
    procs: int | None = None
    gogc: float | None = None
    limit_mib: float | None = None
    gomemlimit_mib: float | None = None
    gomemlimit_unset: bool = False
    live_mib: float | None = None
    first_live_mib: float | None = None
    next_goal_mib: float | None = None
    live_of_limit: float | None = None
    goal_of_limit: float | None = None
    rss_mib: float | None = None
    outside_mib: float | None = None
    outside_percent: float | None = None
    beyond_mib: float | None = None
    jump_mib: float | None = None
    stacks_mib: float | None = None
    stacks_in_use_mib: float | None = None
    stacks_percent: float | None = None
    globals_mib: float | None = None
    globals_percent: float | None = None
    asked_mib: float | None = None
    rate: str | None = None
    """How fast the live heap grew, in words."""
    gc_cpu_percent: float | None = None
    gc_cpu_peak_percent: float | None = None
    collections: int | None = None
    collections_per_s: float | None = None
    forced: int | None = None
    forced_percent: float | None = None
    pause_max_ms: float | None = None
    pause_mean_ms: float | None = None
    allocation_mib_per_s: float | None = None
    peak_over_live: float | None = None
    highest_live_mib: float | None = None
    uptime_s: float | None = None
    spiral: bool = False
    spikes: int = 0
    steps: int = 0
    map_growth: bool = False
    forced_on_timer: bool = False
    gogc_changed: bool = False
    long_pauses: int = 0
    warned: bool = False
    warning_lead_s: float | None = None
    missing: int = 0
    mended: int = 0
    unreadable: int = 0
    runs: int = 1
    deaths: int = 0
    life_s: float | None = None
    suspect: str | None = None
    suspect_percent: float | None = None
    suspect_proven: bool = False
    suspect_frequent: bool = False
    slot: str | None = None
    slot_values: str | None = None
    distinct: int | None = None
    many_keys: bool = False
    """The suspect has a slot with more than a hundred values: what is kept may be kept by each of them."""
    field: str | None = None
    suspect_counts: str | None = None
    """The suspect's number, where it is the size of what grows and the line leaves nothing behind by its keys."""
    other_suspect: str | None = None
    other_percent: float | None = None
    less: str | None = None
    """What the suspect's counterpart says: `unsubscribed` takes away what `subscribed` brings."""
    stay_percent: float | None = None
    """Of what the suspect brings, so much was not taken away."""
    keys_alike: int | None = None
    keys_spelling: str | None = None
    key_part: str | None = None
    key_sentence: str | None = None
    keys_again_percent: float | None = None
    goroutines: int | None = None
    largest_group: int | None = None
    largest_percent: float | None = None
    largest_state: str | None = None
    largest_place: str | None = None
    largest_creator: str | None = None
    wait_minutes: int | None = None
    channel_waiters: int = 0
    nil_channel_waiters: int = 0
    select_waiters: int = 0
    mutex_waiters: int = 0
    group_waiters: int = 0
    io_waiters: int = 0
    syscall_waiters: int = 0
    sleepers: int = 0
    assist_waiters: int = 0
    http_transport: int = 0
    http_servers: int = 0
    sql_waiters: int = 0
    grpc_streams: int = 0
    tickers: int = 0
    log_writers: int = 0
    finalizers_blocked: int = 0
    frame: str | None = None
    runtime_error: str | None = None
    fault: str | None = None
    message: str | None = None
    threads: int | None = None
    score_adj: int | None = None
    swap: bool = False
    biggest_other: str | None = None
    guard: str | None = None
    asked_to_end: bool = False
    source_place: str | None = None
    held_by: str | None = None
    held_of: str | None = None
    held_percent: float | None = None
    gomemlimit_setting: str | None = None
    limit_setting: str | None = None
    gogc_setting: int | None = None
    profile_at_mib: float | None = None


def percent(part: float | None, whole: float | None) -> float | None:
    """The part of the whole in percent; None where either is not known, or the whole is nothing."""
    return 100 * part / whole if part is not None and whole else None


def facts_from(told: Mapping[str, object]) -> Facts:
    """Facts of these; what is None is not known. Raises `TypeError` for one that has no such name."""
    return Facts(**{name: value for name, value in told.items() if value is not None})  # type: ignore[arg-type]
