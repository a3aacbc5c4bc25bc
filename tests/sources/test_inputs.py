"""Files, compressed files and pipes: what comes out is the text, and what cannot be read is told in one sentence."""

import bz2
import fcntl
import gzip
import io
import lzma
import os
import shutil
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.errors import UnreadableInput
from gctail.sources import Chunk, last_bytes, open_input, read_chunks
from gctail.sources.compressed import READ_BYTES, Deflate, Expanded, format_of
from gctail.sources.inputs import CHUNK_BYTES
from gctail.sources.pipes import widen

zstandard = pytest.importorskip("zstandard")

TEXT = b"".join(b'{"level":"INFO","msg":"order %d stored","id":"%x"}\n' % (n, n * n * 7919) for n in range(9000))


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data)


COMPRESS = {"gzip": gzip.compress, "zstd": zstd, "xz": lzma.compress, "bzip2": bz2.compress}
FORMATS = pytest.mark.parametrize("name", COMPRESS)


@pytest.fixture
def written(tmp_path):
    """Writes bytes to a file whose name says nothing, and returns the name."""

    def write(data: bytes) -> str:
        path = tmp_path / "input"
        path.write_bytes(data)
        return str(path)

    return write


def contents(name: str) -> tuple[bytes, list[str]]:
    """All of an input, and what is to be said about it."""
    text, buffer = bytearray(), bytearray(1 << 16)
    with open_input(name) as source:
        while count := source.readinto(buffer):
            text += buffer[:count]
        return bytes(text), [*source.notes, *source.broken]


def refusal(name: str) -> str:
    with pytest.raises(UnreadableInput) as refused:
        open_input(name)
    return str(refused.value)


def test_a_plain_file_is_its_bytes(written):
    """Also with bytes that are no UTF-8, and without a newline at its end."""
    data = TEXT + b"\xff\xfe caf\xe9 \x00\x1b[31m the last line"
    assert contents(written(data)) == (data, [])


@FORMATS
def test_a_compressed_file_is_its_text_whatever_its_name(name, written):
    """The first bytes tell the format."""
    path = written(COMPRESS[name](TEXT))
    assert contents(path) == (TEXT, [])
    with open_input(path) as source:
        assert source.compression == name


@FORMATS
def test_members_one_after_another_are_one_text(name, written):
    """`cat a.gz b.gz` is how logs are joined; an empty member between them is nothing."""
    compress = COMPRESS[name]
    data = compress(TEXT[:1000]) + compress(b"") + compress(TEXT[1000:5000]) + compress(TEXT[5000:])
    assert contents(written(data)) == (TEXT, [])


def test_members_of_different_formats_are_one_text(written):
    """Each is recognised where it begins."""
    data = b"".join(compress(TEXT) for compress in COMPRESS.values())
    assert contents(written(data)) == (TEXT * 4, [])


@FORMATS
def test_zeros_after_the_end_are_padding(name, written):
    """Tapes and block devices fill up with them."""
    assert contents(written(COMPRESS[name](TEXT) + bytes(1 << 18))) == (TEXT, [])


@FORMATS
def test_what_follows_the_compressed_data_is_left_out_and_told(name, written):
    """Nothing of the text is lost for it."""
    data = COMPRESS[name](TEXT)
    text, [note] = contents(written(data + b"garbage"))
    assert text == TEXT
    assert note == f"what follows the {name} data from byte {len(data)} on is not compressed: left unread."


@FORMATS
def test_a_cut_file_gives_what_is_there(name, written):
    """The service was killed while it wrote, or the copy was: all complete blocks are read, and a note says so."""
    data = COMPRESS[name](os.urandom(1 << 19).hex().encode() + TEXT)  # several blocks in every format
    text, [note] = contents(written(data[: len(data) * 9 // 10]))
    assert len(text) > len(data) * 0.6
    assert note.startswith(f"the {name} data stops in the middle: {len(text)} bytes of text were read")


@FORMATS
def test_a_cut_file_gives_all_that_its_decoder_gives(name, written):
    """At whatever byte it was cut, the whole text until there comes, and never a wrong byte."""
    data = COMPRESS[name](TEXT)
    for cut in range(len(data) // 7, len(data), len(data) // 7):
        try:
            text, [_] = contents(written(data[:cut]))
        except UnreadableInput as refused:
            assert "stops in the middle: 0 bytes" in str(refused)  # noqa: PT017 - most formats give nothing so early
        else:
            assert TEXT.startswith(text)


@FORMATS
def test_a_damaged_file_gives_what_stands_before_the_damage(name, written):
    """Bytes overwritten in the second member leave the first whole."""
    first, second = COMPRESS[name](TEXT), bytearray(COMPRESS[name](TEXT))
    middle = len(second) // 2
    second[middle : middle + 64] = bytes(64)
    text, [note] = contents(written(first + second))
    assert text.startswith(TEXT)
    assert note.startswith(f"the {name} data is damaged near byte ")


def test_a_damaged_gzip_gives_every_byte_before_the_damage(written):
    """Deflate is read byte by byte up to the place: nothing that could be decoded is lost."""
    data = bytearray(gzip.compress(TEXT))
    middle = len(data) // 2
    sane = zlib.decompressobj(wbits=31).decompress(bytes(data[:middle]))
    data[middle : middle + 64] = b"\xff" * 64
    text, [_] = contents(written(bytes(data)))
    assert text[: len(sane)] == sane


def test_a_wrong_checksum_loses_no_text(written):
    """It is told, and what was decoded is handed over."""
    data = bytearray(gzip.compress(TEXT))
    data[-6] ^= 0xFF
    text, [note] = contents(written(bytes(data)))
    assert text == TEXT
    assert "incorrect data check" in note


@FORMATS
def test_a_small_file_that_expands_to_much_is_read_in_pieces(name):
    """32 MiB of zeros come out bit by bit, so a hostile file cannot fill the memory."""
    packed = COMPRESS[name](bytes(1 << 25))
    source = Expanded(_InMemory(packed), "bomb", [], [])
    buffer = memoryview(bytearray(1 << 18))
    total = largest = 0
    while count := source.readinto(buffer):
        total += count
        largest = max(largest, len(source._text))
    assert total == 1 << 25
    assert largest <= 1 << 17


class _InMemory:
    """Compressed bytes that come from no file."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    @property
    def consumed_bytes(self) -> int:
        return self._file.tell()

    def read(self, limit: int) -> bytes:
        return self._file.read(limit)


@settings(max_examples=60)
@given(st.sampled_from(sorted(COMPRESS)), st.binary(max_size=300), st.integers(0, 400), st.binary(max_size=40))
def test_no_damage_raises_once_the_input_is_open(name, text, at, damage):
    """Arbitrary bytes anywhere end the input with a note at worst."""
    data = bytearray(COMPRESS[name](text) * 2)
    data[at : at + len(damage)] = damage
    if format_of(bytes(data)):
        source = Expanded(_InMemory(bytes(data)), "x", [], [])
        buffer = memoryview(bytearray(100))
        while source.readinto(buffer):
            pass


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=200_000), min_size=1, max_size=3), st.integers(0, 22), st.integers(1, 300))
def test_zstd_of_every_shape_reads_back(texts, level, step):
    """Frames with and without size and checksum, and skippable ones, from a source that hands out few bytes at once."""
    sized = zstandard.ZstdCompressor(level=level, write_content_size=True, write_checksum=False)
    streamed = zstandard.ZstdCompressor(level=level, write_checksum=True)
    skippable = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"
    data = b""
    for text in texts:
        stream = streamed.compressobj()
        data += sized.compress(text) + skippable + stream.compress(text) + stream.flush()
    raw = _InMemory(data)
    raw.read = lambda limit: raw._file.read(min(limit, max(step, 8)))
    source, out, buffer = Expanded(raw, "x", notes := [], notes), bytearray(), memoryview(bytearray(1 << 16))
    while count := source.readinto(buffer):
        out += buffer[:count]
    assert bytes(out) == b"".join(text * 2 for text in texts)
    assert notes == []


@pytest.mark.skipif(not shutil.which("zstd"), reason="the zstd program is absent")
def test_what_the_zstd_program_writes_is_read(written, tmp_path):
    """With its long windows and its many threads."""
    plain = written(TEXT * 20)
    packed = tmp_path / "packed"
    subprocess.run(["zstd", "-q", "-19", "--long=27", "-T2", plain, "-o", packed], check=True)
    assert contents(str(packed)) == (TEXT * 20, [])


def test_zstd_without_the_package_says_what_to_install(written, monkeypatch):
    """In one sentence, before anything is read."""
    if sys.version_info >= (3, 14):
        pytest.skip("this Python has zstd built in")
    monkeypatch.setitem(sys.modules, "zstandard", None)
    path = written(zstd(TEXT))
    assert refusal(path) == f"{path}: zstd needs a package that is not installed: pip install 'gctail[zstd]'"


def test_a_file_that_is_missing_is_told(tmp_path):
    """With what to do."""
    name = str(tmp_path / "gone.log")
    assert refusal(name) == f"{name}: no such file. Check the name; gctail -f waits for a file that is not there yet."


def test_a_directory_is_told(tmp_path):
    """With what to write instead."""
    assert (
        refusal(f"{tmp_path}/") == f"{tmp_path}/: a directory. Name the log files in it, for example {tmp_path}/*.log"
    )


def test_a_file_that_may_not_be_read_is_told(written):
    """Everybody but root meets this one day."""
    name = written(TEXT)
    Path(name).chmod(0)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)  # root may read everything, nobody may not
    try:
        told = refusal(name)
    finally:
        os.seteuid(before)
    assert told == f"{name}: permission denied. Run gctail as a user who may read it; ls -l shows who may."


def test_an_empty_file_is_told(written):
    """Also one that is compressed."""
    for nothing in (b"", gzip.compress(b""), lzma.compress(b"")):
        name = written(nothing)
        assert refusal(name) == (f"{name}: empty. Nothing was written to it; Go writes gctrace to standard error.")


def test_a_compressed_file_of_which_nothing_can_be_read_is_told(written):
    """Not one byte of text came out of it."""
    name = written(gzip.compress(TEXT)[:15])
    assert refusal(name) == (
        f"{name}: the gzip data stops in the middle: 0 bytes of text were read, the file is incomplete. "
        "gzip -t tells more."
    )


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\n" * 99, "an ELF program or core dump"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "a PNG image"),
        (b"PK\x03\x04" + bytes(99), "a zip archive (unzip -p ARCHIVE | gctail - reads what is in it)"),
        (
            b"service.log" + bytes(246) + b"ustar\x0000" + b"gc 1 @0.1s\n" * 9,
            "a tar archive (tar -xOf ARCHIVE | gctail",
        ),
        (b"go 1.23 trace\x00\x00\x00" + bytes(99), "a Go execution trace"),
        (b"\n\x04\x08\x01\x10\x02\n\x04" * 30, "a profile in pprof's format"),
        (bytes(range(1, 9)) * 100, "binary data"),
    ],
)
def test_what_is_no_log_is_told(head, what, written):
    """By its first bytes, also inside a compressed file."""
    for data in (head, gzip.compress(head)):
        name = written(data)
        assert refusal(name).startswith(f"{name}: {what}")
        assert refusal(name).endswith(", not a log. Name the file that the service's output went to.")


@pytest.mark.parametrize(
    "data",
    [
        b"go 1.23 is what we build with\n",
        bytes(100_000) + b"gc 1 @0.013s\n",
        b"\x1b[31mERROR\x1b[0m" * 5000,
        "ошибка памяти ".encode() * 9000,
        b"\xcf\xf0\xe8\xe2\xe5\xf2 " * 9000,
    ],
    ids=["a sentence about Go", "a hole of NULs", "colours without a newline", "UTF-8", "an old code page"],
)
def test_odd_text_is_taken_for_a_log(data, written):
    """It is not for us to say that a log is ugly."""
    assert contents(written(data)) == (data, [])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_every_encoding_comes_out_as_utf_8(encoding, compress, written):
    """PowerShell's redirection writes UTF-16; its marks are gone from the text, also in a compressed file."""
    text = "2026-11-23 speicher läuft voll 🧨\n" * 5000
    assert contents(written(compress(text.encode(encoding)))) == (text.encode(), [])


@settings(max_examples=40)
@given(st.binary(min_size=1, max_size=2000), st.integers(1, 70))
def test_the_size_of_the_buffer_does_not_matter(data, size):
    """Whatever is read into what, the same bytes come out."""
    reads, writes = os.pipe()
    os.write(writes, data.decode("latin-1").encode("utf-16"))
    os.close(writes)
    out, buffer = bytearray(), bytearray(size)
    try:
        with open_input(f"/dev/fd/{reads}") as source:
            while count := source.readinto(buffer):
                out += buffer[:count]
    except UnreadableInput:
        return
    finally:
        os.close(reads)
    assert out.decode() == data.decode("latin-1")


def test_a_pipe_gives_what_is_there_at_once(tmp_path):
    """The second line is not waited for; of a pipe nobody knows the size."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    read_first = threading.Event()

    def write() -> None:
        with fifo.open("wb", buffering=0) as pipe:
            pipe.write(b"the first line\n")
            assert read_first.wait(5)
            pipe.write(b"the second line\n")

    writer = threading.Thread(target=write)
    writer.start()
    buffer = bytearray(1 << 18)
    with open_input(str(fifo)) as source:
        assert source.size_bytes is None
        count = source.readinto(buffer)
        assert buffer[:count] == b"the first line\n"
        read_first.set()
        count = source.readinto(buffer)
        assert buffer[:count] == b"the second line\n"
        assert source.readinto(buffer) == 0
    writer.join()


def test_standard_input_is_read_and_stays_open():
    """Compressed or not, and also where somebody made it non-blocking."""
    program = """if True:
        import os, sys
        from gctail.sources import open_input
        os.set_blocking(0, False)
        buffer = bytearray(1 << 16)
        with open_input("-") as source:
            assert source.origin == "stdin"
            while count := source.readinto(buffer):
                sys.stdout.buffer.write(buffer[:count])
        os.fstat(0)
    """
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = child.communicate(gzip.compress(TEXT))
    assert (child.returncode, out) == (0, TEXT)


def test_progress_counts_the_bytes_of_the_file(written):
    """So that a bar can be drawn for a compressed file as well."""
    data = gzip.compress(TEXT)
    buffer = bytearray(1 << 12)
    with open_input(written(data)) as source:
        assert source.size_bytes == len(data)
        seen = [source.consumed_bytes]
        while source.readinto(buffer):
            seen.append(source.consumed_bytes)
    assert seen == sorted(seen)
    assert seen[-1] == len(data)


def test_chunks_know_where_they_were(written):
    """Origin, offset and bytes, one after the other without a gap."""
    name = written(TEXT)
    chunks = [Chunk(chunk.origin, chunk.offset, bytes(chunk.data)) for chunk in read_chunks(name, 1000)]
    assert b"".join(chunk.data for chunk in chunks) == TEXT
    assert {chunk.origin for chunk in chunks} == {name}
    assert all(TEXT[chunk.offset :].startswith(chunk.data) for chunk in chunks)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda text: text.decode().encode("utf-16")])
def test_the_last_bytes_are_those_of_the_text(pack, written):
    """Of a plain file and of one that has to be read as a whole for it."""
    name = written(pack(TEXT))
    assert last_bytes(name, 100) == TEXT[-100:]
    assert last_bytes(name, len(TEXT) * 2) == TEXT


def test_a_pipe_is_not_used_up_by_looking_at_its_end(tmp_path):
    """There is no last byte before it has ended."""
    os.mkfifo(tmp_path / "fifo")
    assert last_bytes(str(tmp_path / "fifo"), 100) == b""
    assert last_bytes("-", 100) == b""


def test_a_gzip_member_is_decoded_in_pieces():
    """`needs_input` stays false while there is more to come from what was fed."""
    member, out, data = Deflate(), b"", gzip.compress(bytes(1 << 22))
    while not member.eof:
        out += member.decompress(data, READ_BYTES)
        data = b""
        assert not member.needs_input or member.eof
    assert out == bytes(1 << 22)


@pytest.mark.skipif(not hasattr(fcntl, "F_GETPIPE_SZ"), reason="only Linux lets a pipe have more room")
def test_a_pipe_is_given_room_for_all_that_is_read_at_once(tmp_path):
    """`kubectl logs pay-0 | gctail -`: four times less often is read four times as much."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"INFO request served\n",))
    writer.start()
    with open_input(str(pipe)) as source:
        assert fcntl.fcntl(source._file, fcntl.F_GETPIPE_SZ) == CHUNK_BYTES
    writer.join()


def test_what_is_no_pipe_stays_as_it_is(tmp_path):
    """A file has no room to be given."""
    with (tmp_path / "app.log").open("wb") as file:
        widen(file.fileno(), CHUNK_BYTES)
        file.write(b"INFO request served\n")
    assert (tmp_path / "app.log").read_bytes() == b"INFO request served\n"
