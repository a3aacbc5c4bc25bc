"""Certificates as a whole reading makes them, for tests of whatever shows them: one rich, one bare."""

import math

from gctail.parsing.causes import CAUSES
from gctail.postmortem.certificate import (
    Advice,
    Band,
    Case,
    Cause,
    Certificate,
    Compared,
    Comparison,
    Foretold,
    Hold,
    Key,
    LastLine,
    LimitLine,
    Memory,
    Moment,
    Place,
    Profiled,
    Quote,
    Series,
    StackGroup,
    TemplateRate,
)

START_S = 1_795_424_487.875
END_S, END_UPTIME_S = START_S + 70.4, 70.4
ONSET_S, WARNED_S = 15.1, 31.2

KILLED = Quote(
    "Memory cgroup out of memory: Killed process 22086 (session-gateway) total-vm:1854236kB, anon-rss:261104kB, "
    "file-rss:5120kB, shmem-rss:0kB, UID:0 pgtables:764kB oom_score_adj:0",
    "kernel.log", 4182, "the kernel chose this process at the limit of its control group",
)  # fmt: skip
HOSTILE = '<script>alert("x")</script>\x1b[31mred\x1b]0;title\x07 \u202egnp.exe & "quoted"'


def _series() -> Series:
    uptimes = [0.2 + 0.54 * at for at in range(131)]
    live = [round(2 + max(0.0, (uptime - ONSET_S) * 2.3)) for uptime in uptimes]
    start = [max(4, round(2 * each * (0.97 + 0.02 * math.sin(at)))) for at, each in enumerate(live)]
    return Series(
        number=tuple(range(1, 132)),
        collections=(1,) * 131,
        uptime_s=tuple(uptimes),
        time_s=tuple(START_S + uptime for uptime in uptimes),
        offset=tuple(5200 * at for at in range(131)),
        heap_start_mib=tuple(start),
        heap_end_mib=tuple(each + 1 for each in start),
        live_low_mib=tuple(live),
        live_high_mib=tuple(live),
        goal_mib=tuple(max(4, 2 * each) for each in live),
        stacks_mib=(0,) * 131,
        globals_mib=(0,) * 131,
        pause_max_ms=tuple(0.05 + 0.01 * (at % 7) for at in range(131)),
        pause_mean_ms=tuple(0.05 + 0.01 * (at % 7) for at in range(131)),
        alloc_rate_mib_per_s=(None, *(12.0 + (at % 5) for at in range(130))),
        gc_cpu_share=(None, *(0.01 + 0.002 * (at % 9) for at in range(130))),
        forced=(0,) * 131,
    )


def _moment(  # noqa: PLR0917  (a row of the table below)
    kind: str, title: str, text: str, uptime_s: float, severity: str, quote: Quote | None = None
) -> Moment:
    return Moment(kind, title, text, START_S + uptime_s, uptime_s, END_UPTIME_S - uptime_s, severity, quote)


def _moments() -> tuple[Moment, ...]:
    return (
        _moment("first-collection", "first collection", "gc 1, heap 4 MiB", 0.2, "info"),
        _moment("last-healthy", "last healthy", "live heap 2 MiB, as since the start", 15.1, "info"),
        _moment("onset", "it begins", "the live heap starts to grow, by 2.3 MiB/s", ONSET_S, "warning"),
        _moment("first-warning", "first warning", "leak: the memory is gone in 41 s (33 s to 54 s)", WARNED_S, "critical"),
        _moment("spike", "spike", "40 MiB were allocated between two collections", 44.0, "info"),
        _moment("last-collection", "last collection", "gc 131: live 129 MiB, next goal 258 MiB", 70.2, "critical"),
        _moment("last-line", "last line", 'level=info msg="request processed"', 70.3, "info"),
        _moment("death", "death", CAUSES["kernel-oom-kill-cgroup"], END_UPTIME_S, "critical", KILLED),
    )  # fmt: skip


def example_certificate(service: str = "session-gateway") -> Certificate:
    """A leaking session cache, killed at its container's limit: every part is filled."""
    suspect = {
        "template": 'level=info msg="[SessionCache] putIfAbsent" key=<*> size=<*>', "message": "[SessionCache] putIfAbsent",
        "slot": "key", "field": "size", "mib": 118.0, "share": 0.93, "p_value": 1e-9, "distinct": 4120,
        "example": 'level=info msg="[SessionCache] putIfAbsent" key=User-4711%20 size=4120',
    }  # fmt: skip
    spans = tuple(float(at) for at in range(0, 70, 5))
    return Certificate(
        service=service, epoch=1, epochs=1, collections=131, go="1.27+", procs=2, gogc_percent=100.0,
        headline=(
            "Killed by the kernel at its container's memory limit (256 MiB), 2026-11-23 08:52:38Z, certain 99 %.",
            "Dying since 08:51:43 (55 s before the end): the live heap grew by 2.3 MiB/s.",
            'Suspect: "[SessionCache] putIfAbsent", slot key: 4,120 different values, 93 % of the growth.',
            "Do: bound the cache (size or age), normalise the key; take two heap profiles while it grows.",
        ),
        cause=Cause(
            "kernel-oom-kill-cgroup", CAUSES["kernel-oom-kill-cgroup"],
            "The kernel killed session-gateway (pid 22086) when its control group had used up its 256 MiB.", 0.99,
            (KILLED,), {"pid": 22086, "process": "session-gateway", "limit_kib": 262144, "anon_rss_kib": 261104},
        ),
        verdict={
            "leak": True, "probability": 0.99, "kind": "leak", "onset_uptime_s": ONSET_S, "rate_mib_per_s": 2.3,
            "forecast": {"limit_mib": 256.0, "seconds": 0.0, "low": 0.0, "high": 4.0}, "why": ["it has grown for 55 s"],
        },
        start_s=START_S, end_s=END_S, end_uptime_s=END_UPTIME_S, moments=_moments(),
        memory=Memory(129, 257, 256, 258, 0, 0, 3.0, 260.0, 256.0, "kernel", None, None,
                      "Of 260 MiB, 257 were Go heap (129 live, the rest garbage that no collection came for), 3 outside."),
        foretold=Foretold(START_S + WARNED_S, WARNED_S, 256.0, 41.0, 33.0, 54.0, END_UPTIME_S - WARNED_S,
                          "At +31 s gctail would have said: gone in 41 s (33 s to 54 s). It came after 39 s."),
        suspects=(suspect,),
        keys=(Key("[SessionCache] putIfAbsent", "key", 4120, 74.0, (("User-4711 ", 2), ("USER-4711", 1))),),
        last_lines=(
            LastLine('level=info msg="[SessionCache] putIfAbsent" key=User-99 size=4120', "service.log", 681_300,
                     "[SessionCache] putIfAbsent", 4440.0, 4500.0),
            LastLine(HOSTILE, "service.log", 681_420, None, None, None),
            LastLine('level=info msg="request processed"', "service.log", 681_480, "request processed", 5200.0, 5100.0),
        ),
        goroutines=812,
        stacks=(
            StackGroup(800, {"chan receive": 790, "select": 10}, ("main.deliver webhook.go:41", "main.main.func1 main.go:20"),
                       "main.enqueue queue.go:17", 12.0, 31, (18, 19, 20)),
            StackGroup(12, {"IO wait": 12}, ("net.(*conn).Read net.go:194",), None, None, None, (3, 4), guilty=True),
        ),
        comparison=Comparison(0, "The run before held 2 MiB after as long.", (
            Compared("live heap", "MiB", 2.0, 129.0), Compared("allocation rate", "MiB/s", 11.0, 14.0),
        )),
        advice=(
            Advice("cache-without-bound", "critical", "Bound the cache", "Every key stays for ever. Evict by size or age.",
                   ("4,120 different keys, none of them removed",), "lru.New(10_000)", "https://go.dev/doc/gc-guide",
                   "A Guide to the Go Garbage Collector, Where Go Values Live"),
            Advice("gomemlimit-from-observed", "warning", "Set GOMEMLIMIT", "The collector did not know of the limit.",
                   ("limit 256 MiB, no GOMEMLIMIT at work",), "GOMEMLIMIT=230MiB", "https://go.dev/doc/gc-guide#Memory_limit",
                   "A Guide to the Go Garbage Collector, Memory limit"),
        ),
        series=_series(),
        rates=(
            TemplateRate("[SessionCache] putIfAbsent", suspect["template"], suspect=True, uptime_s=spans, per_s=tuple(70.0 + at for at in spans)),
            TemplateRate("request processed", "level=info msg=<*>", suspect=False, uptime_s=spans, per_s=(85.0,) * len(spans)),
        ),
        limits=(LimitLine("limit", 256.0), LimitLine("no collection comes in time above", 128.0)),
        band=Band((31.2, 50.0, 70.4), (38.0, 70.0, 100.0), (39.0, 82.0, 129.0), (40.0, 95.0, 160.0)),
        places=(Place("cache/session.go", 31, "sessions", "package-level map, never deleted from", 0.8),),
        holds=(
            Hold("main.(*cache).putIfAbsent", "cache.go", 31, 117.0, 0.91, 102.0, 4120, "map", "runtime.hashGrow", "",
                 ("main.(*cache).putIfAbsent cache.go:31", "main.logIn main.go:60"), suspect="[SessionCache] putIfAbsent"),
        ),
        profile=Profiled(("before.pb.gz", "after.pb.gz"), "inuse", 129.0, 27.0, 45.0, "In use were 27 MiB, and 45 s later 129 MiB."),
        ledger={"seen": 131, "missing": 0, "doubled": 0, "late": 0, "gaps": []},
    )  # fmt: skip


def bare_certificate() -> Certificate:
    """A log that simply stops: nothing is known but two collections."""
    return Certificate(
        service="worker", epoch=1, epochs=1, collections=2, go=None, procs=None, gogc_percent=None,
        headline=("No death seen.",),
        cause=Cause("unknown", CAUSES["unknown"], "The log stops without a word.", 0.3, settles=("the kernel's log",)),
        verdict=None, start_s=None, end_s=None, end_uptime_s=None, moments=(), memory=Memory(),
    )  # fmt: skip


def example_case() -> Case:
    """Two services, one rich and one bare."""
    facts = {"files": ["service.log", "kernel.log"], "bytes": 681_520, "lines": 4648, "gc_lines": 131, "mended": 0,
             "unreadable": 0, "ledger": {"seen": 131, "missing": 0, "doubled": 0, "late": 0}, "notes": []}  # fmt: skip
    return Case((example_certificate(), bare_certificate()), facts, "gctail 0.1.0")
