"""Text for people at a terminal of any width."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from fcntl import ioctl
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ

import pytest

from gctail.sinks.folding import folded

SAMPLE = Path(__file__).parents[2] / "samples/logs/unbounded-map-go1.27.log"


def test_a_line_that_fits_is_left_as_it_is() -> None:
    assert folded("one two\n  three", 40) == "one two\n  three"


def test_a_line_is_folded_between_words_and_goes_on_indented() -> None:
    line = "  suspect: the heap grew with every new session of this service since noon"
    assert folded(line, 40) == "  suspect: the heap grew with every new\n    session of this service since noon"


@pytest.mark.parametrize("amount", ["12.5 s", "100 %", "129 MiB", "0.671 MiB/s", "(13 h)", "27 s;"])
def test_a_number_is_not_parted_from_its_unit(amount: str) -> None:
    """Wherever the line ends."""
    for columns in range(40, 60):
        assert amount in folded(f"the live heap has grown by this for so long: {amount} and then some more", columns)


def test_a_quoted_line_goes_on_as_a_quote() -> None:
    line = "    | 2026-11-23T08:51:28.171Z WARN  session stored, and kept"
    assert folded(line, 40) == "    | 2026-11-23T08:51:28.171Z WARN\n    | session stored, and kept"


def test_a_quote_in_colour_goes_on_as_a_quote() -> None:
    dim, plain = "\x1b[2m", "\x1b[0m"
    line = f"{dim}    | 2026-11-23T08:51:28.171Z WARN session stored now{plain}"
    assert folded(line, 40) == f"{dim}    | 2026-11-23T08:51:28.171Z WARN\n    | session stored now{plain}"


def test_colours_take_no_room() -> None:
    line = "\x1b[31mCRITICAL\x1b[0m checkout: the heap is full now"
    assert folded(line, 40) == line


def test_letters_of_east_asia_take_two_columns() -> None:
    assert folded("suspect: " + "交易评分 " * 4, 40).split("\n")[0] == "suspect: 交易评分 交易评分 交易评分"


def test_a_word_longer_than_a_line_is_left_to_the_terminal_in_one_piece() -> None:
    token = "k" * 90
    assert token in folded(f"the key {token} is new", 60)


def test_nothing_is_lost_or_added_but_breaks_and_margins() -> None:
    text = "a key {} of   three  words | and a bar, over and over again".format("x" * 30) * 3
    assert re.sub(r"\s+", "", folded(text, 44)) == re.sub(r"\s+", "", text)


def test_at_a_terminal_no_line_is_wider_than_it() -> None:
    head, tail = pty.openpty()
    ioctl(tail, TIOCSWINSZ, pack("HHHH", 24, 60, 0, 0))
    command = [
        sys.executable,
        "-m",
        "gctail",
        "-v",
        "--no-color",
        "--limit",
        "256MiB",
        SAMPLE.name,
    ]  # a long path is left to the terminal
    with subprocess.Popen(command, stdout=tail, stderr=tail, cwd=SAMPLE.parent) as process:
        os.close(tail)
        said = b""
        try:
            while piece := os.read(head, 65536):
                said += piece
        except OSError:  # the other end is closed
            pass
    os.close(head)
    assert process.returncode == 0
    lines = said.decode().replace("\r", "").split("\n")
    assert len(lines) > 100
    assert max(len(line) for line in lines) <= 60
