"""Completion in the shells themselves: bash, and fish where it is installed."""

import os
import shutil
import subprocess

import pytest

from gctail.cli import main

BASH = """
source <(gctail completion bash)
COMP_LINE="$1"; COMP_POINT=${#1}; COMP_TYPE=9; COMP_WORDS=($1); COMPREPLY=()
_python_argcomplete gctail
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def in_bash(gctail_program, tmp_path):
    (tmp_path / "checkout.log").write_text("x\n")
    (tmp_path / "dmesg.txt").write_text("x\n")

    def asked(line):
        environment = os.environ | {"PATH": f"{gctail_program.parent}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-c", BASH, "bash", line],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return {word.strip() for word in done.stdout.splitlines() if word.strip()}

    return asked


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not on PATH")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("gctail tu", {"tune"}),
        ("gctail ch", {"check", "checkout.log"}),
        ("gctail --fail", {"--fail-on"}),
        ("gctail --fail-on ", {"info", "warning", "critical", "never"}),
        ("gctail checkout.log --output ", {"text", "jsonl", "json"}),
        ("gctail tune --gogc", {"--gogc"}),
        ("gctail tune --output ", {"text", "json"}),
        ("gctail tune --limit ", set()),
        ("gctail postmortem checkout.log --kernel-log d", {"dmesg.txt"}),
        ("gctail completion z", {"zsh"}),
    ],
)
def test_bash_offers_what_fits(in_bash, line, offered):
    assert in_bash(line) == offered


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not on PATH")
def test_fish_offers_commands_and_options(gctail_program, tmp_path):
    environment = os.environ | {
        "PATH": f"{gctail_program.parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    completions = tmp_path / "fish" / "completions"
    completions.mkdir(parents=True)
    script = subprocess.run([gctail_program, "completion", "fish"], capture_output=True, timeout=60, check=True).stdout
    (completions / "gctail.fish").write_bytes(script)
    command = ["fish", "-c", 'complete -C "gctail tu"; complete -C "gctail tune --gog"']
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert {line.split("\t")[0] for line in done.stdout.splitlines()} == {"tune", "--gogc"}


def test_every_shell_gets_its_script(capsys):
    for shell in ("bash", "zsh", "fish"):
        assert main(["completion", shell]) == 0
        assert "gctail" in capsys.readouterr().out


def test_a_shell_that_is_not_known_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["completion", "cmd"])
    assert "'cmd' is none of 'bash', 'zsh', 'fish'" in capsys.readouterr().err
