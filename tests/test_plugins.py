"""A package of somebody else's adds a sink, a source and a detector; what it does wrong is told once and loses nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from gctail.detectors.added import Addition
from gctail.detectors.values import Signal
from gctail.parsing.gctrace import parse_gctrace
from gctail.records import Sighting
from gctail.rules import Plan
from gctail.service import Service

HERE = Path(__file__).parent
EXAMPLE = HERE / "plugins" / "example"
LINE = "gc {0} @{0}.016s 9%: 0.018+1.6+0.004 ms clock, 0.14+0.12/1.2/0+0.035 ms cpu, {1}->{1}->{1} MB, {2} MB goal, 8 P"


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A folder into which the example package was installed, as pip does with its pyproject.toml."""
    folder = tmp_path_factory.mktemp("packages")
    shutil.copytree(EXAMPLE / "src", folder, dirs_exist_ok=True)
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = [
        f"[{group}]\n" + "".join(f"{name} = {module}\n" for name, module in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("".join(points))
    return folder


@pytest.fixture
def start(packages, gctail_program, tmp_path):
    """Starts gctail where the package is installed, with this configuration; what still runs at the end is killed."""
    started = []

    def start(configuration: str, *arguments: str) -> subprocess.Popen[str]:
        (tmp_path / "gctail.toml").write_text(configuration)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GCTAIL_")}
        environment |= {"PYTHONPATH": str(packages), "NO_COLOR": "1", "XDG_STATE_HOME": str(tmp_path / "state")}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen([gctail_program, *arguments], cwd=tmp_path, env=environment, **pipes))
        return started[-1]

    yield start
    for each in started:
        with each:
            each.kill()


@pytest.fixture
def run(start):
    """Runs gctail to its end."""

    def run(configuration: str, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        running = start(configuration, *arguments)
        stdout, stderr = running.communicate(timeout=100)
        assert "Traceback" not in stderr
        assert running.returncode == status, stderr
        return subprocess.CompletedProcess(running.args, status, stdout, stderr)

    return run


def test_a_source_is_read_to_its_end_judged_and_watched_by_an_added_detector(run):
    """All of it by the installed command."""
    done = run('[sources.tick]\nkind = "ticker"\n[detectors.roof]\nkind = "ceiling"\nlive_mib = 40\n', "source:tick")
    assert "WARNING  tick: 41 MiB are above the ceiling of 40" in done.stdout
    assert done.stdout.count("above the ceiling") == 1
    assert "\ntick: " in done.stdout
    assert "60 collections" in done.stdout


def test_findings_reach_an_added_sink(run, tmp_path):
    """By `alert test`, and of a source while it is read."""
    sink = '[alerts]\ngroup_wait_s = 0\n[sinks.book]\nkind = "notebook"\npath = "book.txt"\n'
    assert "book: taken" in run(sink, "alert", "test").stdout
    assert "CRITICAL gctail-test" in (tmp_path / "book.txt").read_text()
    run(sink + '[sources.tick]\nkind = "ticker"\n[detectors.roof]\nkind = "ceiling"\nlive_mib = 9\n', "source:tick")
    assert "WARNING tick: detector:roof: 10 MiB are above the ceiling of 9\n" in (tmp_path / "book.txt").read_text()


def test_a_source_that_breaks_off_is_told_and_what_came_before_it_counts(run):
    """As of a file that cannot be read on."""
    done = run('[sources.tick]\nkind = "ticker"\nbreaks_at = 31\n', "source:tick", status=2)
    assert "30 collections" in done.stdout
    assert "source:tick: reading broke off: ConnectionError: the ticker has stopped" in done.stdout


def test_a_source_has_a_certificate_too(run):
    """It is kept while gctail runs, so that a second look is possible."""
    done = run('[sources.tick]\nkind = "ticker"\nbreaks_at = 41\n', "postmortem", "source:tick", "--json", status=2)
    case = json.loads(done.stdout)
    [certificate] = case["services"]
    assert (certificate["service"], certificate["collections"]) == ("tick", 40)
    assert case["input"]["notes"] == ["source:tick: reading broke off: ConnectionError: the ticker has stopped"]
    assert (
        "source:tock: the configuration has no [sources.tock]" in run("", "postmortem", "source:tock", status=2).stderr
    )


def test_while_a_source_is_read_its_detectors_change_with_the_configuration(start, tmp_path):
    """SIGHUP, as with files that are followed."""
    source = (
        '[sources.tick]\nkind = "ticker"\nevery_s = 0.02\ncollections = 100_000\n[detectors.roof]\nkind = "ceiling"\n'
    )
    running = start(source + "live_mib = 1_000_000\n", "source:tick", "-v")
    assert "live" in running.stdout.readline()
    (tmp_path / "gctail.toml").write_text(source + "live_mib = 5\n")
    running.send_signal(signal.SIGHUP)
    assert running.stderr.readline() == "gctail: the configuration was read again\n"
    assert any("are above the ceiling of 5" in line for line in running.stdout)


def test_a_detector_that_fails_is_told_once_and_everything_else_goes_on(run):
    """Its process is judged without it."""
    done = run(
        '[sources.tick]\nkind = "ticker"\n[detectors.roof]\nkind = "ceiling"\nlive_mib = 40\nfails_at = 20\n',
        "source:tick",
    )
    [told] = [line for line in done.stderr.splitlines() if "roof" in line]
    assert told == (
        'gctail: detector "roof" failed when it was to look at a collection: RuntimeError: the roof has come down; '
        "that process goes on without it"
    )
    assert "above the ceiling" not in done.stdout
    assert 'note: detector "roof" has failed (1 ×): it is silent since' in done.stdout
    assert "60 collections" in done.stdout


def test_nothing_is_loaded_because_it_is_installed_and_check_says_what_is_there(run, packages):
    """A package that cannot even be imported hurts nobody who does not name it."""
    info = packages / "evil-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[gctail.detectors]\nevil = evil\nfar = gctail_example\n")
    (packages / "evil.py").write_text("raise SystemExit('loaded')\n")
    named = '[detectors.roof]\nkind = "ceiling"\nlive_mib = 40\n'
    done = run(named, "check")
    assert "# detector ceiling (gctail-example 1.0): in use" in done.stdout
    assert "# detector evil (evil 1.0): not in use: nothing of it is loaded" in done.stdout
    assert "# source ticker" in done.stdout
    assert 'kind = "ceiling"                                     # gctail.toml:2' in done.stdout
    assert "live_mib = 40" in done.stdout
    done = run('[detectors.it]\nkind = "evil"\n', "check", status=2)
    assert "gctail.toml:2: kind: evil (evil 1.0) cannot be loaded: SystemExit: loaded" in done.stderr
    done = run('[detectors.it]\nkind = "far"\n', "check", status=2)
    assert "gctail.toml:2: kind: far (evil 1.0): gctail_example has no Settings that are a Struct" in done.stderr


@pytest.mark.parametrize(
    ("configuration", "arguments", "sentence"),
    [
        ('[detectors.roof]\nkind = "cieling"\n', ["-"], 'gctail.toml:2: there is no kind of detector "cieling"; did you mean "ceiling"?'),
        ('[detectors.roof]\nkind = "ceiling"\nlive_mib = 0\n', ["-"], "gctail.toml:3: detectors.roof.live_mib: expected a number > 0"),
        ('[detectors.roof]\nkind = "ceiling"\nlive_mb = 3\n', ["-"], 'did you mean "live_mib"?'),
        ("[sources.tick]\n", ["-"], 'gctail.toml:1: source "tick" needs a kind: ticker'),
        ('[sources.tick]\nkind = "ticker"\n', ["source:tock"], "source:tock: the configuration has no [sources.tock]"),
        ('[sources.tick]\nkind = "ticker"\n', ["-f", "source:tick"], "-f goes with files: a source is read as it comes, to its end; leave it out"),
    ],
)  # fmt: skip
def test_a_mistake_about_plugins_is_named_with_its_place(run, configuration, arguments, sentence):
    """As every mistake of the configuration."""
    assert sentence in run(configuration, *arguments, status=2).stderr


class Counting:
    """A detector that remembers how many collections it has seen, or does what it is told to."""

    def __init__(self, act=lambda number: []) -> None:
        self.act, self.seen = act, 0

    def observe(self, moment):
        self.seen += 1
        return self.act(moment.cycle.number)

    def state(self):
        return {"seen": self.seen}

    def load(self, state):
        self.seen = state["seen"]


def sighting(number: int, process: int = 0) -> Sighting:
    """A collection of the first or the second process."""
    line = LINE.format(number, 3 + number, 6 + 2 * number).replace(".016s", f".{16 + process:03}s")
    return Sighting(parse_gctrace(line.encode()), "it", "it.log", 200 * number)


def test_what_an_added_detector_remembers_survives_a_restart_and_one_that_is_new_begins_then():
    """The state of a service holds theirs by name."""
    plan = Plan((), {"one": Addition("one", Counting, None, pytest.fail)})
    service = Service("it", plan=plan)
    for number in range(1, 8):
        service.observe(sighting(number))
    both = Plan((), {**plan.added, "two": Addition("two", Counting, None, pytest.fail)})
    again = Service.restore(service.state(), both)
    again.observe(sighting(8))
    detectors = again.current.added._detectors
    assert {name: each.seen for name, each in detectors.items()} == {"one": 8, "two": 1}
    assert Service.restore(again.state(), None).current.added is None


@pytest.mark.parametrize(
    "said",
    [
        lambda _: 1 / 0,
        lambda _: None,
        lambda _: ["leak"],
        lambda _: [Signal("x", "terrible", "y")],
        lambda _: [Signal("x", "info", "y", {"it": object()})],
        lambda _: [Signal("x", "info", "y", {"it": "z" * 20_000})],
        lambda _: [Signal("x", "info", "y", phase="later")],
        lambda _: sys.exit(3),
    ],
)
def test_whatever_an_added_detector_does_wrong_is_told_once_and_counted(said):
    """In two processes; their collections are judged all the same."""
    told = []
    addition = Addition("it", lambda: Counting(said), None, told.append)
    service = Service("it", plan=Plan((), {"it": addition}))
    for number in [*range(1, 5), *range(1, 5)]:
        service.observe(sighting(number, process=service.collections // 4))
    assert service.collections == 8
    assert (len(told), addition.failures) == (1, 2)
    assert 'detector "it" failed when it was to look at a collection: ' in told[0]


def test_a_state_that_cannot_be_kept_or_taken_up_begins_anew():
    """Too large, no plain data, or not understood any more."""
    told = []
    for state in ({"seen": "x" * 100_000}, {"seen": object()}, {"sen": 1}):
        addition = Addition("it", Counting, None, told.append)
        service = Service("it", plan=Plan((), {"it": addition}))
        service.observe(sighting(1))
        service.current.added._detectors["it"].state = lambda state=state: state
        again = Service.restore(service.state(), service.plan)
        again.observe(sighting(2))
        assert again.current.added._detectors["it"].seen == 1
    assert [line.partition(" failed when it was to ")[2].partition(":")[0] for line in told] == [
        "give its state", "give its state", "take up its state",
    ]  # fmt: skip


def test_a_sink_that_ends_the_process_or_fails_keeps_its_findings_and_is_tried_again(run, tmp_path):
    """It waits in the spool as when the other end is away."""
    out = tmp_path / "away" / "book.txt"
    sink = f'[alerts]\ngroup_wait_s = 0\nretry_least_s = 0.1\n[sinks.book]\nkind = "notebook"\npath = "{out}"\n'
    source = '[sources.tick]\nkind = "ticker"\n[detectors.roof]\nkind = "ceiling"\nlive_mib = 9\n'
    done = run(sink + source, "source:tick")
    assert "alerts: book: " in done.stderr
    assert "they wait in" in done.stderr
    out.parent.mkdir()
    run(sink + '[sources.tick]\nkind = "ticker"\ncollections = 1\n', "source:tick")
    until_s = time.monotonic() + 60
    while not out.exists() and time.monotonic() < until_s:
        time.sleep(0.05)
    assert "detector:roof: 10 MiB are above the ceiling of 9\n" in out.read_text()
