"""The cause of death in one sentence, with the numbers that its report carries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gctail.amounts import duration, missing, size
from gctail.attribution.wording import called

if TYPE_CHECKING:
    from gctail.postmortem.certificate import Certificate, Key

Details = dict[str, Any]

GROWTHS = {
    "map-growth-swiss": "while a map grew",
    "map-growth-classic": "while a map doubled",
    "slice-growth": "while a slice or buffer grew",
    "big-make": "for one large allocation",
    "many-small-objects": "for one more of many objects",
}
_GUARDS = {"earlyoom": "earlyoom", "systemd-oomd": "systemd-oomd", "oomd": "oomd", "nohang": "nohang", "lmkd": "lmkd"}


KINDS = {
    "map": "a map grows",
    "sync.Map": "a sync.Map grows",
    "slice": "a slice grows",
    "list": "a list grows",
    "buffer": "a buffer grows",
    "goroutine": "goroutines were started",
    "timer": "timers were made",
    "string": "strings were made",
}
"""What a heap profile shows to grow at a line, in words."""


LIMIT_FROM = {
    "option": "given",
    "kernel": "told by the kernel",
    "kubernetes": "told by Kubernetes",
    "gomemlimit": "that of GOMEMLIMIT",
}
"""Who told the limit, in words."""


def sentence_of(name: str, service: str, details: Details) -> str:
    """The sentence, with its full stop."""
    return _SENTENCES[name](service, details)


def key_called(key: Key, certificate: Certificate) -> str:
    """The variable whose values are the keys, by its name, or by the word before it in its suspect's message.

    Where that is not the first suspect it is said whose they are.
    """
    messages = [each.get("message") for each in certificate.suspects]
    at = messages.index(key.message) if key.message in messages else 0
    template = certificate.suspects[at].get("template") if certificate.suspects else ""
    name = called(key.slot, "value", str(template or ""))
    return f"{name} of suspect {at + 1}" if at else name


def _kib(details: Details, key: str) -> str | None:
    kib = details.get(key)
    return size(kib / 1024) if isinstance(kib, int | float) else None


def _bytes(details: Details, key: str) -> str | None:
    count = details.get(key)
    return size(count / (1 << 20)) if isinstance(count, int | float) and count > 0 else None


def _frame(details: Details) -> str:
    frames = details.get("frames")
    return f" in {str(frames[0]).rsplit(' ', 1)[0]}" if frames else ""


def _who(service: str, details: Details) -> str:
    process, pid = (
        details.get("process") or str(details.get("unit") or service).removesuffix(".service"),
        details.get("pid"),
    )
    return f"{process} (pid {pid})" if pid else str(process)


def _go_memory(service: str, details: Details) -> str:  # noqa: ARG001  (all are asked alike)
    asked = _bytes(details, "size_bytes") or _bytes(details, "ask_bytes") or _bytes(details, "refused_bytes")
    what = f"{asked} more" if asked else "more memory"
    growth = GROWTHS.get(str(details.get("growth")), "")
    in_use = _bytes(details, "in_use_bytes")
    mapped = f"; {in_use} of address space were mapped" if in_use else ""
    return f"The Go runtime asked the system for {what}{_frame(details)} {growth}".rstrip() + f", and got none{mapped}."


def _cgroup(service: str, details: Details) -> str:
    limit, rss = _kib(details, "limit_kib"), _kib(details, "anon_rss_kib")
    used = f"had used up its limit of {limit}" if limit else "had used up its memory limit"
    held = f" The process itself held {rss}." if rss else ""
    return f"The kernel killed {_who(service, details)} when its control group {used}.{held}"


def _global(service: str, details: Details) -> str:
    rss = _kib(details, "anon_rss_kib")
    held = f"; it held {rss}" if rss else ""
    biggest = (details.get("tasks") or [{}])[0]
    other = biggest.get("process")
    more = ""
    if other and biggest.get("pid") != details.get("pid"):
        more = f" The largest process was {other} with {size(biggest['rss_kib'] / 1024)}."
    return f"The machine had no memory left, and the kernel killed {_who(service, details)}{held}.{more}"


def _reported(service: str, details: Details) -> str:
    if details.get("source") == "guard":
        return _guard(service, details)
    code, limit = details.get("exit_code"), details.get("limit_mib")
    if details.get("reason") == "Evicted":
        return f"{_whose(details)} was evicted from its node, which was low on memory."
    status = f" (status {code})" if code else ""
    at = f"; its limit is {size(limit)}" if isinstance(limit, int | float) else ""
    return f"{_reporter(details)} reports that {_whose(details)} was killed for its memory{status}{at}."


def _reporter(details: Details) -> str:
    signature = str(details.get("signature") or "")
    if details.get("reason") == "OOMKilled" or signature.startswith("kubernetes"):
        return "Kubernetes"
    return "systemd" if signature.startswith("systemd") else "Docker" if signature.startswith("docker") else "Its host"


def _whose(details: Details) -> str:
    """Container, pod or unit, as the report names it."""
    container, pod = details.get("container"), details.get("pod")
    if container:
        return f"container {container}{f' of pod {pod}' if pod else ''}"
    return f"pod {pod}" if pod else str(details.get("unit") or "it")


def _guard(service: str, details: Details) -> str:
    guard = _GUARDS.get(str(details.get("guard")), "a memory guard")
    reason = f" because of memory {details['reason']}" if details.get("reason") in {"pressure", "used"} else ""
    rss = details.get("rss_mib")
    held = f", which held {size(rss)}" if isinstance(rss, int | float) else ""
    return f"{guard} killed {_who(service, details)}{reason}{held}, to keep the machine usable."


def _status_137(service: str, details: Details) -> str:  # noqa: ARG001
    said = "It was killed by SIGKILL (status 137)." if details.get("exit_code") else "It was killed by SIGKILL."
    if details.get("near_limit"):
        goal, limit = size(details["next_goal_mib"]), size(details["limit_mib"])
        return f"{said} Its heap was on its way to {goal}, with a limit of {limit}: the kernel's OOM killer fits."
    if details.get("reason") == "stop-timeout":
        return "It did not stop in time after it was asked to, and systemd killed it (SIGKILL, TimeoutStopSec=)."
    return f"{said} The OOM killer, or a stop that took too long: the log does not say."


def _spiral(service: str, details: Details) -> str:
    killed = {
        "kernel-oom-kill-cgroup": "then the kernel killed it at its container's limit",
        "kernel-oom-kill-global": "then the kernel killed it, with no memory left on the machine",
        "guard-kill": "then a memory guard killed it",
    }.get(str(details.get("report")), "then it was killed")
    limit = _kib(details, "limit_kib")
    of = f" of {limit}" if limit else ""
    return (
        f"The live heap of {service} did not fit under GOMEMLIMIT any more: the collector ran without rest, "
        f"{killed}{of}."
    )


def _stack(service: str, details: Details) -> str:  # noqa: ARG001
    limit = _bytes(details, "limit_bytes")
    return f"A goroutine's stack met its limit{f' of {limit}' if limit else ''}{_frame(details)}: endless recursion."


def _threads(service: str, details: Details) -> str:  # noqa: ARG001
    if details.get("limit"):
        return f"The program needed more than its {details['limit']} threads: too many block in system calls or cgo."
    have = details.get("threads")
    with_those = f" when {have} were there" if have else ""
    return f"The system gave no new thread{with_those}: a limit on processes (ulimit -u, pids.max), or no memory."


def _map(service: str, details: Details) -> str:  # noqa: ARG001
    message = str(details.get("message") or "concurrent map access")
    return f"Two goroutines used one map without a lock ({message}){_frame(details)}."


def _deadlock(service: str, details: Details) -> str:  # noqa: ARG001
    count = details.get("goroutines")
    if count == 1:
        return "Its only goroutine waited for something that nobody was left to do."
    return f"All goroutines{f' ({count})' if count else ''} were waiting for each other, and nothing could wake them."


def in_short(cause: str, *, followed: bool) -> str:
    """A cause in a column of a table; `followed` where another process came after."""
    return "ended without a word" if cause == "unknown" and followed else cause.replace("-", " ")


def _panic(service: str, details: Details) -> str:  # noqa: ARG001
    value = str(details.get("value") or details.get("text") or "").split("\n", 1)[0][:160]
    return f"A panic that nobody recovered{_frame(details)}: {value}"


def _fault(service: str, details: Details) -> str:  # noqa: ARG001
    text = str(details.get("message") or details.get("text") or "a fatal error")[:160]
    return f"The Go runtime gave up{_frame(details)}: {text}"


def _quit(service: str, details: Details) -> str:  # noqa: ARG001
    count = details.get("goroutines")
    return f"Somebody sent SIGQUIT: it printed the stacks of {count or 'its'} goroutines and ended."


def _abort(service: str, details: Details) -> str:  # noqa: ARG001
    if details.get("reason") == "watchdog":
        limit = f" for {details['watchdog_limit']}" if details.get("watchdog_limit") else ""
        return f"systemd's watchdog heard nothing from it{limit} and aborted it (SIGABRT, WatchdogSec=)."
    return f"It was aborted (SIGABRT){_frame(details)}: by C code, or by a watchdog."


def _segv(service: str, details: Details) -> str:  # noqa: ARG001
    return f"It crashed (SIGSEGV){_frame(details)}: in code that is not Go's, or hit by a signal from outside."


def _terminated(service: str, details: Details) -> str:
    reason = str(details.get("reason") or "")
    if reason.startswith("failed "):
        return f"Kubernetes ended {_whose(details)}: it {reason}, and will be restarted."
    return f"{service} was asked to end from outside, as in a deploy or when it is scaled down."


def _ended(service: str, details: Details) -> str:
    if details.get("asked"):
        return f"{service} was asked to end by a signal, as in a deploy, and did."
    if details.get("exit_code") == 0:
        return f"{service} ended by itself with status 0, and has not said why: main returned, or it called os.Exit(0)."
    return f"{service} says itself that it ended."


def _status(service: str, details: Details) -> str:
    if details.get("fatal_line"):
        return f"{service} gave up by itself: its last words say so."
    return f"It ended by itself with status {details.get('exit_code', 'other than 0')}."


def _cut(service: str, details: Details) -> str:  # noqa: ARG001
    gone = details.get("missing")
    proof = f" {missing(gone)} from it: the numbers of the others prove it." if gone else ""
    torn = f" It ends {details['torn']}." if details.get("torn") else ""
    return f"The log does not reach an end of the process.{torn}{proof}"


def _alive(service: str, details: Details) -> str:
    state = "it leaks, but has time left" if details.get("leak") else "nothing was wrong with its memory"
    if details.get("too_few"):
        state = "there are too few collections to judge its memory"
    return (
        f"Nothing tells of an end of {service}, and {state}: most likely it went on. "
        "An end without a word, by os.Exit or SIGKILL, would look the same."
    )


def _unknown(service: str, details: Details) -> str:
    stops = (
        f"{service} was started again, and nothing says how the process before it ended."
        if details.get("restarted")
        else "The log stops in the middle of its work, without a last word."
    )
    if details.get("silent_s"):
        stops = f"{service} fell silent, and the log went on for {duration(details['silent_s'])} without it."
    if details.get("last_error"):
        stops = (
            "The log ends with an error: an end by itself fits (os.Exit, log.Fatal), and so does a log cut off there."
        )
    if details.get("near_limit"):
        goal, limit = size(details["next_goal_mib"]), size(details["limit_mib"])
        fits = f" Its heap was on its way to {goal}, with a limit of {limit}: a kill for memory fits."
    elif details.get("spiral"):
        fits = (
            " It was in a GOMEMLIMIT death spiral: a kill for memory fits, and so does a log that was copied meanwhile."
        )
    elif details.get("in_danger"):
        fits = " It was leaking: a kill for memory fits, and so does a log that was copied meanwhile."
    else:
        fits = ""
    if details.get("strangers"):
        fits += " None of the deaths that these logs tell of can be tied to it."
    return stops + fits


_SENTENCES: dict[str, Callable[[str, Details], str]] = {
    "go-out-of-memory": _go_memory,
    "memory-limit-spiral": _spiral,
    "kernel-oom-kill-cgroup": _cgroup,
    "kernel-oom-kill-global": _global,
    "oom-killed-report": _reported,
    "exit-137": _status_137,
    "sigkill": _status_137,
    "guard-kill": _guard,
    "stack-overflow": _stack,
    "thread-limit": _threads,
    "concurrent-map-access": _map,
    "deadlock": _deadlock,
    "panic": _panic,
    "runtime-fault": _fault,
    "signal-quit": _quit,
    "signal-abort": _abort,
    "signal-segv": _segv,
    "terminated": _terminated,
    "exit-status": _status,
    "healthy-end": _ended,
    "log-cut-off": _cut,
    "alive": _alive,
    "unknown": _unknown,
}  # fmt: skip
