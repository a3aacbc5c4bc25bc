"""Every command that the readme and the pages in docs show with its output is run, and prints what they show."""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent


class Example(NamedTuple):
    """One command of a `console` block, the lines shown below it, and the exit status that the block announces."""

    command: str
    shown: list[str]
    status: int


def examples() -> list[Example]:
    """The commands of all console blocks, in order; ```` ```console exit=1 ```` announces a status."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    found = []
    for words, block in re.findall(r"^```console(.*)\n((?:.*\n)*?)```$", text, re.MULTILINE):
        status = int(re.search(r"exit=(\d+)", words)[1]) if "exit=" in words else 0
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.replace("\\\n", " ").partition("\n")
            found.append(Example(command.strip(), [line.rstrip() for line in output.splitlines()], status))
    return found


def missing(shown: list[str], printed: list[str]) -> list[str]:
    """The shown lines that were not printed, in their order; `…` stands for whatever is left out."""
    rest = iter(printed)
    wanted = [line for line in shown if line.strip() and line.strip() != "…"]
    return [line for line in wanted if not any(matches(line, other) for other in rest)]


def matches(shown: str, printed: str) -> bool:
    """Whether `printed` is `shown`, in which `…` stands for any text."""
    pattern = ".*".join(re.escape(part) for part in shown.split("…"))
    return re.fullmatch(pattern, printed.rstrip()) is not None


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder that looks like the checkout, into which a command may write; the next one finds what it wrote."""
    folder = tmp_path_factory.mktemp("desk")
    for each in ROOT.iterdir():
        if not each.name.startswith("."):
            (folder / each.name).symlink_to(each)
    return folder


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.command)
def test_a_command_of_the_readme_prints_what_the_readme_shows(example, gctail_program, desk):
    """Run where the checkout's folders are, through the installed entry point, without colours."""
    assert example.command.startswith("gctail"), "a console block shows gctail; other commands go into `sh` blocks"
    environment = os.environ | {"PATH": f"{gctail_program.parent}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    command = ["bash", "-o", "pipefail", "-c", example.command]
    done = subprocess.run(command, cwd=desk, env=environment, capture_output=True, timeout=120, check=False)
    printed = (done.stdout + done.stderr).decode()
    assert done.returncode == example.status, printed
    assert missing(example.shown, printed.splitlines()) == [], printed


def test_the_readme_shows_the_command_at_work():
    """There is at least one example to run."""
    assert examples()
