"""A real Prometheus scrapes a real `gctail -f --listen` and fires the shipped rules; a real Alertmanager receives them."""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from following import collections

PROMETHEUS, PROMTOOL, AMTOOL = (shutil.which(name) for name in ("prometheus", "promtool", "amtool"))
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
WITHIN_S = 60
MEAN_PAUSE = "service:gctail_gc_pauses:mean5m"
METRIC = re.compile(r"(?<![\w:.])(?:gctail|process|service:gctail|severity:gctail)_?[\w:]*\w")


def needs(*programs: str | None) -> pytest.MarkDecorator:
    """Skipped, and said so, where they are not installed."""
    return pytest.mark.skipif(
        None in programs, reason="not installed: apt-get install prometheus prometheus-alertmanager"
    )


def asked(url: str) -> Any:
    """JSON of an address."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def until(what: str, true: Callable[[], Any]) -> Any:
    """Wait until something is so."""
    until_s = time.monotonic() + WITHIN_S
    while time.monotonic() < until_s:
        try:
            if value := true():
                return value
        except (OSError, ValueError):
            pass
        time.sleep(0.1)
    pytest.fail(f"never: {what}")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def running(place: Path, name: str, *command: object) -> Iterator[Path]:
    """A program in a directory of its own; its output in a file."""
    place.mkdir(exist_ok=True)
    out = place / f"{name}.txt"
    with (
        out.open("wb") as said,
        subprocess.Popen([str(each) for each in command], stdout=said, stderr=said, cwd=place) as child,
    ):
        try:
            yield out
        finally:
            child.terminate()


@pytest.fixture
def rules(root: Path) -> Path:
    """What is shipped for Prometheus and Alertmanager."""
    return root / "config" / "prometheus"


@needs(PROMTOOL, AMTOOL)
def test_the_shipped_files_are_what_their_programs_want(rules):
    """The rules do what their own tests say, and the examples are valid."""
    for command in (
        [PROMTOOL, "check", "rules", "gctail.rules.yml"],
        [PROMTOOL, "test", "rules", "gctail.rules.test.yml"],
        [PROMTOOL, "check", "config", "prometheus.yml"],
        [AMTOOL, "check-config", "alertmanager.yml"],
    ):
        done = subprocess.run(command, cwd=rules, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_test(rules):
    """Of when it fires, beside the rules; but for those of a single comparison."""
    alerts = set(re.findall(r"alert: (\w+)", (rules / "gctail.rules.yml").read_text()))
    tried = set(re.findall(r"alertname: (\w+)", (rules / "gctail.rules.test.yml").read_text()))
    assert alerts - tried == {"GctailDeathSpiral", "GctailReadsBadly", "GctailAlertsDropped", "GctailServicesOmitted"}


@pytest.fixture
def alertmanager(rules: Path, tmp_path: Path) -> Iterator[str]:
    """A real one with the shipped example, grouping at once; yields its address."""
    config = (rules / "alertmanager.yml").read_text().replace("group_wait: 10s", "group_wait: 0s")
    place, port = tmp_path / "alertmanager", free_port()
    place.mkdir()
    (place / "alertmanager.yml").write_text(config)
    address = f"127.0.0.1:{port}"
    with running(place, "alertmanager", ALERTMANAGER, "--config.file=alertmanager.yml", "--storage.path=data",
                 "--cluster.listen-address=", f"--web.listen-address={address}") as said:  # fmt: skip
        until(f"alertmanager is ready\n{said.read_text()}", lambda: asked(f"http://{address}/api/v2/status"))
        yield f"http://{address}"


@pytest.fixture
def gctail_address(gctail_program: Path, alertmanager: str, root: Path, tmp_path: Path) -> Iterator[str]:
    """`gctail -f` on a leak, with its page, metrics, and alerts of its own; yields its address."""
    place, port = tmp_path / "gctail", free_port()
    place.mkdir()
    (place / "gctail.toml").write_text(
        f'[sinks.oncall]\nkind = "alertmanager"\nurl = "{alertmanager}"\n[alerts]\nspool_dir = "{place}/spool"\n'
    )
    for name in ("checkout", "idle"):
        sample = "unbounded-map-go1.27.log" if name == "checkout" else "idle-go1.27.log"
        (place / f"{name}.log").write_bytes((root / "samples" / "logs" / sample).read_bytes())
    command = (gctail_program, "-f", "checkout.log", "idle.log", "--no-state", "--limit", "256MiB", "--config", "gctail.toml",
               "--listen", f"127.0.0.1:{port}")  # fmt: skip
    with running(place, "gctail", *command) as said:
        until(
            f"gctail answers\n{said.read_text()}",
            lambda: asked(f"http://127.0.0.1:{port}/api/v1/services")["total"] == 2,
        )
        yield f"127.0.0.1:{port}"


@pytest.fixture
def prometheus(rules: Path, gctail_address: str, alertmanager: str, tmp_path: Path) -> Iterator[str]:
    """A real one with the shipped rules, in a hurry: it scrapes every second, and no alert waits."""
    place, port = tmp_path / "prometheus", free_port()
    place.mkdir()
    hurried = re.sub(r"for: \w+", "for: 0s", (rules / "gctail.rules.yml").read_text())
    (place / "gctail.rules.yml").write_text(hurried)
    config = (rules / "prometheus.yml").read_text().replace("15s", "1s").replace("127.0.0.1:9464", gctail_address, 1)
    config = config.replace("127.0.0.1:9093", alertmanager.removeprefix("http://"))
    (place / "prometheus.yml").write_text(config)
    address = f"127.0.0.1:{port}"
    with running(place, "prometheus", PROMETHEUS, "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                 f"--web.listen-address={address}") as said:  # fmt: skip
        until(
            f"prometheus is ready\n{said.read_text()}",
            lambda: asked(f"http://{address}/api/v1/targets")["data"]["activeTargets"],
        )
        yield f"http://{address}"


def answer(prometheus: str, expression: str) -> list[Any]:
    """What an expression gives now; an expression that Prometheus does not understand is an error."""
    told = asked(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}")
    assert told["status"] == "success"
    return told["data"]["result"]


@needs(PROMETHEUS, PROMTOOL, ALERTMANAGER)
def test_from_the_log_to_the_alert(prometheus, alertmanager, gctail_address, root, tmp_path):
    """Scraped without complaint, rules fired, and Alertmanager hears of the leak twice: from the rules, and from gctail."""
    health = lambda: asked(f"{prometheus}/api/v1/targets")["data"]["activeTargets"][0]  # noqa: E731 - asked again and again
    until("scraped", lambda: health()["health"] == "up")
    assert health()["lastError"] == ""
    until("recorded", lambda: answer(prometheus, "service:gctail_heap_goal:ratio"))
    live = {each["metric"]["service"]: float(each["value"][1]) for each in answer(prometheus, "gctail_heap_live_bytes")}
    assert live == {"checkout": 129 * 2**20, "idle": 0}

    def alerts() -> list[dict[str, Any]]:
        return asked(f"{alertmanager}/api/v2/alerts?active=true&inhibited=true")

    def by_source() -> dict[bool, set[str]]:
        told: dict[bool, set[str]] = {True: set(), False: set()}
        for each in alerts():
            told["instance" in each["labels"]].add(each["labels"]["alertname"])
        return told

    ours = {"GctailLeak", "GctailNextGoalOverLimit"}
    theirs = {"GctailMemoryGone", "GctailLeak", "GctailNextGoalOverLimit"}
    until("both have told", lambda: by_source()[False] >= ours and by_source()[True] >= theirs)
    assert {each["labels"]["service"] for each in alerts()} == {"checkout"}
    assert all(each["annotations"]["summary"] for each in alerts())
    with (tmp_path / "gctail" / "idle.log").open("ab", buffering=0) as log:
        numbers = iter(range(1000, 2000))
        until(
            "pauses", lambda: log.write(collections(number := next(numbers), number)) and answer(prometheus, MEAN_PAUSE)
        )
    until("delivered is counted", lambda: answer(prometheus, 'gctail_alerts_delivered_total{sink="oncall"} > 0'))
    until("read to the end", lambda: answer(prometheus, "gctail_input_lag_bytes")[0]["value"][1] == "0")
    _the_dashboard_asks_for_what_is_there(prometheus, root)
    _the_rules_ask_for_what_is_there(prometheus, root)
    _metrics_are_as_promtool_wants_them(gctail_address)


def _names(prometheus: str) -> set[str]:
    return set(asked(f"{prometheus}/api/v1/label/__name__/values")["data"])


def _the_dashboard_asks_for_what_is_there(prometheus: str, root: Path) -> None:
    """Every query is understood, and every metric in it exists."""
    dashboard = json.loads((root / "config" / "grafana" / "gctail.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    queries += [each["expr"] for each in dashboard["annotations"]["list"]]
    assert len(queries) > 20
    there = _names(prometheus)
    for query in queries:
        answer(prometheus, query.replace("$job", ".*").replace("$service", ".*"))
        assert set(METRIC.findall(query)) <= there, query
    for variable in dashboard["templating"]["list"]:
        asked_of = re.findall(r"label_values\((\w+)", json.dumps(variable["query"]))
        assert set(asked_of) <= there
    boxes = [panel["gridPos"] for panel in dashboard["panels"]]
    cells = [
        (x, y)
        for box in boxes
        for x in range(box["x"], box["x"] + box["w"])
        for y in range(box["y"], box["y"] + box["h"])
    ]
    assert len(cells) == len(set(cells)), "panels lie on each other"
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def _the_rules_ask_for_what_is_there(prometheus: str, root: Path) -> None:
    text = (root / "config" / "prometheus" / "gctail.rules.yml").read_text()
    used = {name for expression in re.findall(r"expr: (.*)", text) for name in METRIC.findall(expression)}
    assert used <= _names(prometheus)


def _metrics_are_as_promtool_wants_them(address: str) -> None:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=60) as metrics:
        text = metrics.read()
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
