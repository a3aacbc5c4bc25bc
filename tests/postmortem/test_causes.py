"""How it died: on every sample, on recorded deaths of real Go runtimes, on logs that people posted, and on strangers."""

import json
from pathlib import Path

import pytest

from gctail.parsing.causes import CAUSES
from postmortem_cases import LOGS, case_of, certificate_of

SAMPLES = {  # without the kernel's log a killed service leaves no word, and that is what must be said
    "unbounded-map-go1.27.log": {"unknown"},
    "unbounded-map-go1.23.log.gz": {"unknown"},
    "goroutine-leak-go1.25.log.gz": {"signal-quit"},
    "retained-buffers-go1.24.log.gz": {"healthy-end"},
    "memory-limit-spiral-go1.27.log.xz": {"unknown"},
    "killed-by-memory-cgroup-go1.24.log.gz": {"unknown"},
    "go-out-of-memory-go1.23.log.gz": {"go-out-of-memory"},
    "restart-go1.27.log.gz": {"sigkill"},
    "all-traces-go1.27.log.gz": {"healthy-end"},
    "torn-pipe-go1.27.log.zst": {"healthy-end"},
    "docker-json-go1.25.log.gz": {"unknown"},
    "kubernetes-cri-go1.27.log.gz": {"healthy-end"},
    "compose-go1.24-go1.27.log.gz": {"healthy-end"},
    "kubectl-prefix-go1.25-go1.27.log.gz": {"healthy-end"},
    "bounded-cache-go1.24.log.gz": {"healthy-end"},
    "load-waves-go1.25.log.bz2": {"healthy-end"},
    "nightly-batch-go1.27.log.gz": {"healthy-end"},
    "idle-go1.27.log": {"healthy-end"},
}
KILLED = [
    ("unbounded-map-go1.27.log", "unbounded-map-go1.27", "kernel-oom-kill-cgroup", 256),
    ("unbounded-map-go1.23.log.gz", "unbounded-map-go1.23", "kernel-oom-kill-cgroup", 320),
    ("killed-by-memory-cgroup-go1.24.log.gz", "killed-by-memory-cgroup-go1.24", "kernel-oom-kill-cgroup", 200),
    ("restart-go1.27.log.gz", "restart-go1.27", "kernel-oom-kill-cgroup", 200),
    ("memory-limit-spiral-go1.27.log.xz", "memory-limit-spiral-go1.27", "memory-limit-spiral", 160),
]
GOLDEN = {  # what stands in the name of a recorded run, and how that program died
    "oom": "go-out-of-memory",
    "oomslice": "go-out-of-memory",
    "oommapstr": "go-out-of-memory",
    "bigmake": "go-out-of-memory",
    "makeslice": "panic",
    "deadlock": "deadlock",
    "mapwrites": "concurrent-map-access",
    "maprw": "concurrent-map-access",
    "panic": "panic",
    "repanic": "panic",
    "nilptr": "panic",
    "sigQUIT": "signal-quit",
    "sigABRT": "signal-abort",
    "threads": "thread-limit",
    "badpointer": "runtime-fault",
    "newosproc": "thread-limit",
}
BEFORE_1_6 = {"1.0.3", "1.1.2", "1.2.2", "1.3.3", "1.4.3", "1.5.4"}  # maps were not guarded


def test_the_table_has_every_sample():
    """A new sample must say how it ends."""
    index = json.loads((LOGS / "index.json").read_text())
    assert {entry["file"] for entry in index} == set(SAMPLES)


@pytest.mark.parametrize("file", SAMPLES)
def test_a_sample_alone_is_given_no_cause_that_it_does_not_tell(file):
    """What it tells of its end is told; where it tells nothing, that is said, with what would settle it."""
    certificates = case_of(file).certificates
    assert {each.cause.name for each in certificates} == SAMPLES[file]
    for each in certificates:
        assert bool(each.cause.settles) == (each.cause.name in {"unknown", "sigkill"})


@pytest.mark.parametrize("form", ["kernel", "kernel-dates"])
@pytest.mark.parametrize(("file", "stem", "cause", "limit_mib"), KILLED)
def test_the_kernels_log_names_the_killer(file, stem, cause, limit_mib, form):
    """Matched by the name that the process gives itself; the limit and the evidence come from the kernel's log."""
    certificate = certificate_of(file, "--kernel-log", LOGS / f"{stem}.{form}.log")
    assert certificate.cause.name == cause
    assert certificate.cause.confidence >= 0.9
    assert certificate.memory.limit_mib == limit_mib
    assert certificate.memory.limit_source == "kernel"
    kill = certificate.cause.evidence[0]
    text = (LOGS / f"{stem}.{form}.log").read_bytes()
    line = text[kill.offset : text.index(b"\n", kill.offset)].decode()
    assert kill.text in line
    assert line.startswith("[")
    assert "Killed process" in line


def test_a_kill_of_another_process_is_not_ours():
    """Another name, too small, or at another time: told as somebody else's."""
    other = certificate_of(
        "unbounded-map-go1.27.log", "--kernel-log", LOGS / "killed-by-memory-cgroup-go1.24.kernel.log"
    )
    assert other.cause.name == "unknown"
    assert "order-events" in other.cause.not_ours[0].text
    later = certificate_of("unbounded-map-go1.27.log", "--kernel-log", LOGS / "unbounded-map-go1.23.kernel-dates.log")
    assert later.cause.name == "unknown"


def test_a_kill_in_another_time_zone_is_still_ours(tmp_path):
    """dmesg -T prints the local time of its machine without saying which."""
    text = (LOGS / "unbounded-map-go1.27.kernel-dates.log").read_text().replace(" 08:52:4", " 03:22:4")
    assert " 03:22:4" in text
    kernel = tmp_path / "dmesg.txt"
    kernel.write_text(text)
    certificate = certificate_of("unbounded-map-go1.27.log", "--kernel-log", kernel)
    assert certificate.cause.name == "kernel-oom-kill-cgroup"
    assert certificate.end_s is not None
    assert abs(certificate.end_s - 1795423960) < 5


def test_a_kill_that_tells_no_name_we_know_counts_by_time_and_size(tmp_path):
    """`main` may be anybody; at the second in which our log stops, with the size of our heap, it is ours."""
    text = (LOGS / "unbounded-map-go1.27.kernel-dates.log").read_text().replace("session-gateway", "gateway-bin-x1")
    kernel = tmp_path / "dmesg.txt"
    kernel.write_text(text)
    certificate = certificate_of("unbounded-map-go1.27.log", "--kernel-log", kernel)
    assert certificate.cause.name == "kernel-oom-kill-cgroup"
    assert 0.6 <= certificate.cause.confidence < 0.9


def test_of_a_days_kills_on_one_machine_only_its_own_counts(tmp_path):
    """The name decides, then the time; the others give neither their limits nor their lines."""
    own = (LOGS / "unbounded-map-go1.27.kernel-dates.log").read_text()
    others = [
        own.replace("session-gateway", "poolbad")
        .replace("22086", "303")
        .replace("262144", "122880")
        .replace(" 08:", " 05:"),
        own.replace("session-gateway", "rooms")
        .replace("22086", "404")
        .replace("262144", "153600")
        .replace(" 08:52:4", " 08:53:2"),
    ]
    kernel = tmp_path / "dmesg.txt"
    kernel.write_text(others[0] + own + others[1])
    certificate = certificate_of("unbounded-map-go1.27.log", "--kernel-log", kernel)
    assert (certificate.cause.name, certificate.cause.details["pid"]) == ("kernel-oom-kill-cgroup", 22086)
    assert certificate.memory.limit_mib == 256
    assert len({quote.text for quote in certificate.cause.not_ours}) == 2
    without = tmp_path / "others.txt"
    without.write_text("".join(others))
    assert certificate_of("unbounded-map-go1.27.log", "--kernel-log", without).cause.name == "unknown"


@pytest.mark.parametrize("stem", GOLDEN)
def test_recorded_deaths_of_real_runtimes_are_told_apart(stem, shared: Path):
    """All versions of Go that have a recording of this death."""
    runs = sorted((shared / "golden-runs").glob(f"*/{stem}.log"))
    assert runs
    wrong = {}
    for run in runs:
        if stem in {"mapwrites", "maprw"} and run.parent.name in BEFORE_1_6:
            continue
        certificate = certificate_of(run)
        if certificate.cause.name != GOLDEN[stem]:
            wrong[run.parent.name] = certificate.cause.name
    assert wrong == {}


def test_the_refused_allocation_is_named(shared: Path):
    """Its size, what grew, and whose frames: a map that doubled, a slice, one large make."""
    runs = shared / "golden-runs" / "1.23.9"
    growths = {stem: certificate_of(runs / f"{stem}.log").cause for stem in ("oommapint", "oomslice", "bigmake")}
    assert growths["oommapint"].details["growth"] == "map-growth-classic"
    assert growths["oomslice"].details["growth"] == "slice-growth"
    assert growths["bigmake"].details["growth"] == "big-make"
    for cause in growths.values():
        assert "MiB" in cause.sentence or "GiB" in cause.sentence
        assert " in main." in cause.sentence
        assert any("main." in quote.text for quote in cause.evidence)


def test_posted_logs_get_no_invented_death(shared: Path):
    """Every thread whose log tells of a death gets that one; the others get none."""
    index = [json.loads(line) for line in (shared / "corpus" / "index.jsonl").read_text().splitlines()]
    for entry in index:
        cause = certificate_or_first(shared / "corpus" / entry["file"]).cause
        assert cause.name in CAUSES
        if entry["kind"] == "oom-go" and "concurrent" not in entry["what"]:
            assert cause.name == "go-out-of-memory", entry["file"]
        elif entry["kind"] == "oom-kernel":
            assert cause.name == "kernel-oom-kill-global", entry["file"]
        elif entry["kind"] in {"gctrace", "gctrace-old", "scvg"} and "segv" not in entry["file"]:
            assert cause.name in {"alive", "unknown", "log-cut-off", "signal-quit"}, entry["file"]


def certificate_or_first(log: Path):
    """The only certificate, or that of the worst."""
    return case_of(log).certificates[0]


EXTERNAL = [  # a last word of somebody else, and what it proves
    ("payments-1 exited with code 137", "exit-137"),
    ("command terminated with exit code 137", "exit-137"),
    ("signal: killed", "sigkill"),
    ("panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:5 +0x1d\nexit status 2", "panic"),
    ('earlyoom[9]: sending SIGTERM to process 22086 uid 0 "payments": oom_score 900, VmRSS 700 MiB', "guard-kill"),
    ("    Last State:     Terminated\n      Reason:       OOMKilled\n      Exit Code:    137", "oom-killed-report"),
    ('time=2026-11-23T08:52:41Z level=info msg="received signal, shutting down" signal=terminated', "healthy-end"),
    ('time=2026-11-23T08:52:41Z level=info msg="shutting down, good-bye"', "healthy-end"),
    ("<6>tiles: shutting down", "healthy-end"),
    ("2026-11-23 08:52:41,901 INFO  [main] c.a.fleet.Handler - shutting down", "healthy-end"),
    ("I, [2026-11-23T08:52:41.549700 #22238]  INFO -- gateway: shutting down", "healthy-end"),
    ('{"level":"fatal","ts":1795423961,"msg":"cannot open database"}', "exit-status"),
    ('{"level":"info","ts":1795423961,"msg":"request proc', "log-cut-off"),
]


@pytest.mark.parametrize(("words", "cause"), EXTERNAL)
def test_last_words_of_others_are_understood(words, cause, tmp_path):
    """Appended to a log that otherwise just stops."""
    log = tmp_path / "payments.log"
    end = "" if cause == "log-cut-off" else "\n"
    log.write_text((LOGS / "unbounded-map-go1.27.log").read_text().replace("session-gateway", "payments") + words + end)
    certificate = certificate_of(log)
    assert certificate.cause.name == cause
    assert certificate.cause.confidence >= 0.5
    assert certificate.cause.evidence


def test_a_log_without_any_collection_still_gets_its_certificate(tmp_path):
    """Nothing is known of its memory, but how it ended is."""
    log = tmp_path / "plain.log"
    log.write_text("2026/11/23 08:52:40 listening on :8080\n2026/11/23 08:52:41 request processed\nsignal: killed\n")
    certificate = certificate_of(log)
    assert certificate.cause.name == "sigkill"
    assert certificate.verdict is None


GC = "gc {0} @{0}.016s 1%: 0.018+1.6+0.004 ms clock, 0.14+0.12/1.2/0+0.035 ms cpu, 14->14->10 MB, 20 MB goal, 8 P"


@pytest.mark.parametrize(
    ("prefix", "last", "cause"),
    [
        ("shop-1  | ", "shop-1 exited with code 0", "healthy-end"),
        ("shop-1  | ", "shop-1 exited with code 3", "exit-status"),
        ("Nov 23 08:01:00 node1 shop[321]: ", "Nov 23 08:01:01 node1 systemd[1]: shop.service: Main process exited, code=exited, status=0/SUCCESS", "healthy-end"),
        ("", "2026-11-23 08:01:01,123 INFO exited: shop (exit status 0; expected)", "healthy-end"),
        ("", "2026/11/23 08:01:01 worker exited with code 0", "alive"),
    ],
)  # fmt: skip
def test_a_status_of_0_is_an_end_and_no_death(tmp_path, prefix, last, cause):
    """Whoever started it says so; a service that only tells of its workers lives on."""
    log = tmp_path / "shop.log"
    lines = [line for number in range(1, 60) for line in (prefix + GC.format(number), f"{prefix}served id={number}")]
    log.write_text("\n".join([*lines, last]) + "\n")
    certificate = certificate_of(log)
    assert certificate.cause.name == cause
    if cause == "healthy-end":
        assert "ended by itself with status 0" in certificate.cause.sentence


def test_a_process_that_was_started_again_ended_without_a_word(tmp_path, gctail):
    """Nobody says how the first one ended, but the second is there; of that one nothing tells of an end."""
    log = tmp_path / "shop.log"
    life = [line for number in range(1, 60) for line in (GC.format(number), f"served id={number}")]
    log.write_text("\n".join([*life, "hello", *(line.replace(".016s", ".017s") for line in life)]) + "\n")
    told = gctail("postmortem", "--no-color", log).stdout.decode()
    assert "cause    none seen: at work when the log ends" in told
    assert "An end without a word, by os.Exit or SIGKILL, would look" in told
    assert "59 collections  ended without a word\n" in told
    assert "59 collections  alive  <- this certificate" in told


def test_one_huge_allocation_is_no_growth_of_any_line(tmp_path):
    """The heap grew a little at the start, as lines came; what the process died of stands in its frames."""
    log = tmp_path / "shop.log"
    lines, item = [], 0
    live = [4, 9, 10, 12, 16, 16, 16, 16, 16, 16]
    for number, (live_mib, at_s) in enumerate(
        zip(live, [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.2, 1.5, 1.8, 2.0], strict=True), 1
    ):
        while item < 60 * at_s:
            item += 1
            lines.append(
                f'{{"time":"2026-11-27T19:23:{50 + item / 60:06.3f}Z","level":"INFO","msg":"done","item":{item}}}'
            )
        cycle = f"{2 * live_mib}->{2 * live_mib}->{live_mib} MB, {2 * live_mib} MB goal, 0 MB stacks, 0 MB globals, 2 P"
        lines.append(f"gc {number} @{at_s:.3f}s 0%: 0.1+0.3+0.1 ms clock, 0.1+0/0.1/0.1+0.1 ms cpu, {cycle}")
    lines += [
        "runtime: out of memory: cannot allocate 17592186044416-byte block (37453824 in use)",
        "fatal error: out of memory",
        "",
        "goroutine 1 gp=0xc0000061e0 m=2 mp=0xc000048808 [running]:",
        "runtime.makeslice(0xc00007e008?, 0xc0000b2000?, 0x1?)",
        "\t/go/src/runtime/slice.go:117 +0x49",
        "main.main()",
        "\t/shop/main.go:88 +0xa45",
    ]
    log.write_text("\n".join(lines) + "\n")
    certificate = certificate_of(log)
    assert certificate.cause.name == "go-out-of-memory"
    assert certificate.suspects == ()
    assert certificate.headline[2].startswith("main.main")
    assert "asked the system for 16 TiB more" in certificate.cause.sentence
