"""The values of a death certificate: everything that a report says, before anybody decides how it looks.

Times are Unix seconds (`time_s`) and seconds since the process started (`uptime_s`); sizes are MiB; `None` is "the log
does not say". Text of the log stands here as it was written, with what is no UTF-8 replaced: whoever shows it escapes
it. Everything is bounded by the constants beside it.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from gctail.advice.book import Advice
from gctail.attribution.keys.values import KeyReport

VERSION = 1


class Quote(Struct, frozen=True):
    """Words of a log: the text, the file it stands in, and the byte at which its line begins there."""

    text: str
    origin: str
    offset: int
    says: str = ""
    """What it proves, in a few words."""


class Cause(Struct, frozen=True):
    """What ended the process: `name` is one of `CAUSES`, `settles` what to look at to be sure, most telling first."""

    name: str
    title: str
    sentence: str
    confidence: float
    evidence: tuple[Quote, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    settles: tuple[str, ...] = ()
    not_ours: tuple[Quote, ...] = ()
    """Deaths that these logs tell of and that were another process's."""


class Moment(Struct, frozen=True):
    """One point of the story.

    `kind` is one of first-collection, last-healthy, onset, faster, first-warning, taken-back, spike, step, spiral,
    last-collection, last-line, death, later.
    """

    kind: str
    title: str
    text: str
    time_s: float | None
    uptime_s: float | None
    before_end_s: float | None
    """Seconds from here to the end of the story; negative after it."""
    severity: str = "info"
    quote: Quote | None = None


class Memory(Struct, frozen=True):
    """The memory at the end, as the last collection and whoever reported the death give it (MiB).

    `outside_mib` is what was held beyond heap, stacks and globals: resident memory less those; `limit_source` says who
    told the limit (option, kernel, kubernetes). Where the heap has risen before by so much at once that it may have
    done so again after the last collection, that is `beyond_mib` instead, and the rise was `jump_mib`.
    """

    heap_live_mib: float | None = None
    heap_end_mib: float | None = None
    goal_mib: float | None = None
    next_goal_mib: float | None = None
    stacks_mib: float | None = None
    globals_mib: float | None = None
    outside_mib: float | None = None
    rss_mib: float | None = None
    limit_mib: float | None = None
    limit_source: str | None = None
    gomemlimit_mib: float | None = None
    asked_mib: float | None = None
    """The allocation that was refused."""
    sentence: str = ""
    beyond_mib: float | None = None
    jump_mib: float | None = None


class Foretold(Struct, frozen=True):
    """The forecast that would have been: made at the first warning, held against what came (seconds from then)."""

    time_s: float | None
    uptime_s: float | None
    limit_mib: float
    seconds: float | None
    low: float | None
    high: float | None
    came_after_s: float | None
    sentence: str


class Key(Struct, frozen=True):
    """The values of one slot of a message: how many there were, how fast new ones came, and some of them."""

    message: str
    slot: str
    distinct: int
    new_per_s: float | None
    examples: tuple[tuple[str, int], ...]
    """Values with how often they came, most frequent first."""
    found: KeyReport | None = None
    """What makes each of them new, where they were looked at closely."""


class LastLine(Struct, frozen=True):
    """One of the last lines, and how often its like came: on the whole, and lately."""

    text: str
    origin: str
    offset: int | None
    message: str | None = None
    usual_per_min: float | None = None
    recent_per_min: float | None = None
    says: str = ""
    """What is to be thought of it by its rate: innocent, a suspect, the first of its kind."""


class Said(Struct, frozen=True):
    """A message that came differently at a spike, or (`always`) at nearly all of them; rates in lines a minute.

    `kind` is always, new, more or vanished.
    """

    kind: str
    message: str
    per_min: float
    usual_per_min: float
    factor: float | None
    """Of the usual rate; None for new ones, and for what comes at nearly all."""
    example: str


class Spike(Struct, frozen=True):
    """A spike or step of the heap, what the log said differently then, and the lines around its beginning."""

    kind: str
    summary: str
    begin_uptime_s: float | None
    end_uptime_s: float | None
    time_s: float | None
    origin: str
    offset: int | None
    """Of the first high collection."""
    sentence: str
    lines_factor: float | None
    changes: tuple[Said, ...] = ()
    lines: tuple[str, ...] = ()


class StackGroup(Struct, frozen=True):
    """Goroutines of a dump that stand at the same place; `stack` is innermost first, `function file:line`.

    `states` counts them by what they wait for; minutes are None where the runtime printed none (less than one).
    """

    count: int
    states: dict[str, int]
    stack: tuple[str, ...]
    created_by: str | None
    wait_minutes_median: float | None
    wait_minutes_max: int | None
    ids: tuple[int, ...]
    """The first few."""
    guilty: bool = False
    """The goroutine that the crash report names is among them."""


class Compared(Struct, frozen=True):
    """One figure of this run and of the healthy run before it."""

    name: str
    unit: str
    before: float | None
    now: float | None


class Comparison(Struct, frozen=True):
    """This process held against the last one before it that was well."""

    epoch: int
    sentence: str
    rows: tuple[Compared, ...]


class Series(Struct, frozen=True):
    """The course of the process for charts: columns of equal length, at most 1024 long, oldest first.

    A row covers `collections` collections in a row; see `gctail.traces.Bin` for how they are summed up.
    """

    number: tuple[int, ...] = ()
    collections: tuple[int, ...] = ()
    uptime_s: tuple[float | None, ...] = ()
    time_s: tuple[float | None, ...] = ()
    offset: tuple[int, ...] = ()
    heap_start_mib: tuple[int, ...] = ()
    heap_end_mib: tuple[int, ...] = ()
    live_low_mib: tuple[int, ...] = ()
    live_high_mib: tuple[int, ...] = ()
    goal_mib: tuple[int | None, ...] = ()
    stacks_mib: tuple[int | None, ...] = ()
    globals_mib: tuple[int | None, ...] = ()
    pause_max_ms: tuple[float, ...] = ()
    pause_mean_ms: tuple[float, ...] = ()
    alloc_rate_mib_per_s: tuple[float | None, ...] = ()
    gc_cpu_share: tuple[float | None, ...] = ()
    forced: tuple[int, ...] = ()


class TemplateRate(Struct, frozen=True):
    """How often one message came, in equal spans of uptime: `uptime_s` is where each span begins."""

    message: str
    template: str
    suspect: bool
    uptime_s: tuple[float, ...]
    per_s: tuple[float, ...]
    example: str = ""


class LimitLine(Struct, frozen=True):
    """A level to draw: the container's limit, GOMEMLIMIT, or the level at which no collection comes in time."""

    name: str
    mib: float


class Band(Struct, frozen=True):
    """The forecast as an area: at each uptime the likely live heap and the 80 % interval (MiB)."""

    uptime_s: tuple[float, ...]
    low_mib: tuple[float, ...]
    likely_mib: tuple[float, ...]
    high_mib: tuple[float, ...]


class Place(Struct, frozen=True):
    """A place in the Go source that fits a suspect or a stack."""

    file: str
    line: int | None
    symbol: str
    says: str
    confidence: float | None = None
    grows: bool = False
    """It is a container that only grows."""


class Hold(Struct, frozen=True):
    """What a heap profile says is held, by the line of the program that allocated it.

    Where two profiles were compared, `share` is of all that grew and the largest growth comes first; otherwise it is of
    all that is in use. `kind` is what grows there (map, slice, buffer, sync.Map, …), empty where the frames do not say.
    """

    function: str
    file: str | None
    line: int | None
    mib: float
    share: float
    grown_mib: float | None = None
    objects: int | None = None
    kind: str = ""
    shown_by: str = ""
    """The frame above the program's line that shows the kind."""
    through: str = ""
    """The function of a library that allocated on behalf of the line."""
    callers: tuple[str, ...] = ()
    """From the line outwards, `function file:line`."""
    container: str = ""
    """What the line writes to, where the source is known."""
    kept_in: str = ""
    """Where what the line makes may be kept: the only container that its callers fill, as far as the source shows."""
    suspect: str = ""
    """The message that a function on this stack logs, where it is a suspect's."""


class Profiled(Struct, frozen=True):
    """The heap profiles that were read, in the order of their time; `measure` is inuse or alloc."""

    files: tuple[str, ...]
    measure: str
    mib: float
    before_mib: float | None = None
    seconds: float | None = None
    sentence: str = ""


class Certificate(Struct, frozen=True):
    """Everything known about the end of one service."""

    service: str
    epoch: int | None
    epochs: int
    collections: int
    go: str | None
    procs: int | None
    gogc_percent: float | None
    headline: tuple[str, ...]
    """What killed it, since when, who is suspected, what to do: one line each."""
    cause: Cause
    verdict: dict[str, Any] | None
    """As in the JSON of a report: leak, probability, kind, onset_uptime_s, rate_mib_per_s, forecast, why."""
    start_s: float | None
    end_s: float | None
    end_uptime_s: float | None
    moments: tuple[Moment, ...]
    memory: Memory
    foretold: Foretold | None = None
    suspects: tuple[dict[str, Any], ...] = ()
    indistinct: tuple[dict[str, Any], ...] = ()
    """Of a leak that nobody is suspected of: lines that go with the growth, and that nothing tells apart."""
    mined_lines: int = 0
    """Lines of the application that were searched for suspects."""
    keys: tuple[Key, ...] = ()
    spikes: tuple[Spike, ...] = ()
    last_lines: tuple[LastLine, ...] = ()
    first_lines: tuple[str, ...] = ()
    """A few of the first lines of the log, in which a program often says its version and settings."""
    goroutines: int | None = None
    stacks: tuple[StackGroup, ...] = ()
    stacks_truncated: bool = False
    comparison: Comparison | None = None
    advice: tuple[Advice, ...] = ()
    series: Series = field(default_factory=Series)
    rates: tuple[TemplateRate, ...] = ()
    limits: tuple[LimitLine, ...] = ()
    band: Band | None = None
    places: tuple[Place, ...] = ()
    holds: tuple[Hold, ...] = ()
    profile: Profiled | None = None
    ledger: dict[str, Any] = field(default_factory=dict)
    findings: tuple[dict[str, Any], ...] = ()
    unreadable: tuple[str, ...] = ()
    runs: tuple[dict[str, Any], ...] = ()
    """Every process of the service: epoch, cause, confidence, start_s, end_s, uptime_s, collections, live_mib."""


class Replaced(Struct, frozen=True):
    """What redaction took out: the kind of value, how often, and how many different ones."""

    kind: str
    times: int
    distinct: int


class Case(Struct, frozen=True):
    """All that one `gctail postmortem` has found: a certificate per service, worst first, and what was read."""

    certificates: tuple[Certificate, ...]
    input: dict[str, Any]
    """Facts of the reading: files, bytes, lines, gc_lines, mended, unreadable, ledger, notes."""
    made_by: str
    redacted: tuple[Replaced, ...] | None = None
    """None where nothing was asked to be redacted."""
    version: int = VERSION
