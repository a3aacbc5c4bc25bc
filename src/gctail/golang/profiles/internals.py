"""Which functions of the runtime and the standard library make a container grow, and whose function is whose.

Go hides the runtime's own frames at the top of heap profiles (`hideRuntime` in runtime/pprof/protomem.go), so a map
shows itself only where another tool took the profile, where all frames are the runtime's, or where a package of the
standard library stands between; which container a line fills is otherwise known from the source (`--source`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gctail.golang.profiles.values import Frame

MACHINERY: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("map", re.compile(
        # Go to 1.23: a table of buckets
        r"runtime\.(?:mapassign|hashGrow|growWork|evacuate|makemap|makeBucketArray|newoverflow|\(\*hmap\))"
        # since Go 1.24: groups in tables in a directory
        r"|internal/runtime/maps\.(?:\(\*(?:Map|table)\)\.|new(?:table|Groups|array)|New|runtime_mapassign|clone)"
        r"|reflect\.(?:mapassign|MakeMap|Value\.SetMapIndex)|maps\.(?:Clone|Copy|Insert|Collect)\b")),
    ("sync.Map", re.compile(r"sync\.\(\*Map\)|internal/(?:sync|concurrent)\.\(\*HashTrieMap|sync\.newEntry")),
    ("list", re.compile(r"container/(?:list|ring|heap)\.")),
    ("buffer", re.compile(r"bytes\.(?:growSlice|makeSlice|\(\*Buffer\))|strings\.\(\*Builder\)|io\.ReadAll|bufio\.")),
    ("slice", re.compile(
        r"runtime\.growslice|slices\.(?:Grow|Insert|Append|Concat|Collect)|reflect\.(?:Append|growslice)")),
    ("goroutine", re.compile(r"runtime\.(?:malg|newproc|allgadd|gfget)")),
    ("timer", re.compile(r"time\.(?:After|NewTimer|NewTicker|Tick|newTimer|AfterFunc)\b")),
    ("string", re.compile(r"runtime\.(?:concatstring|rawstring|slicebytetostring|stringtoslice)|strings\.Clone")),
)  # fmt: skip
"""By what grows: the frames above the program's own line that show it; the first kind that fits decides."""

STANDARD = frozenset({
    "archive", "arena", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto", "database", "debug",
    "embed", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "internal", "io",
    "iter", "log", "maps", "math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "slices",
    "sort", "strconv", "strings", "structs", "sync", "syscall", "testing", "text", "time", "unicode", "unique",
    "unsafe", "vendor", "weak",
})  # fmt: skip
"""The first words of the paths of the standard library's packages."""
RUNTIME = ("runtime.", "internal/")
ALLOCATOR = re.compile(r"runtime\.(?:malloc|new(?:object|array)|profilealloc|persistentalloc|systemstack|mcall)")
MODULES = re.compile(r"/pkg/mod/|/vendor/|@v\d")


def package_of(function: str) -> str:
    """`github.com/acme/shop/cache` of `github.com/acme/shop/cache.(*Cache[...]).Put`."""
    plain = function.partition("[")[0]
    folder, slash, last = plain.rpartition("/")
    return folder + slash + last.partition(".")[0]


def is_standard(frame: Frame) -> bool:
    """Of the runtime or the standard library: the path of their packages begins with one of few words."""
    return package_of(frame.function).partition("/")[0] in STANDARD


def is_foreign(frame: Frame) -> bool:
    """Of a module that the program uses: it lies in the module cache or under vendor."""
    return frame.file is not None and MODULES.search(frame.file) is not None


def own_frame(frames: Sequence[Frame]) -> int:
    """Which frame is the program's own line: the innermost one that is neither Go's nor of another module.

    Where there is none, the innermost that is not Go's; where all are Go's, the innermost outside the runtime; where
    all are the runtime's, the one that shows what grows, and else the last before the allocator's.
    """
    outside = [at for at, frame in enumerate(frames) if not is_standard(frame)]
    own = next((at for at in outside if not is_foreign(frames[at])), None)
    if own is not None:
        return own
    if outside:
        return outside[0]
    library = next((at for at, frame in enumerate(frames) if not frame.function.startswith(RUNTIME)), None)
    if library is not None:
        return library
    _, shown_by = grown(frames)
    return next(
        (at for at, frame in enumerate(frames) if frame.function == shown_by or not ALLOCATOR.match(frame.function)), 0
    )


def grown(frames: Sequence[Frame]) -> tuple[str, str]:
    """What grows, and the frame that shows it; two empty strings where the frames do not say."""
    for kind, pattern in MACHINERY:
        for frame in frames:
            if pattern.match(frame.function):
                return kind, frame.function
    return "", ""
