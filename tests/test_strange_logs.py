"""Logs as odd as people have them, through the commands: nothing of the runtime's is lost, nothing is invented."""

import array
import fcntl
import json
import os
import re
import signal
import subprocess
import termios
import textwrap
import time
from pathlib import Path

import pytest

from gctail.cli import main

CYCLE = (
    "gc {n} @{t:.3f}s 1%: 0.035+9.5+0.003 ms clock, 0.070+0.86/4.3/0.57+0.006 ms cpu, {h}->{h}->{h} MB, {g} MB goal, "
    "0 MB stacks, 0 MB globals, 2 P"
)
OLD = {
    "1.0": "gc13(1): 4+0+0 ms 12 -> 8 MB 31051 -> 30034 (33827-3793) objects 0 handoff",
    "1.2": "gc16(1): 3+0+0 ms, 15 -> 10 MB 44728 -> 43413 (48547-5134) objects, 0(0) handoff, 0(0) steal, 0/0/0 yields",
    "1.4": "gc31(1): 2+0+68298+1 us, 103 -> 207 MB, 583821 (637454-53633) objects, 5 goroutines, 26566/6626/0 sweeps, "
    "0(0) handoff, 0(0) steal, 0/0/0 yields",
    "1.5": "gc 17 @4.539s 3%: 0.31+0.19+1.2+34+0.53 ms clock, 0.63+0.19+0+1.1/0.003/34+1.0 ms cpu, 167->169->115 MB, "
    "172 MB goal, 2 P",
}
KILLED = "Out of memory: Killed process 99 (svc) total-vm:1234567kB, anon-rss:260000kB, file-rss:100kB"


def cycle(number):
    return CYCLE.format(n=number, t=number * 2.0, h=10 + number, g=20 + 2 * number)


TRACE = ["hello", *map(cycle, range(1, 7)), "bye"]


@pytest.fixture
def told(tmp_path, capfdbinary):
    """What `gctail records --lines` says of a log: its records, the lines of the application, and its last words."""

    def read(text):
        path = tmp_path / "a.log"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        assert main(["records", "--lines", str(path)]) == 0
        out, words = capfdbinary.readouterr()
        records = [json.loads(line) for line in out.splitlines()]
        lines = [each["text"] for each in records if each["type"] == "line"]
        return [each for each in records if each["type"] != "line"], lines, words.decode()

    return read


def numbers(records):
    assert {each["type"] for each in records} <= {"gc"}
    return [each["number"] for each in records]


def joined(lines, end="\n"):
    return "".join(line + end for line in lines)


FORMS = {
    "quoted mail": (joined("> " + line for line in TRACE), ["> hello", "> bye"]),
    "quoted twice": (joined("> > " + line for line in TRACE), ["> > hello", "> > bye"]),
    "80 columns": (joined(part for line in TRACE for part in textwrap.wrap(line, 80)), ["hello", "bye"]),
    "40 columns": (joined(part for line in TRACE for part in textwrap.wrap(line, 40)), ["hello", "bye"]),
    "cut at column 80": (
        joined(line[at : at + 80] for line in TRACE for at in range(0, len(line), 80)),
        ["hello", "bye"],
    ),
    "indented": (joined("    " + line for line in TRACE), ["    hello", "    bye"]),
    "coloured": (joined(f"\x1b[32m{line}\x1b[0m" for line in TRACE), ["\x1b[32mhello\x1b[0m", "\x1b[32mbye\x1b[0m"]),
    "a hole of NULs": (joined(TRACE[:3]) + "\0" * 5000 + joined(TRACE[3:]), ["hello", "bye"]),
    "no last newline": (joined(TRACE[:-1])[:-1], ["hello"]),
}


@pytest.mark.parametrize("form", FORMS)
def test_mail_editors_and_terminals_lose_no_collection(told, form):
    """Quoted, wrapped, coloured, indented, with a hole after a power cut."""
    text, application = FORMS[form]
    records, lines, _ = told(text)
    assert numbers(records) == [1, 2, 3, 4, 5, 6]
    assert lines == application


def test_three_formats_in_one_file_are_one_log(told):
    """A log that was collected by three tools one after the other."""
    docker = (
        json.dumps({"log": line + "\n", "stream": "stderr", "time": "2026-11-23T03:12:00Z"}) for line in TRACE[:3]
    )
    cri = (f"2026-11-23T03:12:00.000000000Z stderr F {line}" for line in TRACE[3:5])
    records, lines, _ = told(joined([*docker, *cri, *TRACE[5:]]))
    assert numbers(records) == [1, 2, 3, 4, 5, 6]
    assert lines == ["hello", "bye"]


def test_two_services_tear_each_other_in_one_compose_log(told):
    """The rest of a torn line belongs to the service that began it."""
    first, second = cycle(1)[:9], cycle(1)[9:]
    records, lines, _ = told(f"a-1  | {first}\nb-1  | hello\na-1  | {second}\nb-1  | {cycle(1)}\n")
    assert numbers(records) == [1, 1]
    assert len({each["service"] for each in records}) == 2
    assert lines == ["hello"]


def test_two_collections_of_two_processes_torn_by_each_other(told):
    """One descriptor, two processes: the second prints a whole collection within the first."""
    one, other = cycle(5), cycle(9)
    cut = one.index("->") + 2
    records, lines, _ = told(joined([one[:cut] + other, one[cut:], "hello"]))
    assert numbers(records) == [5, 9]
    assert lines == ["hello"]


@pytest.mark.parametrize("line", [cycle(3), *OLD.values()], ids=["1.27", *OLD])
def test_a_collection_of_any_go_torn_in_any_field_is_whole_again(told, line):
    """Cut before every token, with a line of the application in between."""
    token = re.compile(r"[\d.]+|[^\d.]+")
    places = [match.start() for match in token.finditer(line) if match.start() >= 4]
    application = [f"2026/11/23 03:12:00 served {number}" for number in range(len(places) * 2 + 2)]
    text, waiting = application[:2], application[2:]
    for at, tearing, after in zip(places, waiting[::2], waiting[1::2], strict=True):
        text += [line[:at] + tearing, line[at:], after]
    records, lines, _ = told(joined(text))
    assert len(numbers(records)) == len(places)
    assert len({(each["heap_end_mib"], each["heap_marked_mib"], each["goal_mib"]) for each in records}) == 1
    assert lines == application


DATES = {
    "German": "[Mo Nov 23 03:12:00 2026] ",
    "French": "[lun. nov. 23 03:12:00 2026] ",
    "Chinese": "[一 11月 23 03:12:00 2026] ",
    "Japanese": "[月 11月 23 03:12:00 2026] ",
    "Russian": "[Пн ноя 23 03:12:00 2026] ",
    "syslog": "Nov 23 03:12:00 node kernel: [ 9012.000310] ",
    "thread": "[ 9012.000310][ T4711] ",
    "decoded": "kern  :err   : [ 9012.000310] ",
    "raw": "3,1234,9012000310,-;",
}


@pytest.mark.parametrize("language", DATES)
def test_the_kernel_is_understood_in_every_language_of_dmesg(told, language):
    """`dmesg -T` writes the day and the month in the language of the user."""
    records, lines, _ = told(joined([*TRACE[:-1], DATES[language] + KILLED]))
    assert [each["cause"] for each in records if each["type"] == "death"] == ["kernel-oom-kill-global"]
    assert lines == ["hello"]


MENTIONS = [
    "2026-11-23T03:12:00Z INFO worker restarted after exit status 137",
    '{"level":"warn","msg":"container was OOMKilled last week, see runbook"}',
    "panic: at the disco",
    "Out of memory: Killed process is in the docs",
    "goroutine 1 [running]: is what a dump looks like",
]


@pytest.mark.parametrize("line", MENTIONS)
def test_words_of_death_in_a_line_of_the_application_kill_nobody(told, line):
    """The process goes on collecting."""
    records, lines, _ = told(joined([*TRACE[:4], line, *TRACE[4:]]))
    assert numbers(records) == [1, 2, 3, 4, 5, 6]
    assert lines == ["hello", line, "bye"]


def test_a_panic_that_net_http_recovered_is_no_death(told):
    """The dump is a dump, and the process lives."""
    dump = [
        "2026/11/23 03:12:00 http: panic serving 10.0.0.1:3444: runtime error: index out of range [5] with length 3",
        "goroutine 34 [running]:",
        "net/http.(*conn).serve.func1()",
        "\t/usr/local/go/src/net/http/server.go:1947 +0xbe",
        "created by net/http.(*Server).Serve in goroutine 1",
        "\t/usr/local/go/src/net/http/server.go:3454 +0x485",
    ]
    records, lines, _ = told(joined([*TRACE[:4], *dump, *TRACE[4:]]))
    assert [each["type"] for each in records if each["type"] != "gc"] == ["dump"]
    assert lines == ["hello", dump[0], "bye"]


def test_a_collection_within_a_crash_report_is_found(told):
    """Other threads still print while the world stops."""
    dump = ["panic: boom", "", "goroutine 1 [running]:", "main.main()", cycle(7), "\t/a.go:3 +0x1", "exit status 2"]
    records, lines, _ = told(joined([*TRACE[:-1], *dump]))
    assert [each["number"] for each in records if each["type"] == "gc"] == [1, 2, 3, 4, 5, 6, 7]
    assert [each["cause"] for each in records if each["type"] == "death"] == ["panic"]
    assert lines == ["hello"]


def test_a_line_without_end_is_one_line(told):
    """Longer than any buffer; the collection behind it is found."""
    records, _, words = told(b"x" * (3 << 20) + b"\n" + cycle(1).encode() + b"\n")
    assert numbers(records) == [1]
    assert "2 lines read: 1 gc; 1 of the application" in words


def test_control_characters_in_a_name_never_reach_the_terminal(tmp_path, gctail):
    """A name may hold anything but a slash."""
    path = os.fsencode(tmp_path) + b"/we\x1b[31mird\nname\xff.log"
    with open(path, "wb") as log:  # noqa: PTH123  (the name is bytes)
        log.write(joined(TRACE).encode())
    for arguments in ([], ["records"]):
        done = gctail(*arguments, os.fsdecode(path))
        assert done.returncode == 0
        assert b"\x1b" not in done.stdout


def test_a_loop_of_links_is_told_in_one_sentence(tmp_path, gctail):
    """Nobody can open it."""
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    done = gctail("records", tmp_path / "one")
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("since", ["nonsense", "-3x", "99:99", "2026-13-45", "\udcff"])
def test_a_moment_that_is_none_is_refused(tmp_path, gctail, since):
    """With what to write instead."""
    path = tmp_path / "a.log"
    path.write_text(joined(TRACE))
    done = gctail("--since", since, path)
    assert done.returncode == 2
    assert done.stderr.startswith(b"gctail: --since")


def wait_until_read(running):
    """It has taken all that was written to it, and has nothing to do any more: it sleeps, and used no CPU for a while."""
    left, seen = array.array("i", [1]), []
    for _ in range(300):
        fcntl.ioctl(running.stdin, termios.FIONREAD, left)
        state, *numbers = Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()
        seen.append((state, numbers[10], numbers[11]))  # proc(5): utime and stime
        if not left[0] and state == "S" and len(seen) > 8 and len(set(seen[-8:])) == 1:
            return
        time.sleep(0.1)


@pytest.mark.parametrize("arguments", [["-"], ["records", "-"], ["--output", "json", "-"]])
def test_interrupted_at_a_quiet_pipe_it_tells_what_it_has(gctail_program, arguments):
    """Ctrl-C while the program on the other end says nothing."""
    with subprocess.Popen(
        [gctail_program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        running.stdin.write(joined(TRACE).encode())
        running.stdin.flush()
        wait_until_read(running)
        running.send_signal(signal.SIGINT)
        running.wait(30)
        out, words = running.stdout.read(), running.stderr.read()
    assert b"Traceback" not in words
    assert b"6 collections" in out or b"6 gc" in words or b'"gc_lines": 6' in out


def test_a_file_whose_name_is_no_text_can_be_read_in_every_form(gctail, root, tmp_path):
    """As a file of an old machine may be called: its name is escaped wherever it is shown."""
    log = tmp_path / os.fsdecode(b"pay\xff.log")
    log.write_bytes((root / "samples/logs/unbounded-map-go1.27.log").read_bytes())
    bundle = tmp_path / "case.tar.gz"
    for command in (
        [log], [log, "--output", "json"], [log, "--output", "jsonl"], ["records", log], ["gate", log, "--output", "json"],
        ["tune", log, "--limit", "1GiB", "--output", "json"], ["diff", log, log, "--output", "json"],
        ["postmortem", log, "--json"], ["postmortem", log, "--html", tmp_path / "page.html", "--bundle", bundle],
        ["postmortem", bundle],
    ):  # fmt: skip
        done = gctail(*command)
        assert (done.returncode in {0, 1}, done.stderr) == (True, done.stderr)
        assert b"Traceback" not in done.stderr
        assert b"udcff" in done.stdout or "jsonl" in command, command
