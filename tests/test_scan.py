"""`gctail scan`: text, JSON, SARIF and exit status, on folders as they are found."""

import json
import os

import msgspec
import pytest

from gctail.records import Finding
from gctail.runners.go_source import Leads, go_source
from gctail.sinks.notices import Notice

LEAKS = b"""package main

import "net/http"

var seen = map[string]int{}

func main() { http.HandleFunc("/", handle) }

func handle(w http.ResponseWriter, r *http.Request) { seen[r.URL.Path]++ }
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "main.go").write_bytes(LEAKS)
    (tmp_path / "broken.go").write_bytes(b"package main\nfunc (\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "vendor" / "x").mkdir(parents=True)
    (tmp_path / "vendor" / "x" / "x.go").write_bytes(LEAKS)
    os.mkfifo(tmp_path / "sub" / "pipe.go")
    return tmp_path


def test_text_names_the_map_the_place_and_what_was_skipped(gctail, folder):
    done = gctail("scan", folder)
    assert done.returncode == 0
    text = done.stdout.decode()
    assert "CRITICAL main.go:5  seen  map[string]int" in text
    assert "written  main.go:9 in handle  key r.URL.Path" in text
    assert "skipped broken.go: does not parse: line 2" in text
    assert "1 folder vendor" in text
    assert "pipe.go: no regular file" in text
    assert "\x1b" not in text


def test_what_is_only_possible_says_why_it_is_not_sure(gctail, tmp_path):
    """A package-level slice lives long: what is not seen is how often it is appended to."""
    code = (
        b"package main\nvar kept []string\nfunc main() { load(keep) }\nfunc keep(s string) { kept = append(kept, s) }\n"
    )
    (tmp_path / "main.go").write_bytes(code)
    text = gctail("scan", tmp_path).stdout.decode()
    assert "INFO      possible:\n" in text
    assert "main.go:2  kept  []string  written in keep at main.go:4; how often is not seen\n" in text


@pytest.mark.parametrize(("severity", "status"), [("never", 0), ("critical", 1), ("info", 1)])
def test_ci_is_told_by_the_exit_status(gctail, folder, severity, status):
    assert gctail("scan", folder, "--fail-on", severity).returncode == status


def test_json_has_every_fact(gctail, folder):
    found = json.loads(gctail("scan", folder, "--output", "json").stdout)
    [container] = found["containers"]
    assert (container["name"], container["severity"], container["keys"]) == ("seen", "critical", "request")
    assert found["input"]["skipped"][0]["file"] == "broken.go"


def test_sarif_is_what_code_hosts_take(gctail, folder):
    found = json.loads(gctail("scan", folder, "--output", "sarif").stdout)
    assert (found["version"], len(found["runs"])) == ("2.1.0", 1)
    [run] = found["runs"]
    [result] = run["results"]
    [rule] = run["tool"]["driver"]["rules"]
    assert (result["ruleId"], result["level"]) == (rule["id"], "error")
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "main.go"}, "region": {"startLine": 5}}
    assert run["invocations"][0]["executionSuccessful"] is True
    assert result["message"]["text"]


def test_a_folder_that_is_not_there_is_said_in_a_sentence(gctail, tmp_path):
    done = gctail("scan", tmp_path / "none")
    assert done.returncode == 2
    assert b"no such file or folder" in done.stderr


def test_names_of_files_cannot_write_to_the_terminal(gctail, tmp_path):
    (tmp_path / "a\x1b[31m.go").write_bytes(LEAKS)
    done = gctail("scan", tmp_path)
    assert b"\x1b" not in done.stdout


def test_a_verdict_leads_to_the_source_too(gctail, root):
    """`gctail FILE --source DIR`: under each suspect, who logs it, and what its function fills."""
    log = root / "samples" / "gateway" / "gateway-go1.26.log.gz"
    text = gctail(log, "--source", log.parent).stdout.decode()
    assert "in logIn\n" in text
    assert "fills SessionCache.sessions at main.go:47, and nothing deletes from it (main.go:" in text
    [service] = json.loads(gctail(log, "--source", log.parent, "--output", "json").stdout)["services"]
    assert service["suspects"][0]["source"]["containers"][0]["name"] == "SessionCache.sessions"


def test_the_place_of_a_suspect_is_looked_up_once(root):
    """Alerts, lines of JSON and the verdict tell the same suspect again and again."""
    leads = Leads(go_source(str(root / "samples" / "gateway"))[0])
    suspect = {"message": "request processed", "template": "request processed", "example": "", "mib": 3.0}
    place = leads.place(suspect)
    assert place is not None
    assert place is leads.place(suspect | {"mib": 7.0})
    assert leads.place({"message": "nobody says this"}) is None


def test_a_finding_leads_to_the_source_as_it_is_told(gctail, root):
    """A line of JSON for who listens, and the facts of an alert: nobody has to wait for the verdict."""
    log = root / "samples" / "gateway" / "gateway-go1.26.log.gz"
    told = gctail(log, "--source", log.parent, "--output", "jsonl").stdout.splitlines()
    line = next(each for each in map(json.loads, told) if each.get("kind") == "leak")
    leak = msgspec.convert({"time_s": None, "uptime_s": None, **line}, Finding)
    assert leak.suspects[0]["source"]["function"] == "logIn"
    facts = [value for name, value in Notice(leak, 0.0).facts if name == "source"]
    assert facts[0].startswith("logged at main.go:")
    assert "fills SessionCache.sessions" in facts[1]


def test_a_folder_without_go_source_is_said(gctail, tmp_path):
    (tmp_path / "a.log").write_bytes(b"")
    done = gctail(tmp_path / "a.log", "--source", tmp_path)
    assert (done.returncode, done.stderr.decode()) == (2, f"gctail: {tmp_path}: there is no Go source in it\n")
