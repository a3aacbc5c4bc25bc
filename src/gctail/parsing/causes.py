"""What can end a process, in words: the closed list that everything that tells of an end keeps to."""

CAUSES = {
    "go-out-of-memory": "Go ran out of memory",
    "memory-limit-spiral": "killed after a GOMEMLIMIT death spiral",
    "kernel-oom-kill-cgroup": "killed by the kernel at its container's memory limit",
    "kernel-oom-kill-global": "killed by the kernel: the machine had no memory left",
    "oom-killed-report": "reported as killed for its memory",
    "exit-137": "killed (status 137); the log does not say by whom",
    "sigkill": "killed (SIGKILL); the log does not say by whom",
    "guard-kill": "killed by a memory guard in user space",
    "stack-overflow": "stack overflow",
    "thread-limit": "too many threads",
    "concurrent-map-access": "concurrent access to a map",
    "deadlock": "deadlock: every goroutine was asleep",
    "panic": "panic",
    "runtime-fault": "fatal error of the Go runtime",
    "signal-quit": "ended by SIGQUIT, which prints every stack",
    "signal-abort": "aborted (SIGABRT)",
    "signal-segv": "crashed (SIGSEGV)",
    "terminated": "asked to end from outside",
    "exit-status": "ended by itself with an error status",
    "healthy-end": "ended by itself, without an error",
    "log-cut-off": "no death seen: the log is incomplete",
    "alive": "no death seen: at work when the log ends",
    "unknown": "unknown",
}
"""The closed list of causes, each with its title."""

ON_PURPOSE = "healthy-end"
"""The one that is no death."""

CONCLUDED = frozenset({"memory-limit-spiral", "log-cut-off", "alive", "unknown"})
"""Those that no line tells by itself: they are concluded from the whole log."""
TOLD = tuple(cause for cause in CAUSES if cause not in CONCLUDED)
"""Those that a line may tell, and a signature of deaths.toml may name."""

KILLED_FOR_MEMORY = frozenset({"kernel-oom-kill-cgroup", "kernel-oom-kill-global", "oom-killed-report", "guard-kill"})
"""Somebody says that it was killed, and that it was for its memory."""
OF_MEMORY = KILLED_FOR_MEMORY | {"go-out-of-memory", "memory-limit-spiral"}
"""It ended for want of memory."""
NO_DEATHS = frozenset({"alive", "log-cut-off", "unknown", ON_PURPOSE})
"""Nobody says that it died, or it ended as it was to."""
UNEXPLAINED_KILLS = frozenset({"exit-137", "sigkill"})
"""A kill of which nobody says the reason, which is memory more often than not."""
MEMORY_MAY_EXPLAIN = OF_MEMORY | UNEXPLAINED_KILLS
"""Ends of which the memory is to be told."""
