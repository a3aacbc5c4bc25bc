"""`--pass-through`: the application's lines come back as it wrote them, and nothing else with them."""

import json
import os
import pty
import subprocess

import pytest

from gctail.cli import main

GC = "gc {n} @{n}.000s 1%: 0.1+1.0+0.1 ms clock, 0.2+0.1/1.0/0.5+0.2 ms cpu, 10->11->5 MB, 12 MB goal, 0 MB stacks, 0 MB globals, 4 P\n"
APPLICATION = [f'level=info msg="request processed" path=/api/{n}\n' for n in range(40)]


@pytest.fixture
def samples(root):
    return root / "samples" / "logs"


def only_application(printed, lines):
    """What was printed of these lines."""
    wanted = set(lines)
    return [line for line in printed.splitlines(keepends=True) if line in wanted]


def test_lines_come_back_in_order_without_the_runtimes(tmp_path, capfdbinary):
    log = tmp_path / "a.log"
    log.write_text("".join(GC.format(n=n + 1) + line for n, line in enumerate(APPLICATION)))
    assert main(["--pass-through", str(log)]) == 0
    printed = capfdbinary.readouterr().out.decode()
    assert only_application(printed, APPLICATION) == APPLICATION
    assert "gc 7 @" not in printed


def test_torn_lines_come_back_whole(samples, gctail_program):
    """The application wrote its lines to a file of its own as well: what is passed on is that file."""
    application = subprocess.run(
        ["xz", "-dc", samples / "torn-pipe-go1.27.application.log.xz"], capture_output=True, check=True
    ).stdout
    done = subprocess.run(
        [gctail_program, "--pass-through", samples / "torn-pipe-go1.27.log.zst"],
        capture_output=True,
        timeout=120,
        check=True,
    )
    lines = application.splitlines()
    passed = [line for line in done.stdout.splitlines() if line in set(lines)]
    assert passed == lines


def test_wrapped_lines_come_without_their_wrapper(tmp_path, capfdbinary):
    log = tmp_path / "a.log"
    records = [{"log": line, "stream": "stdout", "time": "2026-11-23T03:12:00.123456789Z"} for line in APPLICATION]
    log.write_text("".join(json.dumps(each, separators=(",", ":")) + "\n" for each in records))
    assert main(["--pass-through", str(log)]) == 0
    assert only_application(capfdbinary.readouterr().out.decode(), APPLICATION) == APPLICATION


def test_at_a_terminal_an_escape_sequence_is_shown_and_not_obeyed(tmp_path, gctail_program):
    log = tmp_path / "a.log"
    log.write_bytes(b"evil \x1b[2J\x1b]0;owned\x07 line\n" + GC.format(n=1).encode())
    master, slave = pty.openpty()
    subprocess.run([gctail_program, "--no-color", "--pass-through", log], stdout=slave, timeout=60, check=True)
    os.close(slave)
    printed = os.read(master, 1 << 16)
    assert b"\x1b" not in printed
    assert b"evil \\x1b[2J" in printed


def test_json_and_passed_lines_do_not_go_together(tmp_path, capsys):
    log = tmp_path / "a.log"
    log.write_text("x\n")
    assert main(["--pass-through", "--output", "jsonl", str(log)]) == 2
    assert "leave out --output" in capsys.readouterr().err
