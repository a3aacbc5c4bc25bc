"""Whatever is wrong with a call or its input: one clear sentence, status 2, no traceback, and what can be read counts."""

import gzip
import json
import os
import subprocess
from pathlib import Path

import pytest

from gctail.cli import main

LOG = Path(__file__).parent.parent / "samples" / "logs" / "unbounded-map-go1.27.log"
READ = "read 681,520 bytes, 4,648 lines, 131 collections"


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with a log and with much that is none."""
    for name in [name for name in os.environ if name.startswith("GCTAIL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nothing"))
    monkeypatch.chdir(tmp_path)
    log = LOG.read_bytes()
    lines = log.splitlines(keepends=True)
    packed = gzip.compress(log)
    Path("dir").mkdir()
    for name, data in {
        "ok.log": log, "empty.log": b"", "words.log": b"hello\nworld\n", "binary": bytes(range(256)) * 99,
        "cut.log.gz": packed[: len(packed) // 2], "bad.toml": b"limit = \n", "unknown.toml": b"limmit = 1\n",
        "damaged.gz": packed[:60_000] + b"?" * 99 + packed[60_099:], "ok.gz": packed,
        "huge.log": b"x" * 3_000_000 + b"\n" + log, "utf16.log": log.decode().encode("utf-16"),
        "nul.log": b"".join(lines[:100]) + b"\0" * 5000 + b"".join(lines[100:]),
        "mixed.log": b"".join(lines[:50]) + b"\xff\xfe\xfa bad\n" + b"".join(lines[50:]),
    }.items():  # fmt: skip
        Path(name).write_bytes(data)
    return tmp_path


def call(capsys, arguments):
    """Status, standard output and standard error of one call."""
    try:
        status = main(arguments)
    except SystemExit as end:
        status = end.code
    told = capsys.readouterr()
    return status, told.out, told.err


@pytest.mark.usefixtures("desk")
def test_files_stand_before_and_after_options(capsys):
    """As a hand writes them: a file that comes late is no option that there is not."""
    _, out, err = call(capsys, ["ok.log", "--limit", "1GiB", "words.log", "--output", "json"])
    assert err == ""
    assert [Path(each).name for each in json.loads(out)["input"]["files"]] == ["ok.log", "words.log"]


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("", "gctail: FILE: missing (see gctail --help)"),
        ("missing.log", "gctail: missing.log: no such file. Check the name; gctail -f waits for a file that is not there yet."),
        ("dir", "gctail: dir: a directory. Name the log files in it, for example dir/*.log"),
        ("empty.log", "gctail: empty.log: empty. Nothing was written to it; Go writes gctrace to standard error."),
        ("recrods ok.log", 'gctail: recrods: there is no such command and no such file; did you mean "records"?'),
        ("--limit", "gctail: --limit: a value is missing (see gctail --help)"),
        ("--limit 5X ok.log", 'gctail: --limit 5X: "5X" is no size: it stops making sense at column 2; write for example 512MiB, 2GiB, 1.5G or 1000000000'),
        ("--limit 0 ok.log", 'gctail: --limit 0: "0" is nothing; write for example 512MiB or 2GiB'),
        ("--limit 1e999 ok.log", 'gctail: --limit 1e999: "1e999" is beyond all measure'),
        ("--limti\x1b[31m ok.log", 'gctail: there is no option --limti\\x1b[31m; did you mean "--limit"? (see gctail --help)'),
        ("a\x1b[31m.log", "gctail: a\\x1b[31m.log: no such file. Check the name; gctail -f waits for a file that is not there yet."),
        ("--state dir ok.log", "gctail: --state goes with -f: without it each log is read once, to its end"),
        ("--exclude *.gz ok.log", "gctail: --exclude goes with -f: without it each log is read once, to its end"),
        ("--record dir ok.log", "gctail: --record goes with -f: without it each log is read once, to its end"),
        ("--listen-cert x ok.log", "gctail: --listen-cert goes with --listen, which says where the page is served"),
        ("--output xml ok.log", "gctail: --output: 'xml' is none of 'text', 'jsonl', 'json' (see gctail --help)"),
        ("--limti 1GiB", 'gctail: there is no option --limti; did you mean "--limit"? (see gctail --help)'),
        ("scan dir", "gctail: scan dir: no Go source in it. Name the folder of the program"),
        ("--outptu json ok.log", 'gctail: there is no option --outptu; did you mean "--output"? (see gctail --help)'),
        ("--since yesterday ok.log", 'gctail: --since yesterday: "yesterday" is no moment: write 2026-11-23T03:12:00Z, "2026-11-23 03:12", 2026-11-23, 03:12 or -3h'),
        ("--fail-on fatal ok.log", "gctail: --fail-on: 'fatal' is none of 'info', 'warning', 'critical', 'never' (see gctail --help)"),
        ("--false-alarms x ok.log", "gctail: --false-alarms: no number: 'x' (see gctail --help)"),
        ("--false-alarms nan ok.log", "gctail: --false-alarms nan: none at all cannot be had; give a number above 0"),
        ("--mining 200 ok.log", "gctail: --mining 200: a percentage lies between 0 and 100"),
        ("--silence 25:00-26:00 ok.log", 'gctail: --silence: "25:00-26:00" is no window of time: write one in UTC, such as 22:00-06:00 or sat,sun 00:00-24:00'),
        ("--rules missing.toml ok.log", "gctail: --rules missing.toml: cannot be read: No such file or directory"),
        ("--rules dir ok.log", "gctail: --rules dir: cannot be read: Is a directory"),
        ("--rules binary ok.log", "gctail: --rules binary: byte 128 is no UTF-8; is this the right file?"),
        ("--rules bad.toml ok.log", "gctail: --rules bad.toml: this is no TOML: Invalid value (at line 1, column 9)"),
        ("--wrappers missing.toml ok.log", "gctail: --wrappers missing.toml: cannot be read: No such file or directory"),
        ("--deaths binary ok.log", "gctail: --deaths binary: byte 128 is no UTF-8; is this the right file?"),
        ("--deaths unknown.toml ok.log", 'gctail: --deaths unknown.toml: there is no key "limmit"'),
        ("--config missing.toml ok.log", "gctail: missing.toml: cannot be read: No such file or directory. Name another with --config FILE"),
        ("--config bad.toml ok.log", "gctail: bad.toml: this is no TOML: Invalid value (at line 1, column 9)"),
        ("--config unknown.toml ok.log", 'gctail: unknown.toml:1: there is no "limmit"; did you mean "limit"?'),
        ("-n 5 ok.log", "gctail: -n goes with -f: without it a log is read from its beginning to its end"),
        ("-f -n x ok.log", "gctail: -n/--last: no whole number: 'x' (see gctail --help)"),
        ("-f --ignore-older 1X ok.log", 'gctail: --ignore-older 1X: "1X" is no duration: it stops making sense at column 2; write for example 90s, 5m, 1h30m or 2d'),
        ("--listen nonsense ok.log", "gctail: --listen nonsense: write an address and a port, such as 127.0.0.1:9464"),
        ("--tui ok.log", "gctail: --tui needs a terminal for its input and its output"),
        ("postmortem missing.log", "gctail: missing.log: no such file. Check the name; gctail -f waits for a file that is not there yet."),
        ("postmortem ok.log --lines=-5", "gctail: --lines -5: so many of the last lines are shown; 0 shows none"),
        ("diff ok.log ok.log --fail-over nan", "gctail: --fail-over nan: give a percentage of 0 or more"),
        ("postmortem ok.log --kernel-log missing", "gctail: --kernel-log missing: there is no such file"),
        ("postmortem ok.log --source missing", "gctail: missing: no such file or folder"),
        ("tune ok.log --limit 1X", 'gctail: --limit 1X: "1X" is no size: it stops making sense at column 2; write for example 512MiB, 2GiB, 1.5G or 1000000000'),
        ("gate words.log", "gctail: gate: no garbage collections in this log: was the service started with GODEBUG=gctrace=1?"),
        ("gate ok.log --max-growth 5", "gctail: --max-growth 5: no size per time; write it like 5MiB/h, 100KiB/min or 1GiB/d"),
        ("diff ok.log words.log", "gctail: words.log: no garbage collections: was the service started with GODEBUG=gctrace=1?"),
        ("diff ok.log", "gctail diff: AFTER: missing (see gctail diff --help)"),
        ("scan missing", "gctail: missing: no such file or folder"),
        ("completion tcsh", "gctail completion: SHELL: 'tcsh' is none of 'bash', 'zsh', 'fish' (see gctail completion --help)"),
        ("demo --speed x", "gctail demo: --speed: no number: 'x' (see gctail demo --help)"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_answered_with_one_sentence(capsys, arguments, sentence):
    """What is wrong, where, and what to do; nothing else, and status 2."""
    status, out, err = call(capsys, arguments.split())
    assert (status, err) == (2, f"{sentence}\n")
    assert out == ""


@pytest.mark.usefixtures("desk")
def test_what_a_configuration_says_of_following_is_no_hindrance_to_reading(capsys):
    """One file serves all commands: what it keeps for gctail -f is of no meaning here, and not wrong."""
    Path("gctail.toml").write_text("max_memory = '1GiB'\nstate = 'dir'\nrecord = 'dir'\nlisten_user = 'me'\n")
    status, out, err = call(capsys, ["ok.log"])
    assert (status, err) == (0, "")
    assert READ in out


@pytest.mark.usefixtures("desk")
def test_a_name_of_a_file_is_shown_and_not_obeyed(capsys):
    """Whoever may name a log must not write to the terminal of who reads it."""
    name = "a\x1b]0;b\x07\u202e\x9b.log.gz"
    Path(name).write_bytes(Path("cut.log.gz").read_bytes())
    for command in ([], ["records"], ["postmortem"], ["tune", "--limit", "1GiB"]):
        _, out, err = call(capsys, [*command, name])
        assert "a\\x1b]0;b\\x07\\u202e\\x9b.log.gz" in err
        assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(out + err)


@pytest.mark.usefixtures("desk")
def test_lines_that_something_has_added_to_are_shown_and_not_asked_for(capsys):
    """Who has gctrace on, and a shipper that writes a word behind every line, must not be told to switch it on."""
    lines = Path("ok.log").read_bytes().splitlines()
    Path("added.log").write_bytes(b"".join(line + b" \xe9\x1b[31m here\n" for line in lines))
    _, out, _ = call(capsys, ["added.log"])
    assert "but 131 that begin like one and cannot be read." in out
    assert "GODEBUG" not in out
    assert "131 unreadable\nunreadable, for example:\n    | gc 1 @0.174s" in out
    assert "\x1b" not in out


@pytest.mark.usefixtures("desk")
def test_what_is_no_text_is_said_to_be_none(capsys):
    """Whoever took the wrong file reads it in the report; a log with a few odd bytes is one all the same."""
    said = "note: {}: this does not look like a log: its first bytes are no text."
    for name in ("binary", "mixed.log", "nul.log", "utf16.log"):
        _, out, _ = call(capsys, [name])
        assert (said.format(name) in out) == (name == "binary"), name


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("huge.log", "note: huge.log: a line of more than 1 MiB at byte 0: its end was not read"),
        ("utf16.log", READ),
        ("nul.log", "read 686,520 bytes, 4,648 lines, 131 collections"),
        ("mixed.log", "read 681,528 bytes, 4,649 lines, 131 collections"),
        ("words.log", "no garbage collections in 2 lines."),
        ("binary", "no garbage collections in "),
    ],
)
def test_a_log_that_is_damaged_is_read_as_far_as_it_goes(capsys, name, told):
    """And what was lost of it is told."""
    status, out, err = call(capsys, [name])
    assert (status, err) == (0, "")
    assert told in out


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cut.log.gz", "cut.log.gz: the gzip data stops in the middle: "),
        ("damaged.gz", "damaged.gz: the gzip data is damaged near byte "),
    ],
)
def test_a_file_whose_end_is_lost_is_judged_and_its_status_says_so(capsys, name, told):
    """What came counts; that it was not all must not pass for a log in which nothing was found."""
    for command in ([], ["records"], ["postmortem"]):
        status, out, err = call(capsys, [*command, name])
        assert (status, err.count(told)) == (2, 1)
        assert out
    assert "It ends in the middle, for it could not be read to its end." in " ".join(out.split())
    status, out, err = call(capsys, ["gate", name])
    assert (status, out) == (2, "")
    assert told in err


@pytest.mark.usefixtures("desk")
def test_one_file_that_cannot_be_read_does_not_hide_the_others(capsys):
    """Its name is told, the others are judged, and the status says that not all is well."""
    status, out, err = call(capsys, ["ok.log", "missing.log"])
    assert (status, err) == (
        2,
        "gctail: missing.log: no such file. Check the name; gctail -f waits for a file that is not there yet.\n",
    )
    assert READ in out


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("gctail ok.log | head -1 >/dev/null; exit ${PIPESTATUS[0]}", 0, ""),
        ("gctail records ok.log | head -1 >/dev/null; exit ${PIPESTATUS[0]}", 0, ""),
        ("gctail ok.log >/dev/full", 2, "gctail: cannot write to standard output: No space left on device\n"),
        ("gctail records ok.log >/dev/full", 2, "gctail: cannot write to standard output: No space left on device\n"),
        ("gctail ok.log >&-", 2, "gctail: cannot write to standard output: it is closed\n"),
        ("gctail ok.log 2>&- >/dev/null", 0, ""),
        ("gctail run -- ./missing", 2, "gctail: run: ./missing: no such program here or in PATH\n"),
        ("gctail - <&-", 2, "gctail: standard input is closed: give a file, or pipe a log into gctail -\n"),
        ("gctail - </dev/null", 2, "gctail: standard input: empty. Nothing was written to it; Go writes gctrace to standard error.\n"),
    ],
)  # fmt: skip
def test_pipes_that_are_closed_or_full_are_no_riddle(gctail_program, line, status, said):
    """`| head` is silent, a full disk is told."""
    path = f"{gctail_program.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line],
        env=os.environ | {"PATH": path},
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (status, said)
