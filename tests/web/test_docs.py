"""docs/live.md says what there is: every metric, every path, every key, every option, and nothing else."""

import re
import subprocess
from pathlib import Path

import pytest

from gctail.snapshot import Snapshot
from gctail.tui.app import LiveView
from gctail.web.app import application
from gctail.web.guard import Access
from gctail.web.metrics import ALERTS, INPUT, LAG, exposition

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "live.md").read_text(encoding="utf-8")


def test_every_metric_is_explained_and_every_explained_metric_is_there(page):
    """By the names that Prometheus sees."""
    kafka = {"lag": {"logs/0": {"messages": 1}}, "rebalances": 1, "paused": False, "poisoned": {"no JSON": 1}}
    alerts = {"oncall": dict.fromkeys(ALERTS, 1)}
    facts = dict.fromkeys([*INPUT, *LAG], 1) | {"alerts": alerts, "files": ["a"], "kafka": kafka}
    body = exposition(lambda: Snapshot(1, 1.0, {}, {}, (), {("leak", "critical"): 1}, facts), "")[0].decode()
    there = set(re.findall(r"^# TYPE (gctail_\S+)", body, re.MULTILINE))
    explained = set(re.findall(r"^\| `(gctail_\w+)` \|", page, re.MULTILINE))
    assert explained == there


def test_every_path_is_explained(page):
    """All that the application answers to, but the page and its files."""
    routes = {route.path.replace(":path", "") for route in application(None, Access()).app.routes}
    explained = set(re.findall(r"^\| `(/[^`]+)` \|", page, re.MULTILINE))
    assert explained == routes - {"/", "/static/{file}"}


def test_every_key_is_explained(page):
    """Of the terminal, by its bindings; of the page, by its help."""
    table = page[page.index("| key |") : page.index("The page asks for nothing")]
    keys = {"slash": "/", "question_mark": "?", "escape": "Esc"}
    for binding in LiveView.BINDINGS:
        assert binding.key == "q" or f"`{keys.get(binding.key, binding.key)}`" in table, binding.key
    for key in re.findall(r"<dt>(.*?)</dt>", (ROOT / "src/gctail/web/page/index.html").read_text("utf-8")):
        named = re.findall(r"<kbd>(\w|[/?])</kbd>", key)
        assert all(f"`{each}`" in table for each in named), key


def test_every_option_is_explained(page, gctail):
    """That says who may look, and where."""
    options = set(re.findall(rb"--(?:listen|tui)[\w-]*", gctail("--help").stdout))
    assert options == {each.encode() for each in re.findall(r"--(?:listen|tui)[\w-]*", page)}


def test_the_commands_shown_run(gctail_program, tmp_path):
    """Those that end; the others are run by the tests of the views."""
    done = subprocess.run([gctail_program, "demo", "--help"], capture_output=True, timeout=60, cwd=tmp_path, check=True)
    assert b"--tui" in done.stdout
