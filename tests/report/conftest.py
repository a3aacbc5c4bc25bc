"""Certificates to draw: of a real log, and one that says everything that there is to say."""

from collections.abc import Callable

import pytest

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
    Replaced,
    Series,
    StackGroup,
    TemplateRate,
)  # fmt: skip

ROWS = 240
START_S = 1_795_423_887.0


def everything(words: str = "user logged in") -> Certificate:
    """A certificate with something in every field; `words` is what the log said, wherever it is quoted."""
    quote = Quote(words, f"/var/log/{words[:40]}.log", 4011, "the kernel killed it")
    ups = tuple(float(at) for at in range(ROWS))
    live = tuple(10 + at for at in range(ROWS))
    before = tuple(2 * each for each in live)
    moments = tuple(
        Moment(kind, words if kind == "spike" else kind, words, START_S + at, at, ROWS - at, severity, quote)
        for kind, at, severity in (
            ("first-collection", 0.0, "info"), ("onset", 40.0, "warning"), ("first-warning", 90.0, "warning"),
            ("spike", 150.0, "info"), ("death", float(ROWS), "critical"),
        )
    )  # fmt: skip
    nothing = (None,) * ROWS
    series = Series(
        number=tuple(range(1, ROWS + 1)), collections=(1,) * ROWS, uptime_s=ups,
        time_s=tuple(START_S + each for each in ups), offset=tuple(int(each) * 1000 for each in ups),
        heap_start_mib=before, heap_end_mib=before, live_low_mib=live, live_high_mib=live,
        goal_mib=tuple(each + 4 for each in before), stacks_mib=(1,) * ROWS, globals_mib=nothing,
        pause_max_ms=(0.4,) * ROWS, pause_mean_ms=(0.2,) * ROWS,
        alloc_rate_mib_per_s=(None, *(4.0 + at % 7 for at in range(ROWS - 1))), gc_cpu_share=(0.01,) * ROWS,
        forced=(0,) * ROWS,
    )  # fmt: skip
    rates = tuple(
        TemplateRate(
            f"{words} {at}", f"{words} <*>", at == 0, ups[::4], tuple(1.0 + at + x % 5 for x in ups[::4]), words
        )
        for at in range(4)
    )
    suspects = tuple(
        {"template": f"{words} <*>", "message": f"{words} {at}", "slot": at, "field": None, "mib": 200.0 / (at + 1),
         "share": 0.9 / (at + 1), "p_value": 0.0001, "distinct": 1000 + at, "example": words}
        for at in range(3)
    )  # fmt: skip
    return Certificate(
        service=words[:60], epoch=2, epochs=2, collections=ROWS, go="1.18+", procs=2, gogc_percent=100.0,
        headline=(f"killed by {words}", "since 08:51:39", words, words),
        cause=Cause("kernel-oom-kill-cgroup", "killed", words, 0.98, (quote,), {}, (words,), (quote,)),
        verdict={"leak": True, "probability": 0.97}, start_s=START_S, end_s=START_S + ROWS, end_uptime_s=float(ROWS),
        moments=moments,
        memory=Memory(249.0, 498.0, 500.0, 502.0, 1.0, 2.0, 20.0, 511.0, 512.0, "kernel", None, 64.0, words),
        foretold=Foretold(START_S, 90.0, 512.0, 150.0, 90.0, 300.0, 140.0, words), suspects=suspects,
        keys=(Key(words, words[:20], 12000, 3.5, ((words, 7),)),),
        last_lines=tuple(LastLine(f"{words} {at}", "/var/log/service.log", at, words, 60.0, 58.0) for at in range(6)),
        goroutines=912,
        stacks=(
            StackGroup(900, {"chan send": 890, "select": 10}, (words, "main.f main.go:7"), words, 4.0, 9, (7,), guilty=True),
            StackGroup(12, {"IO wait": 12}, ("net.read fd.go:1",), None, None, None, (1,)),
        ),
        comparison=Comparison(1, words, (Compared("live heap at the end", "MiB", 20.0, 249.0),)),
        advice=(Advice("bound-the-cache", "critical", words, words, (words,), words, "https://go.dev/doc/gc-guide", "the guide"),),
        series=series, rates=rates, limits=(LimitLine("container limit", 512.0), LimitLine("point of no return", 256.0)),
        band=Band((90.0, 165.0, 240.0), (100.0, 130.0, 160.0), (100.0, 175.0, 250.0), (100.0, 210.0, 320.0)),
        places=(Place(words, 12, words, words, 0.8),), holds=(
            Hold(words, words, 3, 120.0, 0.5, 60.0, 9000, "map", words, words, (f"{words} x.go:3", words), words, words, words),
        ),
        profile=Profiled((words,), "inuse", 130.0, 70.0, 30.0, words),
        ledger={"seen": ROWS, "missing": 3}, unreadable=(words,),
    )  # fmt: skip


def case_of(*certificates: Certificate, **facts: object) -> Case:
    """A case about these certificates."""
    told = {"bytes": 1000, "lines": 10, "files": ["service.log"], "ledger": {"missing": 3}, "notes": [], **facts}
    return Case(tuple(certificates), told, "gctail 0.1.0", (Replaced("e-mail address", 3, 2),))


@pytest.fixture(scope="session")
def certified() -> Callable[..., Certificate]:
    """Makes a certificate in which the log said these words, everywhere."""
    return everything


@pytest.fixture(scope="session")
def case() -> Callable[..., Case]:
    """Makes a case of certificates."""
    return case_of
