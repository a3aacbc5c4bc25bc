"""The heap as a program tells it over several lines: one sample per block, and per process in it.

    # TYPE go_memstats_heap_alloc_bytes gauge                    Prometheus and OpenMetrics exposition
    go_memstats_heap_alloc_bytes{instance="a:80"} 1.23e+07 1395066363000
    /gc/heap/live:bytes 19899056                                 a dump of runtime/metrics, one name a line
    # runtime.MemStats                                           the tail of a heap profile in text form
    # Alloc = 20014344
    "memstats": {                                                expvar, pretty-printed
    HeapAlloc: 12 MB                                             one pair a line, with other names on the next lines

Other goroutines may write between the lines of a block; a block is over after `MOST_FOREIGN` lines that are not its
own, when a name comes again, or at its own end (`# EOF`, the closing brace).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import orjson
from msgspec import Struct

from gctail.parsing.metrics import MOST_TEXT_CHARACTERS, known_pairs, may_be_sample, read_json, read_sample, read_text
from gctail.parsing.metrics_draft import Draft
from gctail.parsing.metrics_names import meaning_of
from gctail.parsing.text import plain
from gctail.records import HeapSample

MOST_FOREIGN = 4
MOST_PASSED = 4096
"""Lines of other metrics in one exposition; whatever the Go runtime has to say stands together."""
MOST_INSTANCES = 64
MOST_INSTANCE_CHARACTERS = 256
MOST_BLOCK_BYTES = 1 << 18
MOST_HELD_LINES, MOST_HELD_BYTES = 2048, MOST_BLOCK_BYTES
"""Lines kept until a heap is found among them: if none is, they were the application's."""
MOST_LINE_BYTES = 1 << 13

# {instance="10.0.0.1:9090",job="api"}
_LABELS = r'\{((?>(?:[^"{}]++|"[^"\\]*+(?>(?:\\.[^"\\]*+)*)")*))\}'
_SERIES = re.compile(
    r"([A-Za-z_:][\w:]{0,127}+)(?:"
    + _LABELS
    + r")?[ \t]++([^\s#]{1,64}+)(?:[ \t]++(-?\d{1,20}+(?:\.\d{1,9}+)?))?[ \t]*+(?:#.*)?",
    re.DOTALL,
)
_LABEL = re.compile(r'([A-Za-z_]\w{0,63}+)="((?>(?:[^"\\]|\\.){0,200}))')
_COMMENT = re.compile(r"# (?:HELP|TYPE|UNIT) ([A-Za-z_:][\w:]{0,127}+)")
_NOT_OF_INSTANCE = frozenset(("quantile", "version", "le", "__name__", "type", "cause", "reason"))
# /gc/heap/live:bytes 19899056    "/gc/heap/goal:bytes": 39990290,    /gc/gogc:percent cumulative=false 100
_METRIC = re.compile(
    r'[ \t]*+["\']?(/[a-z][\w/-]{2,95}+:[a-z-]{3,16})["\']?[ \t:=,]*+(?:cumulative=\w{4,5} )?(?:Value:)?(.*)', re.DOTALL
)
_NUMBER = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?")
# of a profile's tail: `# HeapAlloc = 20014344`
_PROFILE = re.compile(r"# ([A-Z]\w{1,31}) = (\[|[\d.e+-]{1,32}|true|false)?")
_JSON_HEAD = re.compile(rb'[ \t]*+\{?[ \t]*+"[Mm]em_?[Ss]tats":[ \t]*+(?=\{)')
_JSON_LINE = re.compile(rb'[ \t]*+(?:[\]}\[{",]|-?\d)')
_JSON_MARKS = re.compile(rb'"[^"\\]*+(?>(?:\\.[^"\\]*+)*)"?|[{}\[\]]')
_DEEPER, _HIGHER = frozenset((b"{", b"[")), frozenset((b"}", b"]"))


class SampleStep(Struct, frozen=True):
    """What became of a line, as in deaths.py: but several processes may speak in one block.

    `taken`: the line is part of a block that nobody wrote for readers. Not taken: the caller handles it like any other.
    `records`: samples that are complete (before this line where it was not taken). `back`: lines that came earlier and
    told of no heap after all, in order.
    """

    taken: bool
    open: bool
    records: tuple[HeapSample, ...] = ()
    back: tuple[bytes, ...] = ()


class _Block:
    """A block that is being read."""

    def __init__(self, kind: str, source: str) -> None:
        self.kind, self.source = kind, source
        self.drafts: dict[str, Draft] = {}
        self.held: list[bytes] = []
        self.held_bytes = 0
        self.text: list[bytes] = []
        self.foreign = 0
        self.passed = 0
        self.depth = 0

    @property
    def is_fresh(self) -> bool:
        """Nothing has been taken into it."""
        return not (self.drafts or self.held or self.text)

    def draft(self, instance: str = "") -> Draft | None:
        """The readings of one process; None for one too many."""
        known = self.drafts.get(instance)
        if known is None and len(self.drafts) < MOST_INSTANCES:
            known = self.drafts[instance] = Draft()
        return known

    def samples(self) -> tuple[HeapSample, ...]:
        made = (draft.sample(self.source, instance or None) for instance, draft in self.drafts.items())
        return tuple(sample for sample in made if sample is not None)

    @property
    def has_heap(self) -> bool:
        return any(draft.has_heap for draft in self.drafts.values())


class SampleReader:
    """Reads heap samples from the lines of one stream: single lines and blocks.

    Lines come without their newline and without what a wrapper put in front. Of a single line the sample comes at once,
    and the line stays the application's. Who reads live calls `flush` after a silence, since a block without an end of
    its own waits for what comes after it.
    """

    START = (
        rb"[ \t]*+(?=[#g/p\"'{])(?:# (?:HELP|TYPE|UNIT) (?:go|process)_|# runtime\.MemStats|go_[a-z]\w{2,64}+[ {]"
        rb"|process_(?:resident|start|cpu|open|virtual|max)_\w{3,32}+[ {]"
        rb"|[\"']?/(?:gc|memory/classes|sched|cpu/classes|cgo)/[\w/-]{3,64}+:[a-z]"
        rb"|\{?[ \t]*+\"[Mm]em_?[Ss]tats\":[ \t]*+\{)"
    )

    def __init__(self) -> None:
        self._block: _Block | None = None
        self._readers: dict[str, Callable[[_Block, bytes], SampleStep]] = {
            "exposition": self._in_exposition,
            "metrics": self._in_metrics,
            "profile": self._in_profile,
            "pairs": self._in_pairs,
            "json": self._in_json,
        }

    @property
    def busy(self) -> bool:
        """A block is open: the next line must be offered to it."""
        return self._block is not None

    def starts(self, line: bytes) -> bool:
        """Whether the line may tell of a heap, or begin a block that does."""
        return _START(line) is not None or may_be_sample(line)

    def feed(self, line: bytes) -> SampleStep:
        """One line, which `starts`, or any while `busy`."""
        block = self._block
        if block is None:
            return self._open(line)
        return self._readers[block.kind](block, line)

    def flush(self) -> SampleStep:
        """No more lines: what is open ends here."""
        block = self._block
        return SampleStep(taken=False, open=False) if block is None else self._finish(block, taken=False)

    # -- beginnings

    def _open(self, line: bytes) -> SampleStep:
        begun = _START(line)
        if begun is None:
            return self._single(line)
        head = begun[0].lstrip(b" \t{\"'")
        if head.startswith((b"mem", b"Mem")):
            return self._open_json(line)
        if head.startswith(b"/"):
            self._block = _Block("metrics", "runtime-metrics")
        elif head.startswith(b"# runtime"):
            self._block = _Block("profile", "memstats")
            return self._took(self._block, line)
        else:
            self._block = _Block("exposition", "prometheus")
        step = self.feed(line)
        return step if step.open else self._single(line)

    def _single(self, line: bytes) -> SampleStep:
        """A line of the application's own: one pair may have others on the next lines, several are all there is."""
        found = known_pairs(_text(line)) if not line.lstrip().startswith(b"{") else []
        if len(found) == 1:
            self._block = _Block("pairs", "logged")
            return self._in_pairs(self._block, line)
        sample = read_sample(line)
        return SampleStep(taken=False, open=False, records=() if sample is None else (sample,))

    # -- what goes on

    def _in_exposition(self, block: _Block, line: bytes) -> SampleStep:
        text = _text(line).strip()
        comment = _COMMENT.match(text)
        if comment is not None:
            if _is_ours(comment[1]):
                return self._took(block, line)
            return self._passed(block)
        if text == "# EOF":
            return self._finish(block, taken=True)
        series = _SERIES.fullmatch(text)
        if series is None:
            return self._passed(block) if not text else self._foreign(block, line)
        return self._series(block, line, series) if _is_ours(series[1]) else self._passed(block)

    def _series(self, block: _Block, line: bytes, series: re.Match[str]) -> SampleStep:
        name, labels, value, stamp = series.groups()
        name = name[max(0, name.find("go_memstats_")) :]  # some put a name space in front
        instance = _instance(labels) if labels else ""
        draft = block.draft(instance)
        if draft is None or meaning_of(name) is None or _NUMBER.fullmatch(value) is None:
            return self._took(block, line)
        if name in draft.names:
            return self._again(block, line)
        draft.take(name, float(value))
        if stamp is not None:
            moment = float(stamp)
            draft.time_s = moment / 1e3 if moment > 1e11 else moment  # OpenMetrics has seconds, Prometheus ms
        return self._took(block, line)

    def _in_metrics(self, block: _Block, line: bytes) -> SampleStep:
        text = _text(line)
        found = _METRIC.match(text)
        if found is None:
            is_bucket = text[:1] in " \t[" and text.strip()[:1] in set("[0123456789-+{}]")
            return self._took(block, line) if is_bucket else self._foreign(block, line)
        draft = block.draft() or Draft()
        number = _NUMBER.match(found[2].strip())
        if number is not None and meaning_of(found[1]) is not None:
            if found[1] in draft.names:
                return self._again(block, line)
            draft.take(found[1], float(number[0]))
        return self._took(block, line)

    def _in_profile(self, block: _Block, line: bytes) -> SampleStep:
        found = _PROFILE.match(_text(line).strip())
        if found is None:
            return self._foreign(block, line)
        draft = block.draft() or Draft()
        name = "StackInuse" if found[1] == "Stack" else found[1]
        if name in draft.names:
            return self._again(block, line)
        if found[2] and _NUMBER.fullmatch(found[2]):
            draft.take(name, float(found[2]))
        return self._took(block, line)

    def _in_pairs(self, block: _Block, line: bytes) -> SampleStep:
        """A line with one pair; it stays the application's."""
        found = known_pairs(_text(line)) if b"=" in line or b":" in line else []
        draft = block.draft() or Draft()
        if not found:
            return self._foreign(block, line)
        if len(found) > 1 or found[0][0] in draft.names:
            return self._again(block, line)
        draft.take(*found[0])
        block.foreign = 0
        return SampleStep(taken=False, open=True)

    # -- JSON

    def _open_json(self, line: bytes) -> SampleStep:
        sample = read_sample(line)
        if sample is not None:
            return SampleStep(taken=True, open=False, records=(sample,))
        head = _JSON_HEAD.match(line)
        block = _Block("json", "expvar")
        self._block = block
        return self._in_json(block, line, 0 if head is None else head.end())

    def _in_json(self, block: _Block, line: bytes, start: int = 0) -> SampleStep:
        """A line of pretty-printed JSON; `start` is where the object begins in the first one."""
        if _JSON_LINE.match(line) is None:
            return self._foreign(block, line) if line.strip() else self._passed(block)
        block.foreign = 0
        end = _closing(block, line, start)
        block.text.append(line[start:end])
        if end is not None or block.held_bytes + len(line) > MOST_BLOCK_BYTES:
            return self._finish(block, taken=True)
        self._hold(block, line)
        return SampleStep(taken=True, open=True)

    # -- ends

    def _hold(self, block: _Block, line: bytes) -> None:
        block.held.append(line)
        block.held_bytes += len(line)

    def _took(self, block: _Block, line: bytes) -> SampleStep:
        block.foreign = 0
        if block.has_heap:
            block.held = []
            return SampleStep(taken=True, open=True)
        self._hold(block, line)
        if len(block.held) > MOST_HELD_LINES or block.held_bytes > MOST_HELD_BYTES:
            back, block.held, block.held_bytes = tuple(block.held[:-1]), block.held[-1:], len(line)
            return SampleStep(taken=True, open=True, back=back)
        return SampleStep(taken=True, open=True)

    def _passed(self, block: _Block) -> SampleStep:
        """A line that belongs to the block and tells us nothing: other metrics, an empty line."""
        block.passed += 1
        if block.passed > MOST_PASSED:
            return self._finish(block, taken=False)
        block.foreign = 0
        return SampleStep(taken=False, open=True)

    def _foreign(self, block: _Block, line: bytes) -> SampleStep:
        """A line from somewhere else. It may tell of a heap by itself."""
        if block.is_fresh:
            self._block = None
            return SampleStep(taken=False, open=False)
        block.foreign += 1
        if block.foreign > MOST_FOREIGN or (block.kind != "json" and self.starts(line)):
            return self._again(block, line)
        return SampleStep(taken=False, open=True)

    def _again(self, block: _Block, line: bytes) -> SampleStep:
        """The block is over, and this line may begin the next."""
        ended = self._finish(block, taken=False)
        if not self.starts(line):
            return ended
        begun = self._open(line)
        return SampleStep(begun.taken, begun.open, ended.records + begun.records, ended.back + begun.back)

    def _finish(self, block: _Block, *, taken: bool) -> SampleStep:
        self._block = None
        records = _json_samples(block) if block.kind == "json" else block.samples()
        back = () if records else tuple(block.held)
        return SampleStep(taken and bool(records), open=False, records=records, back=back)


_START = re.compile(SampleReader.START).match


def _text(line: bytes) -> str:
    return plain(line[:MOST_LINE_BYTES]).decode("utf-8", "replace")


def _is_ours(name: str) -> bool:
    """Whether the metric is the Go runtime's or its process's; of other metrics of the exposition we want nothing."""
    return name.startswith(("go_", "process_")) or "go_memstats_" in name


def _instance(labels: str) -> str:
    """The labels that tell one process from another, in alphabetical order."""
    kept = sorted((name, value) for name, value in _LABEL.findall(labels) if name not in _NOT_OF_INSTANCE)
    return ",".join(f"{name}={value}" for name, value in kept)[:MOST_INSTANCE_CHARACTERS]


def _closing(block: _Block, line: bytes, start: int) -> int | None:
    """Where in the line the object ends that the block reads; None where it goes on."""
    for mark in _JSON_MARKS.finditer(line, start):
        if mark[0] in _DEEPER:
            block.depth += 1
        elif mark[0] in _HIGHER:
            block.depth -= 1
            if block.depth <= 0:
                return mark.end()
    return None


def _json_samples(block: _Block) -> tuple[HeapSample, ...]:
    """What pretty-printed JSON says; of JSON that was cut off or torn, its pairs."""
    text = b"\n".join(block.text)
    try:
        found = orjson.loads(text)
    except ValueError:
        draft = Draft()
        read_text(draft, text[:MOST_TEXT_CHARACTERS].decode("utf-8", "replace"))
        sample = draft.sample("logged")
    else:
        sample = read_json({"memstats": found})
    return () if sample is None else (sample,)
