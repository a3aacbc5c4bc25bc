"""What the stacks of a crash report tell: whose code it was, which allocation was refused, and what was growing.

Frames of a map that grew, release by release: go/src/runtime/hashmap.c (to 1.4), hashmap.go, map.go (to 1.23) and
internal/runtime/maps (since 1.24); of slices slice.go; sizes are arguments of malloc.go and mcache.go.
"""

from __future__ import annotations

import re
from typing import Any

from gctail.parsing.dumps import Stacks
from gctail.records import Frame, Goroutine

MOST_FRAMES_TOLD = 8

_STANDARD = frozenset((  # the first word of the standard library's packages
    "archive", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto", "database", "debug", "embed",
    "encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "internal", "io", "iter",
    "log", "maps", "math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "slices", "sort",
    "strconv", "strings", "structs", "sync", "syscall", "testing", "text", "time", "unicode", "unique", "unsafe",
    "vendor", "weak",
))  # fmt: skip
_SIZE_ARGUMENT = {  # which argument of the runtime's functions is a number of bytes
    "runtime.mallocgc": 0, "runtime.mallocgcTiny": 0, "runtime.mallocgcSmallNoscan": 0, "runtime.mallocgcLarge": 0,
    "runtime.mallocgcSmallScanNoHeader": 0, "runtime.mallocgcSmallScanHeader": 0, "runtime.largeAlloc": 0,
    "runtime.(*mcache).allocLarge": 1, "runtime.rawbyteslice": 0, "runtime.rawstring": 0, "cnew": 1,
}  # fmt: skip
_CERTAIN_HEX = re.compile(r"0x([0-9a-f]{1,16})$")
LARGE_OBJECT_BYTES = 32 << 10
"""Larger objects get spans of their own (malloc.go, maxSmallSize)."""
LEAST_ASK_BYTES = 4 << 20
"""The heap grows by at least so much since Go 1.14 (mheap.go, grow): a larger ask is one large object."""

_SWISS = re.compile(r"internal/runtime/maps\.\(\*(?:table|Map)\)\.(?:rehash|split|grow|growToTable|growToSmall)$")
_CLASSIC = re.compile(r"(?:runtime\.)?(?:hashGrow|hash_grow|growWork\w*|evacuate\w*|hash_insert_internal)$")
_SLICE = re.compile(
    r"(?:runtime\.)?(?:growslice\w*|appendslice)$|bytes\.(?:growSlice|makeSlice|\(\*Buffer\)\.(?:grow|Grow|ReadFrom))$"
    r"|strings\.\(\*Builder\)\.(?:grow|Grow)$|slices\.(?:Grow|Insert|AppendSeq)"
)
_MAKE = re.compile(
    r"(?:runtime\.)?(?:make(?:slice|map|chan)\w*|newarray|c?newarray|rawbyteslice|rawstring\w*|concatstrings?\w*"
    r"|slicebytetostring|stringtoslice(?:byte|rune))$|internal/runtime/maps\.NewMap$|internal/bytealg\.MakeNoZero$"
)

_GROWTHS = (  # by which functions, and whether only a large object tells (a swiss map's tables are always small)
    ("map-growth-swiss", _SWISS, False),
    ("map-growth-classic", _CLASSIC, True),
    ("slice-growth", _SLICE, True),
)


def _guilty(stacks: Stacks) -> tuple[Frame, ...]:
    """The frames of the thread and the goroutine that asked for memory, innermost first."""
    first = stacks.goroutines[0].frames if stacks.goroutines else ()
    return stacks.runtime_stack + first


def what_stacks_tell(stacks: Stacks) -> dict[str, Any]:
    """How many goroutines there were (`goroutines`), and the guilty one's innermost own calls (`frames`)."""
    told: dict[str, Any] = {"goroutines": stacks.count}
    first = stacks.goroutines[0] if stacks.goroutines else None
    frames = _application_frames(first) if first is not None else []
    if frames:
        told["frames"] = frames
    return told


def _application_frames(goroutine: Goroutine) -> list[str]:
    """The innermost calls of the application's own code and its libraries, as `function file:line`."""
    own = [frame for frame in goroutine.frames if _is_application(frame)]
    return [f"{frame.function} {frame.file}:{frame.line}" for frame in own[:MOST_FRAMES_TOLD]]


def _is_application(frame: Frame) -> bool:
    function = frame.function
    if function.startswith("golang.org/x/"):
        return True
    package = function.split("/", 1)[0].split(".", 1)
    first = package[0] if "/" not in function else function.split("/", 1)[0]
    return "." in function and first not in _STANDARD


def allocation(stacks: Stacks, ask_bytes: int | None) -> dict[str, Any]:
    """The allocation that was refused: its size where a frame surely shows it, and what grew."""
    frames = _guilty(stacks)
    sizes = [size for frame in frames if (size := _size_bytes(frame)) is not None]
    told: dict[str, Any] = {"growth": _growth(frames, max(sizes, default=None), ask_bytes)}
    if sizes:
        told["size_bytes"] = max(sizes)
    refused = next(
        (_argument(frame, 1) for frame in frames if frame.function in {"runtime.sysMap", "runtime.SysMap"}), None
    )
    if refused is not None:
        told["refused_bytes"] = refused
    return told


def _size_bytes(frame: Frame) -> int | None:
    position = _SIZE_ARGUMENT.get(frame.function)
    return None if position is None else _argument(frame, position)


def _argument(frame: Frame, position: int) -> int | None:
    """An argument in hex; None where it is not certain (`0x36?`: since Go 1.18, a register that may be stale)."""
    arguments = frame.arguments.split(", ")
    found = _CERTAIN_HEX.match(arguments[position]) if position < len(arguments) else None
    return int(found[1], 16) if found is not None else None


def _growth(frames: tuple[Frame, ...], size_bytes: int | None, ask_bytes: int | None) -> str:
    """What grew, by the functions on the stack. A map or slice that grows in small steps is one of many."""
    functions = [frame.function for frame in frames]
    large = size_bytes is None or size_bytes > LARGE_OBJECT_BYTES
    for growth, pattern, counts in _GROWTHS:
        if (large or not counts) and any(pattern.match(function) for function in functions):
            return growth
    if size_bytes is None and any(_MAKE.match(function) for function in functions):
        return "big-make"
    size_bytes = ask_bytes if size_bytes is None else size_bytes
    if size_bytes is None or not functions:
        return "unknown"
    return "big-make" if size_bytes > LEAST_ASK_BYTES else "many-small-objects"
