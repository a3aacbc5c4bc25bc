"""The man page has every command and every option, and a real `man` shows it."""

import os
import shutil
import subprocess
from importlib import import_module

import pytest

from gctail.cli.options import COMMANDS, reading_parser


@pytest.fixture
def page(root):
    return root / "docs" / "man" / "gctail.1"


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_option_is_in_the_page(page, command):
    text = page.read_text("utf-8").replace("\\-", "-")
    parser = import_module(f"gctail.cli.{command}").parser() if command else reading_parser()
    assert not command or f"gctail {command}" in text
    options = [
        option for action in parser._actions for option in action.option_strings if option not in {"-h", "--help"}
    ]
    missing = [option for option in options if option not in text]
    assert not missing, "python docs/man/make.py > docs/man/gctail.1"


@pytest.mark.skipif(shutil.which("man") is None or shutil.which("groff") is None, reason="man or groff is not on PATH")
def test_man_shows_it(page):
    environment = os.environ | {"MANWIDTH": "100", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["man", "-l", page], env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert "gctail - finds out, from logs alone, why a Go service runs out of memory" in done.stdout
    assert "--max-growth" in done.stdout
