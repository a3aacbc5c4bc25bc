"""One followed name, driven by hand: whatever happens to its files, every line comes once and whole."""

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gctail.sources.followed import GONE_WAIT_S, MOST_CLOSED, ROTATE_WAIT_S, Followed
from gctail.sources.inputs import CHUNK_BYTES
from gctail.sources.listings import Listings
from gctail.sources.whose_line import REST_OF_LINE_S


class Story:
    """A log in a directory, its writers, and the follower of its name, on a clock that is moved by hand."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "app.log"
        self.open_files = []
        self.listings = Listings()
        self.followed = self.begun()
        self.now_s = 100.0
        self.chunks = []
        self.rotations = 0
        self.checkpoint = None

    def begun(self) -> Followed:
        """A follower of the name, as it is when gctail starts."""
        return Followed(str(self.path), self.listings, lambda _, file: self.open_files.append(file), self.closed)

    def closed(self, file) -> None:
        self.open_files.remove(file)

    def writer(self, mode: str = "ab"):
        """The log opened as a service does."""
        return self.path.open(mode, buffering=0)

    def rotate(self) -> Path:
        """Move the log away, to a name that says how often this was done."""
        self.rotations += 1
        return self.path.rename(self.path.with_name(f"app.log.{self.rotations}"))

    def copytruncate(self, *, at_old_offset: bool) -> None:
        """Copy the log to a name of its own and empty it; its writer goes on at the end, or where it was."""
        self.rotations += 1
        self.path.with_name(f"app.log.{self.rotations}").write_bytes(self.path.read_bytes())
        size = self.path.stat().st_size
        os.truncate(self.path, 0)
        if at_old_offset:  # the hole in front of what comes next
            os.truncate(self.path, size)

    def save(self) -> None:
        """A checkpoint: the place, and what came until then, up to the last line that is whole."""
        chunks = list(self.chunks)
        unfinished = bool(chunks) and bytes(chunks[-1].data[-1:]) != b"\n"
        place = self.followed.place(unfinished=unfinished)
        while chunks and bytes(chunks[-1].data[-1:]) != b"\n":
            last = chunks.pop()
            whole = bytes(last.data).rpartition(b"\n")[1::-1]
            if whole[0]:
                chunks.append(replace(last, data=whole[1] + whole[0]))
        delivered = sum(len(chunk.data) for chunk in chunks)
        self.checkpoint = replace(place, delivered_bytes=delivered), chunks

    def restart(self) -> None:
        """gctail was killed, and starts again from its last checkpoint."""
        self.followed.close()
        self.listings = Listings()
        self.followed = self.begun()
        place, self.chunks = self.checkpoint[0], list(self.checkpoint[1])
        self.followed.resume(place, self.now_s)

    def read(self, *, final: bool = False, after_s: float = 0.01) -> bytes:
        """Look and read; what came of it. `offset` counts on, whatever happened."""
        self.now_s += after_s
        self.listings.look_anew()
        self.followed.look(self.now_s)
        new = list(self.followed.pump(self.now_s, final=final))
        while self.followed.has_more:
            new += self.followed.pump(self.now_s, final=final)
        for chunk in new:
            assert chunk.origin == str(self.path)
            assert chunk.offset == sum(len(before.data) for before in self.chunks)
            self.chunks.append(chunk)
        return b"".join(chunk.data for chunk in new)

    def lines(self) -> list[bytes]:
        """All lines that came, as a reader who heeds `after_cut_line` puts them together."""
        text = b"".join((b"\n" if chunk.after_cut_line else b"") + bytes(chunk.data) for chunk in self.chunks)
        return text.splitlines()


@pytest.fixture
def story(tmp_path):
    """A log that is not there yet."""
    story = Story(tmp_path)
    yield story
    story.followed.close()


def test_what_is_there_and_what_is_added_comes_in_order(story):
    """Also a line in three writes, and at once: nobody waits for its end."""
    story.path.write_bytes(b"one\ntwo\n")
    assert story.read() == b"one\ntwo\n"
    with story.writer() as log:
        log.write(b"gc 1 @0.0")
        assert story.read() == b"gc 1 @0.0"
        assert story.read() == b""
        log.write(b"12s 0%:")
        log.write(b" 0.1\n")
        assert story.read() == b"12s 0%: 0.1\n"


def test_a_file_that_appears_later_is_read_from_its_beginning(story):
    """Empty at first, and then not."""
    assert story.read() == b""
    story.path.touch()
    assert story.read() == b""
    story.path.write_bytes(b"hello\n")
    assert story.read() == b"hello\n"


def test_a_directory_that_appears_later_is_no_problem(tmp_path):
    """Kubernetes makes one for each pod."""
    story = Story(tmp_path / "pod")
    assert story.read() == b""
    (tmp_path / "pod").mkdir()
    story.path.write_bytes(b"hello\n")
    assert story.read() == b"hello\n"
    story.followed.close()


def test_a_renamed_file_is_read_to_its_end_before_its_successor(story):
    """Also what was written after the last look."""
    with story.writer() as old:
        old.write(b"old 1\n")
        assert story.read() == b"old 1\n"
        old.write(b"old 2\n")
        story.rotate()
        story.path.write_bytes(b"new 1\n")
        old.write(b"old 3\n")
        assert story.read() == b"old 2\nold 3\nnew 1\n"


def test_late_writes_to_a_renamed_file_come_as_whole_lines_between_those_of_the_new(story):
    """A writer that has not noticed the rotation; unfinished lines wait, so that no two lines are mixed."""
    with story.writer() as old:
        old.write(b"old 1\n")
        story.read()
        story.rotate()
        with story.writer() as new:
            new.write(b"new 1\n")
            assert story.read() == b"new 1\n"
            old.write(b"old 2\nold")
            assert story.read() == b"old 2\n"
            new.write(b"new 2\n")
            assert story.read() == b"new 2\n"
            old.write(b" 3\n")
            assert story.read() == b"old 3\n"


def test_the_new_file_waits_for_the_line_that_the_old_one_has_begun(story):
    """A moment; then the line counts as cut off, and the chunk that follows says so."""
    with story.writer() as old:
        old.write(b"old 1\nold ")
        assert story.read() == b"old 1\nold "
        story.rotate()
        story.path.write_bytes(b"new 1\n")
        assert story.read() == b""
        assert story.read(after_s=REST_OF_LINE_S) == b"new 1\n"
        assert story.chunks[-1].after_cut_line
        assert story.lines() == [b"old 1", b"old ", b"new 1"]


def test_the_rest_of_a_line_that_was_begun_before_the_rotation_completes_it(story):
    """When it comes in time."""
    with story.writer() as old:
        old.write(b"old 1\nold ")
        story.read()
        story.rotate()
        story.path.write_bytes(b"new 1\n")
        story.read()
        old.write(b"2\n")
        assert story.read() == b"2\nnew 1\n"
        assert story.lines() == [b"old 1", b"old 2", b"new 1"]


def test_a_renamed_file_is_closed_when_its_successor_grows_and_it_does_not(story):
    """Its last, unfinished line comes then."""
    with story.writer() as old:
        old.write(b"old 1\n")
        story.read()
        story.rotate()
        story.path.touch()
        old.write(b"old 2\nthe process died he")
        assert story.read() == b"old 2\n"
        assert story.read(after_s=10 * ROTATE_WAIT_S) == b""  # nobody writes to the new one: the writer is still here
        story.path.write_bytes(b"new 1\n")
        assert story.read() == b"new 1\nthe process died he"
        assert len(story.open_files) == 1


def test_files_rotated_away_between_two_looks_are_not_skipped(story):
    """The name leads to the fourth file when we look again; the second and third are found by what they are called."""
    story.path.write_bytes(b"first\n")
    story.read()
    story.path.with_name("app.log.err").write_bytes(b"another log\n")
    story.path.with_name("other.log").write_bytes(b"another log\n")
    for text in (b"second\n", b"third\n", b"fourth\n"):
        story.rotate()
        story.path.write_bytes(text)
        os.utime(story.path, ns=(0, 10**18 + story.rotations * 10**9))
    assert story.read() == b"second\nthird\nfourth\n"


def test_many_files_that_are_closed_at_once_are_not_read_again(story):
    """More than are remembered by what was in them, and then a rotation, so that all of them are looked at."""
    story.read()
    for number in range(3 * MOST_CLOSED):
        story.path.write_bytes(b"".join(b"file %d line %d\n" % (number, line) for line in range(20)))
        story.rotate()
    story.path.write_bytes(b"the last one\n")
    came = story.read()
    assert came.count(b"line 19\n") == 3 * MOST_CLOSED
    story.read(after_s=2 * ROTATE_WAIT_S)
    assert len(story.open_files) == 1
    story.rotate()
    story.path.write_bytes(b"new\n")
    assert story.read() == b"new\n"


def test_files_that_are_renamed_whenever_they_are_looked_for_are_not_read_again(story, monkeypatch):
    """Older generations get their next numbers while gctail goes through them, so some have no name just then."""
    story.read()
    listed = story.listings.of

    def shift() -> None:
        for path in sorted(story.path.parent.glob("app.log.*"), key=lambda path: int(path.suffix[1:]), reverse=True):
            path.rename(path.with_suffix(f".{int(path.suffix[1:]) + 1}"))

    def listed_and_renamed(directory, *, afresh=False):
        listing = listed(directory, afresh=afresh)
        if afresh:
            shift()
        return listing

    for number in range(2 * MOST_CLOSED):
        shift()
        story.path.write_bytes(b"".join(b"file %d line %d\n" % (number, line) for line in range(20)))
        story.path.rename(story.path.with_name("app.log.1"))
    story.path.write_bytes(b"the last one\n")
    assert story.read().count(b"line 19\n") == 2 * MOST_CLOSED
    story.read(after_s=2 * ROTATE_WAIT_S)
    monkeypatch.setattr(story.listings, "of", listed_and_renamed)
    for text in (b"new\n", b"newer\n"):
        shift()
        story.path.rename(story.path.with_name("app.log.1"))
        story.path.write_bytes(text)
        assert story.read() == text
        monkeypatch.setattr(story.listings, "of", listed)


def test_a_copy_of_the_log_is_not_read_as_a_rotated_file(story):
    """Somebody copied it away and then moved it."""
    story.path.write_bytes(b"first line of the log\n" * 100)
    story.read()
    story.path.with_name("app.log.2026-11-23").write_bytes(story.path.read_bytes() + b"and more\n")
    story.rotate()
    story.path.write_bytes(b"new\n")
    assert story.read() == b"new\n"


def test_lumberjack_s_names_are_rotated_files_too(story):
    """It puts the time before the extension."""
    story.path.write_bytes(b"first\n")
    story.read()
    story.path.rename(story.path.with_name("app-2026-11-23T03-12-04.000.log"))
    story.path.write_bytes(b"second\n")
    story.path.rename(story.path.with_name("app-2026-11-23T03-12-05.000.log"))
    story.path.write_bytes(b"third\n")
    assert story.read() == b"second\nthird\n"


def test_a_file_that_is_named_back_is_not_read_again(story):
    """While it is open, and after it was closed."""
    story.path.write_bytes(b"first\n")
    story.read()
    away = story.rotate()
    story.read()
    away.rename(story.path)
    assert story.read() == b""
    away = story.rotate()
    story.path.write_bytes(b"second\n")
    story.read()
    story.read(after_s=2 * ROTATE_WAIT_S)
    assert len(story.open_files) == 1
    story.path.unlink()
    with away.open("ab") as file:
        file.write(b"and more\n")
    away.rename(story.path)
    assert story.read() == b"and more\n"


def test_a_truncated_file_is_read_from_its_beginning(story):
    """copytruncate: what follows is shorter than what was read."""
    with story.writer() as log:
        log.write(b"a long line before\n" * 10)
        story.read()
        os.truncate(story.path, 0)
        log.write(b"after\n")
        assert story.read() == b"after\n"


@pytest.mark.parametrize("lines_before", [1, 10, 1000])
@pytest.mark.parametrize("longer_by", [0, 1, 500])
def test_a_file_that_outgrew_its_old_length_before_anybody_looked_is_read_from_its_beginning(
    story, lines_before, longer_by
):
    """Its size tells nothing; its first and last bytes do."""
    before = b"".join(b"gc %d @0.%03ds before\n" % (n, n) for n in range(lines_before))
    story.path.write_bytes(before)
    story.read()
    after = before.replace(b"before", b"afters")[: len(before) - 1] + b"x" * longer_by + b"\n"
    with story.path.open("wb") as log:
        log.write(after)
    assert story.read() == after


def test_a_file_with_the_same_first_lines_is_told_from_the_old_one_by_its_last(story):
    """A program says the same whenever it starts."""
    banner = b"starting on port 8080\n" * 100
    story.path.write_bytes(banner + b"request 1\n" * 5)
    story.read()
    story.path.write_bytes(banner + b"request 2\n" * 10)
    assert story.read() == banner + b"request 2\n" * 10


def test_a_new_beginning_with_the_same_words_is_read(story):
    """Shorter than before: the service has started again, and so far said what it always says first."""
    story.path.write_bytes(b"starting on port 8080\nready\nrequest\n")
    story.read()
    story.path.write_bytes(b"starting on port 8080\nready\n")
    assert story.read() == b"starting on port 8080\nready\n"


def test_a_long_file_that_lost_only_its_end_is_not_read_again(story):
    """Somebody cut off the last lines; the first KiB is the same."""
    text = b"".join(b"line %d\n" % n for n in range(1000))
    story.path.write_bytes(text)
    story.read()
    os.truncate(story.path, text.index(b"line 900"))
    assert story.read() == b""
    with story.writer() as log:
        log.write(b"more\n")
    assert story.read() == b"more\n"


def test_the_hole_that_a_writer_leaves_after_truncation_is_passed_over(story):
    """It did not open the file for appending, so it goes on at its old offset, behind NULs that nobody wrote."""
    with story.writer("wb") as log:
        log.write(b"a line before\n" * 100_000)
        story.read()
        os.truncate(story.path, 0)
        story.read()
        log.write(b"after\n")
        assert story.path.stat().st_size > 1_000_000
        assert story.read() == b"after\n"
        log.write(b"and more\n")
        assert story.read() == b"and more\n"
        os.truncate(story.path, 0)
        log.write(b"again\n")
        assert story.read() == b"again\n"


def test_a_deleted_file_is_read_to_its_end_and_given_back(story):
    """Its place on the disk is free when nobody else has it open; a new file of that name is a new file."""
    with story.writer() as old:
        old.write(b"one\n")
        story.read()
        old.write(b"two\n")
        story.path.unlink()
        assert story.read() == b"two\n"
        old.write(b"three\n")
        assert story.read() == b"three\n"
    assert story.read(after_s=GONE_WAIT_S + 1) == b""
    assert story.open_files == []
    story.path.write_bytes(b"one\n")
    assert story.read() == b"one\n"


def test_a_file_deleted_and_made_anew_is_read_from_its_beginning(story):
    """Whatever inode it got, and however much it has in common with the old one."""
    for _ in range(5):
        story.path.write_bytes(b"one\n")
        assert story.read() == b"one\n"
        story.path.unlink()


def test_a_link_that_is_set_anew_leads_to_the_new_file(story):
    """As Kubernetes does when a container starts again."""
    (story.path.parent / "0.log").write_bytes(b"container 0\n")
    (story.path.parent / "1.log").write_bytes(b"container 1\n")
    story.path.symlink_to("0.log")
    assert story.read() == b"container 0\n"
    story.path.with_name("link").symlink_to("1.log")
    story.path.with_name("link").rename(story.path)
    assert story.read() == b"container 1\n"


def test_a_line_longer_than_a_chunk_comes_in_parts(story):
    """Nothing waits for a newline that may never come."""
    line = os.urandom(CHUNK_BYTES).hex().encode() + b"\n"
    story.path.write_bytes(b"short\n" + line + b"short\n")
    assert story.read() == b"short\n" + line + b"short\n"
    with story.path.open("ab") as old:
        story.rotate()
        story.path.write_bytes(b"new\n")
        old.write(line)
    assert story.read() == line + b"new\n"


def test_what_becomes_unreadable_is_noted_once_and_read_when_it_can_be_again(story):
    """A directory takes the name, a compressed file takes it, and at last a log."""
    story.path.write_bytes(b"one\n")
    story.read()
    story.rotate()
    story.path.mkdir()
    story.read()
    story.read()
    assert story.followed.notes == [f"{story.path}: a directory. Name the log files in it."]
    story.path.rmdir()
    story.path.write_bytes(b"\x1f\x8b\x08 compressed")
    story.read()
    assert story.followed.notes[1:] == [
        f"{story.path}: compressed (gzip), so it cannot be followed. Read it without -f."
    ]
    story.path.unlink()
    story.path.write_bytes(b"two\n")
    assert story.read() == b"two\n"


def test_utf_16_is_followed_as_text(story):
    """Written by PowerShell's redirection, in pieces that end inside a character."""
    data = "zeile eins\nzeile zwei 🧨\n".encode("utf-16")
    seen = b""
    with story.writer() as log:
        for at in range(0, len(data), 3):
            log.write(data[at : at + 3])
            seen += story.read()
    seen += story.read(final=True)
    assert seen.decode() == "zeile eins\nzeile zwei 🧨\n"


WRITE, LOOK, ROTATE, TRUNCATE, DELETE, COPY, HOLE, SAVE, KILL = (
    "write", "look", "rotate", "truncate", "delete", "copytruncate", "copytruncate under a stale writer", "save", "kill"
)  # fmt: skip


class Writers:
    """Writes numbered lines in fragments to the files that once had the name, and knows which lines there must be."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.files = [story.writer()]
        self.unfinished = {self.files[0]: b""}
        self.written = []

    def let_go_of_what_is_gone(self) -> bool:
        """What is written to a deleted file after a checkpoint dies with its last reader: write to it no more."""
        if all(os.fstat(file.fileno()).st_nlink for file in self.files):
            return False
        self.finish()
        for file in self.files[:-1]:
            file.close()
            del self.unfinished[file]
        del self.files[:-1]
        return True

    def write(self, which: int, length: int) -> None:
        """A fragment of a line, by the newest writer or one that has not noticed the rotation."""
        file = self.files[-1 - which % min(2, len(self.files))]
        rest = self.unfinished[file]
        if not rest:
            number = len(self.written)  # the very first byte tells lines apart, as time stamps do after a while
            self.written.append(b"%c%s of line %d" % (0x30 + number, b"x" * (length % 7), number))
            rest = self.written[-1] + b"\n"
        file.write(rest[:length])
        self.unfinished[file] = rest[length:]

    def finish(self) -> None:
        """The ends of all lines."""
        for file, rest in self.unfinished.items():
            file.write(rest)
            self.unfinished[file] = b""

    def anew(self) -> None:
        self.files.append(self.story.writer())
        self.unfinished[self.files[-1]] = b""


def befall(story: Story, writers: Writers, what: str) -> None:
    """One thing that happens to the log, or to who reads it."""
    if what in (TRUNCATE, DELETE, COPY, HOLE):
        writers.finish()
    if what in (TRUNCATE, DELETE) or (what == KILL and writers.let_go_of_what_is_gone()):
        story.read()
        story.read()
        story.save()
    if what == TRUNCATE:
        os.truncate(story.path, 0)
    elif what in (COPY, HOLE):
        story.copytruncate(at_old_offset=what == HOLE)
    elif what == DELETE:
        story.path.unlink()
        writers.anew()
    elif what == ROTATE and story.path.stat().st_size:
        story.rotate()
        writers.anew()
    else:
        {LOOK: story.read, SAVE: story.save, KILL: story.restart, ROTATE: story.read}[what]()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just(WRITE), st.integers(0, 1), st.integers(1, 20)),
        st.tuples(st.just(WRITE), st.integers(0, 1), st.integers(1, 20)),
        st.tuples(st.just(LOOK)),
        st.tuples(st.sampled_from([ROTATE, TRUNCATE, DELETE, COPY, HOLE])),
        st.tuples(st.sampled_from([SAVE, KILL])),
    ),
    max_size=40,
)


@settings(max_examples=200)
@given(STEPS)
def test_every_line_comes_once_and_whole_whatever_happens(tmp_path_factory, steps):
    """Fragments, late writes, rotations, truncations, deletions and kills in any order, looked at now and then.

    What is deleted, or truncated without a copy, was read and saved before, as far as it was written: nobody can read
    it afterwards.
    """
    story = Story(tmp_path_factory.mktemp("story"))
    writers = Writers(story)
    story.read()
    story.save()
    for step in steps:
        match step:
            case (_, which, length):
                writers.write(which, length)
            case (what,):
                befall(story, writers, what)
    writers.finish()
    story.read()
    story.read(final=True)
    assert Counter(story.lines()) == Counter(writers.written)
    assert not any(chunk.after_cut_line for chunk in story.chunks)
    for file in writers.files:
        with suppress(OSError):
            file.close()
