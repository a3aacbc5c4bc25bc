"""`gctail postmortem` as a user meets it."""

import re
import subprocess

from gctail.runners.autopsy import Autopsy
from postmortem_cases import LOGS, case_of

COLUMNS = 80


def test_the_first_five_lines_answer_everything(gctail):
    """What killed it, since when it was dying, who is suspected, what to do; in 80 columns."""
    log, kernel = LOGS / "unbounded-map-go1.27.log", LOGS / "unbounded-map-go1.27.kernel.log"
    done = gctail("postmortem", log, "--kernel-log", kernel)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert lines[0].startswith("DEATH CERTIFICATE  unbounded-map-go1.27")
    assert re.match(r"  cause    killed by the kernel at its memory limit of 256 MiB \(9\d% sure\)$", lines[1])
    assert re.match(r"  dying    since 08:51:\d\d \(.* to live\): live heap 10 -> 129 MiB, \+.* MiB/s$", lines[2])
    assert lines[3].startswith("  suspect  ")
    assert lines[4].startswith("  do       ")
    assert max(map(len, lines)) <= COLUMNS


def test_standard_input_can_be_quoted_too(gctail):
    """It cannot be read twice, but its places are known all the same."""
    log = (LOGS / "unbounded-map-go1.27.log").read_bytes() + b"signal: killed\n"
    done = gctail("postmortem", "-", stdin=log)
    assert done.returncode == 0, done.stderr
    assert f"- at byte {len(log) - 15:,}".encode() in done.stdout


def test_pipes_can_be_quoted_too(gctail_program):
    """`<(kubectl logs …)` and `--kernel-log <(dmesg)`: they are read once, and kept."""
    log, kernel = LOGS / "unbounded-map-go1.27.log", LOGS / "unbounded-map-go1.27.kernel.log"
    command = f'"{gctail_program}" postmortem --service session-gateway <(cat "{log}") --kernel-log <(cat "{kernel}")'
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert b"killed by the kernel at its memory limit of 256 MiB" in done.stdout
    assert b"The keys" in done.stdout


def test_a_log_that_is_gone_when_it_is_to_be_read_again_is_no_loss(tmp_path, monkeypatch):
    """A log that rotates meanwhile: what was found stays, and a note says what was not looked at."""
    log = tmp_path / "service.log"
    log.write_bytes((LOGS / "unbounded-map-go1.27.log").read_bytes())
    again = Autopsy._again
    monkeypatch.setattr(Autopsy, "_again", lambda self: [log.unlink(), again(self)][1])
    case = case_of(log)
    assert case.certificates[0].suspects
    assert case.certificates[0].keys == ()
    assert any("not read again for the keys of the suspects" in note for note in case.input["notes"])


def test_hostile_text_reaches_no_terminal(gctail, tmp_path):
    """Escapes, a line of 1 MiB, scripts and text that runs backwards."""
    log = tmp_path / "hostile.log"
    bad = b'level=info msg="\x1b]0;owned\x07\x1b[2J<script>alert(1)</script> \xe2\x80\xaegnp" \xff\xfe\n'
    log.write_bytes((LOGS / "unbounded-map-go1.27.log").read_bytes() + bad + b"A" * (1 << 20) + b"\n" + bad)
    done = gctail("postmortem", log)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e]", text) == []
    assert max(map(len, text.splitlines())) <= COLUMNS


def test_what_cannot_be_used_is_told_in_a_sentence(gctail, tmp_path):
    """A log or a kernel's log that is not there, a size that is none."""
    absent = tmp_path / "absent.log"
    log = LOGS / "idle-go1.27.log"
    for arguments in ([absent], [log, "--kernel-log", absent], [log, "--limit", "much"]):
        done = gctail("postmortem", *arguments)
        assert done.returncode == 2
        assert done.stderr.decode().startswith("gctail: ")
        assert b"Traceback" not in done.stderr
