"""`gctail tune` as people call it."""

import json

import pytest

from gctail.cli import main


@pytest.fixture
def samples(root):
    return root / "samples" / "logs"


def test_the_table_names_the_setting_to_choose(capsys, samples):
    assert main(["tune", str(samples / "bounded-cache-go1.24.log.gz"), "--limit", "256MiB"]) == 0
    told = capsys.readouterr().out
    assert "(as it ran)" in told
    assert "GOMEMLIMIT=230MiB" in told


def test_a_leak_is_not_tuned_away(capsys, samples):
    assert main(["tune", str(samples / "unbounded-map-go1.27.log"), "--limit", "256MiB"]) == 0
    told = capsys.readouterr().out
    assert "it leaks: a setting only moves the end" in told
    assert "no, from" in told


def test_json_has_every_setting_that_was_asked_for(capsys, samples):
    log = str(samples / "bounded-cache-go1.24.log.gz")
    asked = ["--gogc", "80,off", "--gomemlimit", "200MiB", "--output", "json"]
    assert main(["tune", log, "--limit", "256MiB", *asked]) == 0
    (service,) = json.loads(capsys.readouterr().out)["services"]
    settings = [each["setting"] for each in service["choice"]["tried"]]
    assert settings == [
        {"gogc": 80.0, "memory_limit_mib": 200.0},
        {"gogc": None, "memory_limit_mib": 200.0},
    ]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--limit", "much"], "--limit much"),
        (["--limit", "1GiB", "--gogc", "50,x"], "'x' is no GOGC"),
        (["--limit", "1GiB", "--gogc", "off"], "off without --gomemlimit never collects"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(capsys, samples, asked, says):
    assert main(["tune", str(samples / "bounded-cache-go1.24.log.gz"), *asked]) == 2
    assert says in capsys.readouterr().err


def test_a_log_without_collections_says_so(capsys, tmp_path):
    log = tmp_path / "a.log"
    log.write_text("hello\n")
    assert main(["tune", str(log), "--limit", "1GiB"]) == 0
    assert "no garbage collections" in capsys.readouterr().out
