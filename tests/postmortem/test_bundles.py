"""A bundle gives the same verdict elsewhere and later: of every sample, redacted or not, and by older versions."""

import io
import json
import os
import tarfile
from pathlib import Path

import msgspec
import pytest

from gctail.cli import postmortem
from gctail.cli.case import read
from gctail.postmortem.certificate import Case, Certificate
from postmortem_cases import LOGS

CASES = {  # every sample that is small enough to be read twice, with what lies beside it
    log.name: [
        log,
        *(each for form in ("kernel", "kernel-dates") for each in [log.parent / f"{log.name.split('.log')[0]}.{form}.log"]
          if each.exists()),
    ][:2]
    for log in sorted(LOGS.iterdir())
    if ".kernel" not in log.name.removeprefix("killed-by") and log.suffix != ".json" and "application" not in log.name
}  # fmt: skip


def packed(tmp_path: Path, *arguments: object) -> Path:
    """A bundle made with these arguments."""
    bundle = tmp_path / "case.tar.gz"
    options = postmortem.parser().parse_args([*map(str, arguments), "--bundle", str(bundle)])
    assert postmortem.run(options) == 0
    return bundle


def unpacked(bundle: Path) -> tuple[Case, str]:
    """What is made of a bundle: the case, and the note that compares."""
    found = read(postmortem.parser().parse_args([str(bundle)]))
    found.places.close()
    assert found.failed == []
    return found.case, str(found.case.input["notes"][-1])


@pytest.mark.parametrize("name", CASES)
def test_every_sample_is_judged_alike_elsewhere(name, tmp_path, capsys):
    """Cause and verdict of each service, without the files it was made from; every other one redacted."""
    redact = ["--redact"] if list(CASES).index(name) % 2 else []
    log, *kernel = CASES[name]
    beside = [word for each in kernel for word in ("--kernel-log", each)]
    bundle = packed(tmp_path, log, *beside, *redact)
    capsys.readouterr()
    _, note = unpacked(bundle)
    assert note.endswith("judged again here: the same verdict")


def rewritten(bundle: Path, change) -> Path:
    """The bundle with its JSON members changed."""
    other = bundle.with_name("other.tar.gz")
    with tarfile.open(bundle) as old, tarfile.open(other, "w:gz") as new:
        for member in old:
            data = old.extractfile(member).read()
            if member.name.endswith(".json"):
                data = json.dumps(change(member.name.rpartition("/")[2], json.loads(data))).encode()
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return other


def without_defaults(name: str, plain: dict) -> dict:
    """As a version wrote it that knew only the fields that every certificate must have."""
    if name == "case.json":
        needed = {field.name for field in msgspec.structs.fields(Certificate) if field.required}
        certificates = [{key: each[key] for key in needed} for each in plain["certificates"]]
        return {"certificates": certificates, "input": plain["input"], "made_by": plain["made_by"]}
    if name == "manifest.json":
        members = [{key: each[key] for key in ("file", "origin", "role", "whole")} for each in plain["members"]]
        return {"version": 0, "made_by": "gctail 0.0.1", "members": members}
    return plain


def test_a_bundle_of_an_older_version_is_accepted(tmp_path, capsys):
    """What it does not have is not missed."""
    old = rewritten(packed(tmp_path, LOGS / "idle-go1.27.log"), without_defaults)
    capsys.readouterr()
    case, note = unpacked(old)
    assert case.certificates[0].cause.name == "healthy-end"
    assert "gctail 0.0.1" in note
    assert note.endswith("the same verdict")


def test_a_bundle_of_a_newer_version_is_read_as_far_as_it_is_known(tmp_path, capsys):
    """Fields that nobody knows are passed over; a certificate that cannot be read is made anew from the logs."""
    bundle = packed(tmp_path, LOGS / "idle-go1.27.log")
    capsys.readouterr()
    newer = rewritten(bundle, lambda _, plain: {**plain, "version": 9, "news": [1]})
    assert unpacked(newer)[1].endswith("the same verdict")
    strange = rewritten(
        bundle, lambda name, plain: {**plain, "certificates": "elsewhere"} if name == "case.json" else plain
    )
    case, note = unpacked(strange)
    assert case.certificates[0].cause.name == "healthy-end"
    assert note.endswith("judged anew")


def test_lines_without_a_year_keep_it(tmp_path, capsys):
    """Syslog's times have none: the year is that of the file, also where the file is not."""
    log, kernel = tmp_path / "service.log", tmp_path / "kern.log"
    log.write_bytes((LOGS / "unbounded-map-go1.27.log").read_bytes().replace(b"2026-11-23", b"2024-11-23"))
    killed = [line.split("] ", 1)[1] for line in (LOGS / "unbounded-map-go1.27.kernel.log").read_text().splitlines()]
    kernel.write_text("".join(f"Nov 23 08:52:41 node-3 kernel: {line}\n" for line in killed))
    os.utime(kernel, (1732351961, 1732351961))
    bundle = packed(tmp_path, log, "--kernel-log", kernel)
    capsys.readouterr()
    log.unlink()
    kernel.unlink()
    case, note = unpacked(bundle)
    assert case.certificates[0].cause.name == "kernel-oom-kill-cgroup"
    assert note.endswith("the same verdict")


def test_wrappers_and_deaths_of_ones_own_travel_with_the_bundle(tmp_path, capsys):
    """Elsewhere nobody has the files by which the log was read."""
    plugins = Path(__file__).parent.parent / "plugins"
    files = ["--wrappers", plugins / "wrappers.toml", "--deaths", plugins / "deaths.toml"]
    bundle = packed(tmp_path, plugins / "bunker.log", *files)
    capsys.readouterr()
    case, note = unpacked(bundle)
    assert note.endswith("the same verdict")
    [certificate] = case.certificates
    assert (certificate.service, certificate.cause.name) == ("shop", "guard-kill")
