"""The kernel's own report of an out-of-memory kill, from Linux 2.6 to 6.x, in whatever order a log gives its lines.

    payments invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
    memory: usage 524288kB, limit 524288kB, failcnt 115
    [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
    [  23793]     0 23793   655928   126942  5226496   519670             0 payments
    oom-kill:constraint=CONSTRAINT_MEMCG,…,oom_memcg=/docker/4bcb,task_memcg=/docker/4bcb,task=payments,pid=23793,uid=0
    Memory cgroup out of memory: Killed process 23793 (payments) total-vm:2623712kB, anon-rss:506500kB, …
    oom_reaper: reaped process 23793 (payments), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB

Source: linux/mm/oom_kill.c (`dump_header`, `dump_tasks`, `dump_oom_summary`, `__oom_kill_process`, `oom_reap_task`) and
mm/memcontrol.c (`mem_cgroup_print_oom_meminfo`). The decisive lines are signatures in data/deaths.toml; what a whole
report says is in kernel_kill.py.
"""

from __future__ import annotations

import re
from typing import Any

from gctail.parsing.deaths import MOST_LINES_KEPT, Step
from gctail.parsing.kernel_kill import ANNOUNCED, KILLED, MOST_TASKS_TOLD, Kill, death_of
from gctail.parsing.signatures import Known, recognise
from gctail.records import Death

MOST_LINE_BYTES = 4096
MOST_FOREIGN_LINES = 64
"""Other lines of the kernel between two lines of one report."""
MOST_HELD_LINES = 256
MOST_KILLS_REMEMBERED = 128
MOST_TASKS_KEPT = 64
PAGE_KIB = 4
"""The task table counts pages; 4 KiB is right everywhere but on ARM and POWER kernels with 64 KiB pages."""

# [10891070.898950]   [Wed May  4 17:04:11 2016]   [三 5月  4 17:04:11 2016]   <4>[  142.890123]
_BRACKETS = rb"(?:<\d{1,3}>)?(?:\[[^\]\n]{4,40}\] )?(?:kernel: )?(?:\[ {0,12}\d{1,12}\.\d{3,9}\] )?"
_PREFIX = re.compile(
    r"[ \t>]*+(?:.{0,120}?\bkernel: )?(?:<\d{1,3}>)?"
    r"(?:\[ {0,12}(?P<uptime_s>\d{1,12}\.\d{3,9})\] {0,2}|\[\D[^\]]{8,40}\] )?"
)
_CONTEXT = (
    re.compile(r"Task in (?P<cgroup>/.{0,1000}?) killed as a result of limit of (?P<oom_cgroup>/.{0,1000})$"),
    re.compile(
        r"memory: usage (?P<usage_kib>\d{1,20})kB, limit (?P<limit_kib>\d{1,20})kB, failcnt (?P<failcnt>\d{1,20})"
    ),
    re.compile(r"(?:memory\+swap|swap): usage (?P<swap_usage_kib>\d{1,20})kB, limit (?P<swap_limit_kib>\d{1,20})kB"),
    re.compile(r"Memory cgroup stats for (?P<oom_cgroup>/.{0,1000}?):"),
    re.compile(r"Tasks in (?P<oom_cgroup>/.{0,1000}?) are going to be killed due to memory\.oom\.group set"),
)
_MORE_OF_KILLED = re.compile(  # the rest of a `Killed process` line that was wrapped
    r"\s*(?:anon-rss:(?P<anon_rss_kib>\d{1,20})kB,? ?)?(?:file-rss:(?P<file_rss_kib>\d{1,20})kB,? ?)?"
    r"(?:shmem-rss:(?P<shmem_rss_kib>\d{1,20})kB,? ?)?(?:UID:(?P<uid>\d{1,10}),? ?)?"
    r"(?:pgtables:(?P<pgtables_kib>\d{1,20})kB,? ?)?(?:oom_score_adj:(?P<oom_score_adj>-?\d{1,6}))?\s*$"
)
_TABLE_HEAD = re.compile(r"\[ {0,4}pid {0,4}\] +(?P<columns>uid .{0,200}\bname)\s*$")
_TABLE_ROW = re.compile(r"\[ {0,10}(?P<pid>\d{1,10})\] +(?P<columns>\d.{0,300})$")
_NOISE = re.compile(  # what else dump_header prints: registers, call trace, Mem-Info, slabs, cgroup statistics
    r"CPU: \d|Hardware name:|Call Trace:|Workqueue:|(?:RIP|RSP|RAX|RDX|RBP|R\d\d|CR2|FS|CS|Code|PC|LR|pc|lr|sp) ?:"
    r"| ?(?:\[<[0-9a-f]{8,16}>\] )?\??\s?[\w.]{1,80}\+0x[0-9a-f]{1,8}/0x|</?TASK>|</?IRQ>|x\d{1,2} ?: "
    r"|Mem-Info:|\s*(?:(?:in)?active_(?:anon|file)|isolated|unevictable|slab|mapped|free|dirty|writeback)\w*[: ]"
    r"|\s*(?:sec_pagetables|kernel_misc)\w*:|Node \d|(?:DMA|DMA32|Normal|HighMem|Movable)\b.{0,20}(?:free|per-cpu)?:"
    r"|lowmem_reserve|protections?\[\]:|CPU +\d{1,4}: (?:hi|usd)"
    r"|\d{1,12} (?:total pagecache|pages|reserved|swap cache|slab|free)\b|Swap cache stats:|(?:Free|Total) swap\b"
    r"|Unreclaimable slab|Name +Used +Total|[\w.-]{1,40} {2,}\d{1,12}KB +\d{1,12}KB|Tasks state \(memory|kmem: usage"
    r"|[a-z_]{2,40} \d{1,20}$|cache:\d|.{1,64} cpuset=|Out of memory and no killable"
    r"|Memory cgroup out of memory: OOM victim|oom_kill_process|dump_header"
)
_OF_THE_GROUP = ("constraint", "oom_cgroup", "usage_kib", "limit_kib", "failcnt", "invoked_by")


class KernelReader:
    """Reads kernel messages line by line: one kill is one Death, however many lines tell of it.

    Where a kill's own report came before its `Killed process` line the Death is handed out with that line; a `Killed
    process` line by itself waits for the next line, because in a log that is newest-first the report follows.
    """

    START = (  # the looks at the first character keep a scanner quick: most lines leave there
        rb"(?=[A-Za-z(./_<\[])(?:(?=[OMmTkKop<\[])(?:(?=[<\[k])" + _BRACKETS + rb")?"
        rb"(?:oom-kill:constraint=|Out of [Mm]emory(?: \([^)\n]{1,60}\))?: [Kk]ill|Memory cgroup out of memory"
        rb"|[Kk]illed process \d|oom_reaper: reaped|Tasks? in /|\[ {0,4}pid {0,4}\] +uid|Memory cgroup stats for "
        rb"|memory: usage \d{1,20}kB|pid \d{1,10} \([^\n]{1,64}?\)(?:, jid \d{1,10})?, uid \d{1,10},? was killed: "
        rb"|[^ \n]{1,16}+ invoked oom-killer: )|[^ \n]{1,16}+ invoked oom-killer: )"
    )

    def __init__(self) -> None:
        self._kill: Kill | None = None
        self._group: dict[str, Any] = {}  # of the last kill: whose limit it was, for those that are killed with it
        self._in_group = False
        self._remembered: dict[str, None] = {}
        self._last: tuple[str, str | None] = ("", None)
        self._last_uptime_s: float | None = None
        self._descending = False

    @property
    def busy(self) -> bool:
        """A report is open: the next line must be offered to it."""
        return self._kill is not None

    def starts(self, line: bytes) -> bool:
        """This line may begin, or be all of, a report of a kill."""
        return _STARTS.match(line) is not None

    def feed(self, line: bytes) -> Step:
        """Offer a line: the first one because it `starts` a report, then every line while the reader is `busy`."""
        text = line[:MOST_LINE_BYTES].decode("utf-8", "replace").rstrip("\r\n")
        prefix = _PREFIX.match(text)
        uptime_s = None
        if prefix is not None:
            uptime_s, text = prefix["uptime_s"], text[prefix.end() :]
        self._direction(uptime_s)
        told = recognise(text.strip(), "kernel")
        if told is not None:
            if (text, uptime_s) == self._last:  # journal and dmesg in one file
                return Step(taken=True, open=self.busy)
            self._last = (text, uptime_s)
            return self._decisive(line, text.strip(), *told, uptime_s)
        return self._other(line, text)

    def flush(self) -> Step:
        """The input ends, or nothing has come for a while."""
        return self._close(taken=False) if self._kill is not None else Step(taken=False, open=False)

    # -- lines that name a victim

    def _decisive(self, line: bytes, text: str, known: Known, facts: dict[str, Any], uptime_s: str | None) -> Step:
        name = known.signature.name
        if uptime_s is not None:
            facts["kernel_uptime_s"] = float(uptime_s)
        if name == "kernel-reaped":
            return self._reaped(line, text, known, facts)
        done = self._begins_next(name, facts) or Step(taken=True, open=True)
        kill = self._kill
        if kill is None:
            kill = self._kill = Kill()
            if name in KILLED and self._in_group:
                kill.facts = dict(self._group)
        self._in_group &= name in KILLED
        self._tell(kill, line, text, known, facts)
        complete = kill.announced and not kill.backwards if name in KILLED else name == "kernel-invoked" and kill.killed
        return self._close(taken=True) if complete else Step(taken=True, open=True, record=done.record, back=done.back)

    def _begins_next(self, name: str, facts: dict[str, Any]) -> Step | None:
        """Close the open kill where this line is about another one. None where there is none, or it is the same."""
        kill = self._kill
        if kill is None:
            return None
        same = kill.facts.get("pid") in {None, facts.get("pid")}
        if name in KILLED:
            other = kill.killed or (not same and (kill.backwards or "kernel-reaped" in kill.names))
        elif name == "kernel-invoked":
            other = not kill.backwards and not (kill.killed and self._descending)
        else:
            kill.backwards |= kill.killed and same
            other = not same
        return self._close(taken=True) if other else None

    def _reaped(self, line: bytes, text: str, known: Known, facts: dict[str, Any]) -> Step:
        """After a kill that has been told it says nothing new; before one (newest-first) it announces it."""
        kill = self._kill
        if kill is not None and kill.facts.get("pid") == facts["pid"]:
            self._tell(kill, line, text, known, facts)
            return self._close(taken=True) if kill.killed and not kill.backwards else Step(taken=True, open=True)
        if f"{facts['pid']}/{facts['process']}" in self._remembered:
            return Step(taken=True, open=kill is not None)
        done = self._close(taken=True) if kill is not None else None
        self._kill = Kill()
        self._kill.backwards = True
        self._tell(self._kill, line, text, known, facts)
        return Step(taken=True, open=True, record=done.record if done else None, back=done.back if done else ())

    def _tell(self, kill: Kill, line: bytes, text: str, known: Known, facts: dict[str, Any]) -> None:
        """Add what the line says. What was killed counts more than what was chosen, and both more than the rest."""
        name = known.signature.name
        first = name in KILLED or (name in ANNOUNCED and not kill.killed)
        kill.facts = {**kill.facts, **facts} if first else {**facts, **kill.facts}
        if first or not kill.text:
            kill.text = text
        kill.names.append(name)
        kill.causes[name] = known.signature.cause
        self._keep(kill, line, text)

    # -- the rest of a report

    def _other(self, line: bytes, text: str) -> Step:
        kill = self._kill
        if kill is None:
            if not self.starts(line):
                return Step(taken=False, open=False)
            kill = self._kill = Kill()
        if self._more_of_killed(kill, text):
            return Step(taken=True, open=True)
        waits = kill.killed and not kill.backwards
        if self._take_context(kill, text):
            kill.backwards |= kill.killed
        elif waits:
            return self._close(taken=False)
        elif not _NOISE.match(text):
            kill.foreign += 1
            return self._close(taken=False) if kill.foreign > MOST_FOREIGN_LINES else Step(taken=False, open=True)
        kill.foreign = 0
        self._keep(kill, line, text)
        return self._close(taken=True) if len(kill.held) > MOST_HELD_LINES else Step(taken=True, open=True)

    def _more_of_killed(self, kill: Kill, text: str) -> bool:
        """The rest of a `Killed process` line that was wrapped."""
        found = _MORE_OF_KILLED.match(text) if kill.killed and not kill.backwards and text.strip() else None
        if found is None:
            return False
        kill.facts |= {name: int(value) for name, value in found.groupdict().items() if value is not None}
        kill.text += " " + text.strip()
        kill.lines.append(text)
        return True

    def _take_context(self, kill: Kill, text: str) -> bool:
        bare = text.strip()
        for pattern in _CONTEXT:
            found = pattern.match(bare)
            if found is not None:
                told = {
                    key: int(value) if key.endswith("_kib") or key == "failcnt" else value
                    for key, value in found.groupdict().items()
                }
                kill.facts = {**told, **kill.facts}
                if bare.startswith("Tasks in "):
                    self._in_group, kill.facts = True, {**self._group, **kill.facts}
                return True
        return self._take_table(kill, bare)

    def _take_table(self, kill: Kill, text: str) -> bool:
        head = _TABLE_HEAD.match(text)
        if head is not None:
            kill.columns = head["columns"].split()
            return True
        row = _TABLE_ROW.match(text)
        if row is None:
            return False
        if kill.columns is not None and "rss" in kill.columns:
            cells = row["columns"].split(None, len(kill.columns) - 1)
            rss = cells[kill.columns.index("rss")] if len(cells) == len(kill.columns) else ""
            if rss.isdecimal():
                kill.tasks.append((int(rss) * PAGE_KIB, int(row["pid"]), cells[-1]))
                if len(kill.tasks) > MOST_TASKS_KEPT:
                    kill.tasks = sorted(kill.tasks, reverse=True)[:MOST_TASKS_TOLD]
        return True

    def _keep(self, kill: Kill, line: bytes, text: str) -> None:
        if len(kill.lines) < MOST_LINES_KEPT:
            kill.lines.append(text)
        if not kill.names:
            kill.held.append(line)

    def _direction(self, uptime_s: str | None) -> None:
        if uptime_s is not None:
            now = float(uptime_s)
            if self._last_uptime_s is not None and now != self._last_uptime_s:
                self._descending = now < self._last_uptime_s
            self._last_uptime_s = now

    # -- the end

    def _close(self, *, taken: bool) -> Step:
        kill, self._kill = self._kill, None
        if kill is None or not kill.names:
            return Step(taken, open=False, back=tuple(kill.held) if kill is not None else ())
        if kill.announced:
            self._group = {key: kill.facts[key] for key in _OF_THE_GROUP if key in kill.facts}
        death = death_of(kill)
        if self._is_known(death, kill):
            return Step(taken, open=False)
        return Step(taken, open=False, record=death)

    def _is_known(self, death: Death, kill: Kill) -> bool:
        """A kill told twice (dmesg and journal in one file), or once more with less."""
        whole, short = death.details["kill_id"], f"{death.details.get('pid')}/{death.details.get('process')}"
        known = whole in self._remembered or (not kill.killed and short in self._remembered)
        for key in (whole, short):
            self._remembered[key] = None
        while len(self._remembered) > MOST_KILLS_REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)))
        return known


_STARTS = re.compile(rb"[ \t>]*+" + KernelReader.START)
