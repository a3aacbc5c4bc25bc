"""What every test may ask for, and the two rules that no test can forget.

Property tests have no deadline (the machine may be busy) and, in CI, repeat themselves exactly. In CI a test may skip
because the machine lacks something, never because a Python package does: `.ci/run` installs all of them.
"""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "developer")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI, a test that skips because a package cannot be imported has failed."""
    report = yield
    if IN_CI and report.skipped and "could not import" in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} skipped in CI, where every package is installed: {report.longrepr[2]}"
    return report


@pytest.fixture(scope="session", autouse=True)
def _no_state_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What gctail keeps goes to a place of the tests' own, and is not found by the next run."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data beside the checkout; without it the test is skipped."""
    beside = ROOT.parent / "shared"
    if not beside.is_dir():
        pytest.skip("../shared is absent: reference logs live beside the checkout, not in it")
    return beside


@pytest.fixture(scope="session")
def gctail_program() -> Path:
    """The installed `gctail`, as a user starts it."""
    program = Path(sysconfig.get_path("scripts")) / "gctail"
    if not program.exists():
        pytest.fail(f"{program} is missing: pip install -e '.[dev]'")
    return program


@pytest.fixture
def gctail(gctail_program: Path, root: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Runs `gctail` with the arguments given, from the checkout, and hands back its status and output as bytes."""

    def run(*arguments: str | Path, stdin: bytes = b"", timeout_s: float = 120) -> subprocess.CompletedProcess[bytes]:
        command = [gctail_program, *arguments]
        return subprocess.run(command, cwd=root, input=stdin, capture_output=True, timeout=timeout_s, check=False)

    return run


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Runs words of tmux on a server of its own and gives what they print; `kill-server` closes the terminal."""
    if shutil.which("tmux") is None:
        pytest.skip("needs tmux")
    socket = str(tmp_path / "tmux")

    def tmux(*words: str) -> str:
        return subprocess.run(["tmux", "-S", socket, *words], capture_output=True, text=True, check=False).stdout

    yield tmux
    tmux("kill-server")
