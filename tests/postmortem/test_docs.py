"""docs/postmortem.md: every call it shows works, and it explains every cause there is."""

import json
import re
import shlex
from pathlib import Path

import pytest

from gctail.cli import postmortem
from gctail.parsing.causes import CAUSES
from gctail.store.recorder import Recorder
from postmortem_cases import LOGS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "postmortem.md").read_text(encoding="utf-8")
CALLS = [
    line.partition("   #")[0].strip().replace("/var/lib/gctail/record", "record")
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.startswith("gctail postmortem")
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """The files that the page speaks of, each as somebody would have it."""
    folder = tmp_path_factory.mktemp("desk")
    log = (LOGS / "unbounded-map-go1.27.log").read_bytes()
    (folder / "service.log").write_bytes(log)
    Recorder(str(folder / "record"), pytest.fail).take("/var/log/service.log", "service", log)
    (folder / "previous.log").write_bytes(log[: len(log) // 4])
    (folder / "dmesg.txt").write_bytes((LOGS / "unbounded-map-go1.27.kernel-dates.log").read_bytes())
    end = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-11-23T08:52:41Z"}
    status = {"containerStatuses": [{"name": "main", "lastState": {"terminated": end}}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "session-gateway-0"}, "spec": {}, "status": status}
    (folder / "pod.json").write_text(json.dumps(pod))
    profiles = sorted(ROOT.glob("samples/**/*before*.pb.gz")) + sorted(ROOT.glob("samples/**/*after*.pb.gz"))
    for name, profile in zip(("before.pb.gz", "after.pb.gz"), profiles, strict=False):
        (folder / name).write_bytes(profile.read_bytes())
    return folder


@pytest.mark.parametrize("call", CALLS)
def test_a_call_of_the_page_works(call, desk, monkeypatch, capsys):
    """With the files at hand, and whatever it says it writes is there afterwards."""
    monkeypatch.chdir(desk)
    status = postmortem.run(postmortem.parser().parse_args(shlex.split(call)[2:]))
    told = capsys.readouterr()
    assert status == 0, told.err
    assert "service" in told.out
    for word in shlex.split(call):
        assert word.startswith("-") or "." not in word or (desk / word).exists(), word


def test_the_page_explains_every_cause_and_no_other():
    """The table is the closed list."""
    table = PAGE.partition("## What a cause means")[2].partition("## ")[0]
    told = {
        word for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for word in re.findall(r"`([a-z0-9-]+)`", row)
    }
    assert told == set(CAUSES)
