"""Heap profiles: real ones of three Go releases in both forms, what other tools write, and what is no profile at all."""

import contextlib
import gzip
import io
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gctail.golang.profiles import HeapProfile, Malformed, forms, proto, read_profile, sites
from gctail.golang.profiles.internals import grown, is_foreign, is_standard, own_frame, package_of
from gctail.golang.profiles.sites import earlier_first
from gctail.golang.profiles.values import Frame

GATEWAY = Path(__file__).parent.parent.parent / "samples" / "gateway"
RELEASES = ("1.21", "1.23", "1.26")


def real(name: str) -> HeapProfile:
    """A profile that a Go program wrote."""
    return read_profile((GATEWAY / f"gateway-go{name}").read_bytes())


# -- a writer of profile.proto, as small as can be


def varint(number: int) -> bytes:
    """A number in groups of seven bits."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def put(number: int, value: int | bytes | list[int]) -> bytes:
    """A field: a number, a message or text, or packed numbers."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = b"".join(map(varint, value)) if isinstance(value, list) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def profile_of(
    stacks: list[tuple[list[Frame], list[int]]],
    types: tuple[str, ...] = ("alloc_objects", "alloc_space", "inuse_objects", "inuse_space"),
    **more: int,
) -> bytes:
    """A profile with these stacks, innermost call first; each call has a location of its own."""
    words = [""]

    def word(text: str) -> int:
        if text not in words:
            words.append(text)
        return words.index(text)

    out, count = b"", 0
    for kind in types:
        out += put(1, put(1, word(kind)) + put(2, word("bytes" if "space" in kind else "count")))
    for frames, values in stacks:
        places = []
        for frame in frames:
            count += 1
            places.append(count)
            out += put(5, put(1, count) + put(2, word(frame.function)) + put(4, word(frame.file or "")))
            out += put(4, put(1, count) + put(3, 0x400000 + count) + put(4, put(1, count) + put(2, frame.line or 0)))
        out += put(2, put(1, places) + put(2, values))
    if "time_ns" in more:
        out += put(9, more["time_ns"])
    return b"".join(put(6, text.encode()) for text in words) + out


MAP_OF_1_23 = [
    Frame("runtime.newarray", "runtime/malloc.go", 1396), Frame("runtime.makeBucketArray", "runtime/map.go", 377),
    Frame("runtime.hashGrow", "runtime/map.go", 1155), Frame("runtime.mapassign_faststr", "runtime/map_faststr.go", 205),
    Frame("shop/cache.(*Sessions).put", "/src/shop/cache/sessions.go", 31), Frame("main.main", "/src/shop/main.go", 12),
]  # fmt: skip
MAP_OF_1_24 = [
    Frame("internal/runtime/maps.newarray", "internal/runtime/maps/runtime.go", 42),
    Frame("internal/runtime/maps.(*table).split", "internal/runtime/maps/table.go", 990),
    Frame("internal/runtime/maps.(*table).rehash", "internal/runtime/maps/table.go", 960),
    Frame("runtime.mapassign_faststr", "internal/runtime/maps/runtime_faststr.go", 263),
    Frame("shop/cache.(*Sessions).put", "/src/shop/cache/sessions.go", 31),
]  # fmt: skip
SLICE = [
    Frame("runtime.growslice", "runtime/slice.go", 264),
    Frame("github.com/acme/queue.(*Queue[...]).Push", "/home/ci/go/pkg/mod/github.com/acme/queue@v1.2.3/queue.go", 50),
    Frame("shop.enqueue", "/src/shop/queue.go", 9),
]  # fmt: skip


# -- what real programs wrote


@pytest.mark.parametrize("release", RELEASES)
def test_two_real_profiles_tell_the_line_whose_memory_grew(release):
    """Under every release the sessions come first, with file, line and who asked for them."""
    found = sites(real(f"{release}-after.pb.gz"), real(f"{release}-before.pb.gz"))
    first = found[0]
    assert (first.at.function, first.at.file, first.at.line) == (
        "main.newSession",
        "gctail.example/gateway/main.go",
        53,
    )
    assert [frame.function for frame in first.callers[:2]] == ["main.newSession", "main.logIn"]
    assert first.grown_bytes > 0.8 * sum(max(0, site.grown_bytes) for site in found)
    assert first.grown_bytes == first.inuse_bytes - (first.before_bytes or 0)


@pytest.mark.parametrize("release", RELEASES)
def test_what_grows_is_recognised_where_the_frames_show_it(release):
    """A sync.Map (whose inside changed twice), a buffer behind fmt.Fprintf, and the goroutines themselves."""
    kinds = {site.kind: site for site in reversed(sites(real(f"{release}-after.pb.gz")))}  # the largest of each
    assert kinds["sync.Map"].at.function == "main.record"
    assert kinds["sync.Map"].through.startswith("sync.(*Map)")
    assert (kinds["buffer"].at.line, kinds["buffer"].through) == (67, "fmt.Fprintf")
    assert kinds["goroutine"].shown_by == "runtime.malg"


def test_the_text_form_says_the_same_as_the_binary_form():
    """The text has what was sampled, unscaled; scaled as pprof does it, both agree to the rounding of each stack."""
    for when in ("before", "after"):
        binary, text = real(f"1.26-{when}.pb.gz"), real(f"1.26-{when}.txt")
        assert (binary.form, text.form, binary.rate_bytes, text.rate_bytes) == ("proto", "text", 8192, 8192)
        assert text.inuse_bytes == pytest.approx(binary.inuse_bytes, rel=1e-3)
        assert text.alloc_bytes == pytest.approx(binary.alloc_bytes, rel=1e-2)
        ours, theirs = sites(binary), sites(text)
        assert [site.at for site in ours[:5]] == [site.at for site in theirs[:5]]


def test_a_profile_knows_when_it_was_taken_and_of_what():
    """So two can be given in either order."""
    before, after = real("1.26-before.pb.gz"), real("1.26-after.pb.gz")
    assert after.program is not None
    assert after.program.endswith("/gateway")
    assert earlier_first(before, after)
    assert not earlier_first(after, before)
    assert earlier_first(real("1.26-after.txt"), real("1.26-before.txt"))  # they do not say: as they were given


def test_what_shrank_has_grown_by_less_than_nothing():
    """Compared the other way round, the sessions come last."""
    found = sites(real("1.26-before.pb.gz"), real("1.26-after.pb.gz"))
    assert found[-1].at.function == "main.newSession"
    assert found[-1].grown_bytes < 0


# -- whose line it is


@pytest.mark.parametrize(
    ("frames", "kind", "shown_by", "own"),
    [
        (MAP_OF_1_23, "map", "runtime.makeBucketArray", "shop/cache.(*Sessions).put"),
        (MAP_OF_1_24, "map", "internal/runtime/maps.newarray", "shop/cache.(*Sessions).put"),
        (SLICE, "slice", "runtime.growslice", "shop.enqueue"),
    ],
)
def test_the_inside_of_containers_is_recognised_in_profiles_that_show_it(frames, kind, shown_by, own):
    """Go's own profiles hide the runtime; what other profilers write does not."""
    [site] = sites(read_profile(gzip.compress(profile_of([(frames, [1, 4096, 1, 4096])]))))
    assert (site.kind, site.shown_by, site.at.function) == (kind, shown_by, own)


def test_a_line_of_the_program_is_named_before_one_of_a_library():
    """The queue is somebody else's; who pushes into it is ours."""
    [site] = sites(read_profile(profile_of([(SLICE, [1, 4096, 1, 4096])])))
    assert (site.at.function, site.through) == ("shop.enqueue", "github.com/acme/queue.(*Queue[...]).Push")


@pytest.mark.parametrize(
    ("function", "package"),
    [
        ("main.main", "main"),
        ("github.com/acme/shop/cache.(*Cache[...]).Put", "github.com/acme/shop/cache"),
        ("github.com/acme/shop/cache.(*Cache[github.com/x/y.T]).Put", "github.com/acme/shop/cache"),
        ("gopkg.in/yaml%2ev3.Unmarshal", "gopkg.in/yaml%2ev3"),
        ("encoding/json.(*decodeState).object", "encoding/json"),
    ],
)
def test_the_package_of_a_function_is_read_from_its_name(function, package):
    """Type arguments may hold slashes and dots of their own."""
    assert package_of(function) == package


def test_standard_and_foreign_frames_are_told_apart():
    """By the path of the package, and by where modules lie."""
    assert is_standard(Frame("encoding/json.Unmarshal", None, None))
    assert not is_standard(Frame("main.main", None, None))
    assert is_foreign(Frame("x.F", "github.com/x/y@v1.0.0/f.go", 1))
    assert not is_foreign(Frame("x.F", "example.com/x/f.go", 1))


def test_a_stack_without_any_frame_of_the_program_still_has_a_place():
    """Goroutines are made by the runtime alone."""
    frames = [
        Frame("runtime.mallocgc", None, None),
        Frame("runtime.malg", None, None),
        Frame("runtime.newproc1", None, None),
    ]
    assert frames[own_frame(frames)].function == "runtime.malg"
    assert grown(frames) == ("goroutine", "runtime.malg")
    assert own_frame([]) == 0


# -- what is no heap profile


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty"),
        (b"404 page not found\n", "it is an error of the web server, and no heap profile; take /debug/pprof/heap"),
        (b"<html>", "it is a web page, and no heap profile; take /debug/pprof/heap"),
        (b"goroutine profile: total 3\n", "it is a goroutine profile, and no heap profile; take /debug/pprof/heap"),
        (b"gc 1 @0.1s", "byte 1 begins a field of the unknown kind 7"),
        (b"heap profile: what?\n", "its first line is no header of a heap profile"),
        (b"heap profile: 1: 2 [3: 4] @ heap/16\nnonsense\n", "line 2 is neither a record nor a frame"),
        (
            profile_of([([Frame("main.main", "", 1)], [1, 2])], types=("samples", "cpu")),
            "it holds samples/count, cpu/count: that is no heap profile; take /debug/pprof/heap",
        ),
        (
            profile_of([([Frame("main.main", "", 1)], [1, 2])]),
            "a stack has 2 values, and the profile has 4 kinds of them",
        ),
        (put(2, put(1, [1]) + put(2, [1])), "it names no kind of value; is it a profile?"),
        (put(1, put(1, 9)), "it names the text 9 of 0"),
        (b"\x0a\xff", "it ends within the number at byte 1"),
        (b"\x0a\x05ab", "the field at byte 2 says that it has 5 bytes, and 2 are left"),
        (b"\xff" * 11, "the number at byte 0 is longer than ten bytes"),
        (put(2, put(1, b"\x80")), "a list of numbers ends within one of them"),
        (gzip.compress(profile_of([]))[:-9], "it is cut off: its compressed stream has no end"),
        (
            b"heap profile: 1: 64 [2: 128] @ heap/1048576\n1: 64 [1: 64] @ 0x1\n",
            "it is cut off: its first line tells of 2 objects, and 1 are there",
        ),
        (b"package main\n\nfunc main() {}\n", "it is text, and not that of a heap profile; take /debug/pprof/heap"),
        (
            b"\x1f\x8bnonsense",
            "its compression is damaged: Error -3 while decompressing data: unknown compression method",
        ),
    ],
)
def test_what_is_no_heap_profile_is_told_in_one_sentence(data, message):
    """What it is instead, where it can be seen."""
    with pytest.raises(Malformed) as refused:
        read_profile(data)
    assert str(refused.value) == message


def test_a_location_or_function_that_is_not_there_is_an_error():
    """Half a profile is none."""
    whole = profile_of([([Frame("main.main", "m.go", 1)], [1, 2, 3, 4])])
    with pytest.raises(Malformed, match="names the location 7"):
        read_profile(whole + put(2, put(1, [7]) + put(2, [1, 2, 3, 4])))
    with pytest.raises(Malformed, match="names the function 7"):
        read_profile(whole + put(4, put(1, 9) + put(4, put(1, 7))))


def test_a_bomb_is_not_unpacked(monkeypatch):
    """128 MiB and no more; here the bound is small, so that the test is."""
    monkeypatch.setattr(forms, "MOST_BYTES", 1 << 16)
    packed = io.BytesIO(zlib.compress(b"\0" * (1 << 24), wbits=31))
    with pytest.raises(Malformed, match="more than"):
        read_profile(packed.getvalue())


def test_stacks_without_number_are_refused(monkeypatch):
    """So are tables without end."""
    stacks = [([Frame("main.main", "m.go", at)], [1, 2, 3, 4]) for at in range(9)]
    monkeypatch.setattr(proto, "MOST_SAMPLES", 8)
    with pytest.raises(Malformed, match="more than 8 stacks"):
        read_profile(profile_of(stacks))
    monkeypatch.setattr(proto, "MOST_ENTRIES", 4)
    with pytest.raises(Malformed, match="tables of more than 4 entries"):
        read_profile(profile_of(stacks))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_profile_or_an_error(data):
    """Nothing else is raised."""
    with contextlib.suppress(Malformed):
        assert read_profile(data).form in {"proto", "text"}


@given(st.integers(0, 3000), st.integers(0, 255))
def test_a_damaged_profile_is_a_profile_or_an_error(at, byte):
    """One byte of a real one is changed."""
    plain = bytearray(gzip.decompress((GATEWAY / "gateway-go1.26-before.pb.gz").read_bytes()))
    plain[at % len(plain)] = byte
    with contextlib.suppress(Malformed):
        assert all(site.at.function for site in sites(read_profile(bytes(plain))))
