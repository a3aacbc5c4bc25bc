"""What others write of a death, in the words of systemd, kubelets, guards and kernels: right cause, right victim."""

import json
from pathlib import Path
from typing import Any

import pytest

from gctail.postmortem.certificate import Certificate
from postmortem_cases import LOGS, case_of, certificate_of

LOG = LOGS / "unbounded-map-go1.27.log"
SYSLOG = "Nov 23 08:52:41 node-3 "
UNIT = SYSLOG + "systemd[1]: session-gateway.service: "

TOLD = [  # lines of a journal, the cause, and what the sentence must say
    (UNIT + "Main process exited, code=exited, status=2/INVALIDARGUMENT", "exit-status", "status 2"),
    (UNIT + "Main process exited, code=killed, status=9/KILL", "sigkill", "SIGKILL"),
    (UNIT + "State 'stop-sigterm' timed out. Killing.", "sigkill", "did not stop in time"),
    (UNIT + "Watchdog timeout (limit 30s)!", "signal-abort", "watchdog"),
    (UNIT + "Deactivated successfully.", "terminated", "asked to end"),
    (SYSLOG + "systemd[1]: Stopping session-gateway.service - Sessions...", "terminated", "asked to end"),
    (UNIT + "A process of this unit has been killed by the OOM killer.", "oom-killed-report", "systemd reports"),
    (
        SYSLOG + "systemd-oomd[812]: Killed /system.slice/session-gateway.service due to memory pressure for "
        "/system.slice being 67.02% > 60.00% for > 30s with reclaim activity",
        "guard-kill",
        "systemd-oomd killed session-gateway because of memory pressure",
    ),
    (
        SYSLOG + 'earlyoom[612]: sending SIGTERM to process 22086 uid 0 "session-gateway": badness 843, VmRSS 253 MiB',
        "guard-kill",
        "earlyoom killed session-gateway (pid 22086), which held 253 MiB",
    ),
    (
        SYSLOG + "kernel: session-gateway[22086]: segfault at 0 ip 00000000004e26ed sp 00007ffc error 4 in libx.so",
        "signal-segv",
        "SIGSEGV",
    ),
    ("2026-11-23T08:52:41Z container die 4bcb7fc4369fee4aabb (exitCode=137, name=session-gateway)", "exit-137", "137"),
]


@pytest.mark.parametrize(("line", "cause", "says"), TOLD, ids=[cause for _, cause, _ in TOLD])
def test_a_journal_names_the_end(line, cause, says, tmp_path):
    """Given beside the log, as what `journalctl` printed."""
    journal = tmp_path / "journal.txt"
    journal.write_text(line + "\n")
    certificate = certificate_of(LOG, "--kernel-log", journal)
    assert certificate.cause.name == cause
    assert says in certificate.cause.sentence
    assert certificate.cause.evidence[0].offset == 0
    assert certificate.cause.evidence[0].origin == str(journal)


@pytest.mark.parametrize(("line", "cause", "says"), TOLD, ids=[cause for _, cause, _ in TOLD])
def test_of_another_unit_it_is_not_ours(line, cause, says, tmp_path):
    """The same sentence about somebody else proves nothing."""
    journal = tmp_path / "journal.txt"
    journal.write_text(
        line.replace("session-gateway", "mail-relay").replace("22086", "771").replace("253", "41") + "\n"
    )
    assert cause, says
    certificate = certificate_of(LOG, "--kernel-log", journal)
    assert certificate.cause.name == "unknown"
    assert "mail-relay" in certificate.cause.not_ours[0].text


# ------------------------------------------------------------------------------------------------------- Kubernetes

UID, CONTAINER = "3f1c7a52-9b0e-4a55-8c0e-0e5d1f6f2f11", "1f0cd3c0b6f6f9d3" * 4
POD = "session-gateway-6d9c7d9f4-kx2lm"


def pod(status: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A pod as `kubectl get pod -o json` prints it."""
    limits = {"resources": {"limits": {"memory": "256Mi"}, "requests": {"memory": "64Mi"}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": POD, "namespace": "prod", "uid": UID},
        "spec": {"containers": [{"name": "main", **limits}, {"name": "envoy"}]},
        "status": {"containerStatuses": [{"name": "main", **status}, {"name": "envoy", "state": {}}], **more},
    }


def ended(reason: str, code: int) -> dict[str, Any]:
    """The last state of a container that ended."""
    end = {"exitCode": code, "reason": reason, "finishedAt": "2026-11-23T08:52:42Z", "containerID": f"x://{CONTAINER}"}
    return {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": end}}


def event(reason: str, message: str, kind: str = "Pod", **about: Any) -> dict[str, Any]:
    """An event as `kubectl get events -o json` lists it."""
    name = POD if kind == "Pod" else "node-3"
    involved = {"kind": kind, "name": name, "uid": UID, "fieldPath": "spec.containers{main}"} if kind == "Pod" else {}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "involvedObject": {"kind": kind, "name": name, **involved, **about},
        "reason": reason,
        "message": message,
        "lastTimestamp": "2026-11-23T08:52:42Z",
    }


def asked(tmp_path: Path, *items: dict[str, Any]) -> Certificate:
    """The certificate with these objects as `--events`."""
    file = tmp_path / "kubectl.json"
    whole = items[0] if len(items) == 1 else {"apiVersion": "v1", "kind": "List", "items": list(items)}
    file.write_text(json.dumps(whole, indent=4))
    return certificate_of(LOG, "--events", file)


def test_a_pod_that_was_oom_killed(tmp_path):
    """The pod bears the name of what the log calls itself; its limit is told; one line for 03:12."""
    certificate = asked(tmp_path, pod(ended("OOMKilled", 137)))
    assert certificate.cause.name == "oom-killed-report"
    assert certificate.cause.confidence >= 0.9
    sure = f"({certificate.cause.confidence:.0%} sure)"
    assert certificate.headline[0] == f"OOMKilled in Kubernetes, at its limit of 256 MiB {sure}"
    assert f"container main of pod {POD}" in certificate.cause.sentence
    assert certificate.memory.limit_mib == 256
    assert certificate.memory.limit_source == "kubernetes"
    line = (tmp_path / "kubectl.json").read_bytes()[certificate.cause.evidence[0].offset :].split(b"\n")[0]
    assert b"2026-11-23T08:52:42Z" in line


def test_a_pod_whose_main_process_was_killed_by_somebody(tmp_path):
    """137 with the reason Error: a kill, and nobody says for what."""
    certificate = asked(tmp_path, pod(ended("Error", 137)))
    assert certificate.cause.name == "exit-137"
    assert certificate.cause.settles


def test_a_pod_that_was_evicted(tmp_path):
    """The node was low on memory; the status of the pod itself says so."""
    message = "The node was low on resource: memory. Container main was using 241Mi, request is 64Mi."
    certificate = asked(tmp_path, pod({"state": {}}, phase="Failed", reason="Evicted", message=message))
    assert certificate.cause.name == "oom-killed-report"
    assert "evicted" in certificate.cause.sentence


def test_a_kill_of_a_nodes_kernel_comes_as_an_event(tmp_path):
    """The node problem detector passes on the kernel's line: its process, pid and size count."""
    words = "Memory cgroup out of memory: Killed process {} ({}) total-vm:1528552kB, anon-rss:{}kB, file-rss:4700kB, shmem-rss:0kB, UID:0 pgtables:624kB oom_score_adj:0"
    ours = asked(tmp_path, event("OOMKilling", words.format(22086, "session-gateway", 261236), kind="Node"))
    assert ours.cause.name == "kernel-oom-kill-cgroup"
    assert ours.cause.confidence >= 0.85
    assert ours.memory.rss_mib == pytest.approx(255, abs=1)
    other = asked(tmp_path, event("OOMKilling", words.format(991, "postgres", 61236), kind="Node"))
    assert other.cause.name == "unknown"
    assert "postgres" in other.cause.not_ours[0].text


def test_a_liveness_probe_that_failed_is_named(tmp_path):
    """It was asked to end, and by whom and why is in the sentence."""
    certificate = asked(
        tmp_path,
        event("Unhealthy", 'Liveness probe failed: Get "http://10.0.0.7:8080/healthz": context deadline exceeded'),
        event("Killing", "Container main failed liveness probe, will be restarted"),
    )
    assert certificate.cause.name == "terminated"
    assert "failed liveness probe" in certificate.cause.sentence


def test_a_pod_of_another_workload_is_not_ours(tmp_path):
    """Its uid and its name are others."""
    other = json.loads(json.dumps(pod(ended("OOMKilled", 137))).replace("session-gateway", "mail-relay"))
    certificate = asked(tmp_path, other)
    assert certificate.cause.name == "unknown"


def test_pretty_json_of_the_journal_is_refused_in_words(tmp_path):
    """journalctl -k -o json-pretty puts an object on many lines: it is said what to ask for instead."""
    lines = (LOGS / "unbounded-map-go1.27.kernel.log").read_text().splitlines()
    file = tmp_path / "kernel.json"
    file.write_text(
        "\n".join(
            json.dumps({"_TRANSPORT": "kernel", "PRIORITY": "6", "MESSAGE": each.split("] ", 1)[1]}, indent="\t")
            for each in lines
        )
    )
    case = case_of(LOG, "--kernel-log", file)
    assert case.certificates[0].cause.name == "unknown"
    assert any("-o json," in note for note in case.input["notes"])


# ---------------------------------------------------------------------------------------------- what the log itself shows


def test_one_service_falls_silent_while_the_log_goes_on(tmp_path):
    """Two services in one log: the one that stops between lines of the other is not said to be alive."""
    begin = 1795420800
    lines = []
    for at in range(600):
        when = begin + at * 0.5
        stamp = f"2026-11-23T{8 + int(when - begin) // 3600:02d}:{int(when - begin) // 60 % 60:02d}:{when % 60:09.6f}Z"
        names = ("checkout", "search") if at < 200 else ("search",)
        for name in names:
            gc = f"gc {at + 1} @{1 + at * 0.5:.3f}s 1%: 0.02+0.4+0.003 ms clock, 0.04+0.1/0.3/0.2+0.006 ms cpu, 8->9->5 MB, 10 MB goal, 0 MB stacks, 0 MB globals, 2 P"
            lines.append(f"{name}-1  | {stamp} level=info msg=served id={at}\n{name}-1  | {gc}\n")
    log = tmp_path / "compose.log"
    log.write_text("".join(lines))
    found = {each.service: each.cause for each in case_of(log).certificates}
    assert found["search-1"].name == "alive"
    assert found["checkout-1"].name == "unknown"
    assert "fell silent" in found["checkout-1"].sentence
    assert case_of(log).certificates[0].service == "checkout-1"


def test_an_error_as_the_very_last_word_makes_less_sure(tmp_path):
    """Logs of healthy services do not end with an error: the log may go on, or the program gave up."""
    text = (LOGS / "idle-go1.27.log").read_text()
    lines = [line for line in text.splitlines() if "signal" not in line and "stopp" not in line.lower()][:-2]
    log = tmp_path / "giving-up.log"
    log.write_text("\n".join([*lines, 'time=2026-11-23T09:00:00Z level=ERROR msg="cannot reach the ledger"']) + "\n")
    certificate = certificate_of(log)
    assert certificate.cause.name == "unknown"
    assert "ends with an error" in certificate.cause.sentence
    log.write_text("\n".join([*lines, "2026/11/23 09:00:00 cannot reach the ledger, giving up"]) + "\n")
    assert certificate_of(log).cause.name == "exit-status"


def test_a_log_of_a_parent_that_lost_its_child_gets_a_certificate(tmp_path):
    """Nothing but `signal: killed` is a death all the same."""
    log = tmp_path / "parent.log"
    log.write_text("Wait() error: signal: killed | state: signal: killed\nrc=1\n")
    assert certificate_of(log).cause.name == "sigkill"


# ------------------------------------------------------------------------- the kernel's log in every form it is printed

AT_S, HOST = 1795423960, "node-3"
FORMS = {  # of journalctl -k -o …, and of files that syslog writes
    "short": lambda text, _: f"Nov 23 08:52:40 {HOST} kernel: {text}\n",
    "short-iso": lambda text, _: f"2026-11-23T08:52:40+0000 {HOST} kernel: {text}\n",
    "short-full": lambda text, _: f"Mon 2026-11-23 08:52:40 UTC {HOST} kernel: {text}\n",
    "short-unix": lambda text, _: f"{AT_S}.000000 {HOST} kernel: {text}\n",
    "short-monotonic": lambda text, up: f"[{up:12.6f}] {HOST} kernel: {text}\n",
    "kern.log": lambda text, up: f"Nov 23 08:52:40 {HOST} kernel: [{up:12.6f}] {text}\n",
    "json": lambda text, up: (
        json.dumps(
            {
                "__REALTIME_TIMESTAMP": f"{AT_S}000000", "_TRANSPORT": "kernel", "SYSLOG_IDENTIFIER": "kernel",
                "_HOSTNAME": HOST, "PRIORITY": "6", "_SOURCE_MONOTONIC_TIMESTAMP": str(int(up * 1e6)), "MESSAGE": text,
            }
        )
        + "\n"
    ),
    "export": lambda text, up: (
        f"__CURSOR=s=4f;i=2\n__REALTIME_TIMESTAMP={AT_S}000000\n__MONOTONIC_TIMESTAMP={int(up * 1e6)}\n_TRANSPORT=kernel\n"
        f"SYSLOG_IDENTIFIER=kernel\n_HOSTNAME={HOST}\nMESSAGE={text}\n\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_the_kernels_log_is_read_in_every_form(form, tmp_path):
    """The same kill, limit and place, whoever printed it."""
    lines = (LOGS / "unbounded-map-go1.27.kernel.log").read_text().splitlines()
    told = [(line.split("] ", 1)[1], float(line[1:].split("]")[0])) for line in lines]
    kernel = tmp_path / "kernel.txt"
    kernel.write_text("".join(FORMS[form](text, up) for text, up in told))
    certificate = certificate_of(LOG, "--kernel-log", kernel)
    assert certificate.cause.name == "kernel-oom-kill-cgroup"
    assert certificate.cause.confidence >= 0.9
    assert certificate.memory.limit_mib == 256
    place = kernel.read_bytes()[certificate.cause.evidence[0].offset :].split(b"\n\n")[0]
    assert b"Killed process 22086" in place
