"""The facts that a goroutine dump tells: what the goroutines wait for, and in whose code they stand."""

from __future__ import annotations

from gctail.advice.facts import percent
from gctail.postmortem.certificate import Certificate, StackGroup

_WAITS = {  # states of a dump, and what they wait for
    "channel_waiters": ("chan receive", "chan send"),
    "nil_channel_waiters": ("chan receive (nil chan)", "chan send (nil chan)"),
    "select_waiters": ("select",),
    "mutex_waiters": ("sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock", "semacquire"),
    "group_waiters": ("sync.WaitGroup.Wait",),
    "io_waiters": ("IO wait",),
    "syscall_waiters": ("syscall",),
    "sleepers": ("sleep",),
    "assist_waiters": ("GC assist wait", "GC assist marking"),
}
_AT = {  # functions on the stacks, and what they are
    "http_transport": "net/http.(*persistConn)",
    "http_servers": "net/http.(*conn).serve",
    "sql_waiters": "database/sql.(*DB).conn",
    "grpc_streams": "google.golang.org/grpc",
    "tickers": "time.Tick",
    "log_writers": "log.(*Logger)",
}


def told_by_stacks(certificate: Certificate) -> dict[str, object]:
    """Counts and places of the goroutines that were doing something of the program's."""
    groups = [group for group in certificate.stacks if not _is_runtime(group)]
    told: dict[str, object] = {"goroutines": certificate.goroutines}
    if not groups:
        return told
    largest = max(groups, key=lambda group: group.count)
    waits = [group.wait_minutes_max for group in groups if group.wait_minutes_max is not None]
    own = [each for each in largest.stack if not each.startswith(("runtime.", "internal/", "sync."))]
    told |= {
        "largest_group": largest.count,
        "largest_percent": percent(largest.count, certificate.goroutines),
        "largest_state": next(iter(largest.states), None),
        "largest_place": (own or largest.stack or ("?",))[0],
        "largest_creator": largest.created_by,
        "wait_minutes": max(waits, default=None),
    }
    for name, states in _WAITS.items():
        told[name] = sum(count for group in groups for state, count in group.states.items() if state in states)
    for name, function in _AT.items():
        told[name] = sum(group.count for group in groups if any(function in frame for frame in group.stack))
    told["finalizers_blocked"] = sum(_runs_finalizers(group) for group in groups)
    return told


def _runs_finalizers(group: StackGroup) -> bool:
    """A group of the runtime's own has no other frames: this one stands inside somebody's finalizer."""
    return any(frame.startswith(("runtime.runfinq", "runtime.runFinalizers")) for frame in group.stack)


def _is_runtime(group: StackGroup) -> bool:
    return all(frame.startswith("runtime.") for frame in group.stack)
