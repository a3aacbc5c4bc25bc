"""The kernel's reports of out-of-memory kills: every generation, every order, once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.parsing.kernel import MOST_FOREIGN_LINES, KernelReader
from gctail.parsing.kernel_kill import kill_id
from gctail.records import Death
from reports_fed import read_with

POD = "/kubepods/burstable/pod5d9a3b2c-1111-2222-3333-444455556666"
CONTAINER = "4bcba7fc4369fee4" * 4

MODERN = f"""\
[337533.314300] leaker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=-998
[337533.314305] CPU: 1 PID: 23793 Comm: leaker Not tainted 5.4.0-42-generic #46-Ubuntu
[337533.314312] Call Trace:
[337533.314315]  dump_stack+0x6d/0x9a
[337533.314325] memory: usage 512000kB, limit 512000kB, failcnt 115
[337533.314330] Memory cgroup stats for {POD}/{CONTAINER}:
[337533.314331] anon 514351104
[337533.314332] Tasks state (memory values in pages):
[337533.314333] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[337533.314404] [  23777]     0 23777      596      400    36864        4             0 sh
[337533.314407] [  23793]     0 23793   655928   126942  5226496   519670             0 my leaker
[337533.314408] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg={POD},task_memcg={POD}/{CONTAINER},task=my leaker,pid=23793,uid=1000
[337533.314412] Memory cgroup out of memory: Killed process 23793 (my leaker) total-vm:2623712kB, anon-rss:506500kB, file-rss:1268kB, shmem-rss:4kB, UID:1000 pgtables:5104kB oom_score_adj:-998
[337533.418036] oom_reaper: reaped process 23793 (my leaker), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB"""

OLD = """\
myapp invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0
myapp cpuset=docker-4bcba7fc4369.scope mems_allowed=0
CPU: 0 PID: 1234 Comm: myapp Not tainted 3.10.0-1160.el7.x86_64 #1
Task in /system.slice/docker-4bcba7fc4369.scope killed as a result of limit of /system.slice/docker-4bcba7fc4369.scope
memory: usage 524288kB, limit 524288kB, failcnt 123
memory+swap: usage 524288kB, limit 1048576kB, failcnt 0
kmem: usage 0kB, limit 9007199254740988kB, failcnt 0
Memory cgroup stats for /system.slice/docker-4bcba7fc4369.scope: cache:0KB rss:524288KB
[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name
[ 1234]     0  1234   300000   131000      300        0             0 myapp
Memory cgroup out of memory: Kill process 1234 (myapp) score 995 or sacrifice child
Killed process 1234 (myapp) total-vm:1200000kB, anon-rss:524000kB, file-rss:0kB"""


def read(text, reader=None):
    """The kills of a log, and the lines that were not taken."""
    return read_with(reader or KernelReader(), text)


def one(text):
    """The only kill of a log."""
    [kill], _ = read(text)
    return kill


def backwards(text):
    return "\n".join(reversed(text.split("\n")))


def test_a_modern_report_is_one_death_with_all_its_numbers():
    """Since 4.19: fifteen lines, one kill."""
    kill = one(MODERN)
    assert (kill.cause, kill.source) == ("kernel-oom-kill-cgroup", "kernel")
    assert kill.text.startswith("Memory cgroup out of memory: Killed process 23793")
    assert {
        "pid": 23793, "process": "my leaker", "uid": 1000, "total_vm_kib": 2623712, "anon_rss_kib": 506500,
        "file_rss_kib": 1268, "shmem_rss_kib": 4, "pgtables_kib": 5104, "oom_score_adj": -998, "limit_kib": 512000,
        "usage_kib": 512000, "failcnt": 115, "constraint": "CONSTRAINT_MEMCG", "oom_cgroup": POD,
        "cgroup": f"{POD}/{CONTAINER}", "container_id": CONTAINER, "pod_uid": "5d9a3b2c-1111-2222-3333-444455556666",
        "invoked_by": "leaker", "kernel_uptime_s": 337533.314412,
    }.items() <= kill.details.items()  # fmt: skip
    assert kill.details["tasks"][0] == {"pid": 23793, "process": "my leaker", "rss_kib": 126942 * 4}
    assert len(kill.lines) >= 12


def test_an_old_report_is_one_death_too():
    """Up to 4.18 `Killed process` does not say whose limit it was; the lines before it do."""
    kill = one(OLD)
    assert kill.cause == "kernel-oom-kill-cgroup"
    assert kill.text.startswith("Killed process 1234")
    assert {"limit_kib": 524288, "score": 995, "container_id": "4bcba7fc4369"}.items() <= kill.details.items()


@pytest.mark.parametrize("report", [MODERN, OLD])
@pytest.mark.parametrize("form", ["newest first", "twice", "every line twice", "indented"])
def test_the_order_and_the_copies_change_nothing(report, form):
    """dmesg newest-first, dmesg and journal in one file, a pasted log."""
    text = {
        "newest first": backwards(report),
        "twice": report + "\n" + report,
        "every line twice": "\n".join(line for line in report.split("\n") for _ in (1, 2)),
        "indented": "\n".join("    " + line for line in report.split("\n")),
    }[form]
    kill, expected = one(text), one(report)
    assert kill.cause == expected.cause
    for key in ("pid", "process", "anon_rss_kib", "limit_kib", "kill_id"):
        assert kill.details[key] == expected.details[key]


@pytest.mark.parametrize("report", [MODERN, OLD])
@pytest.mark.parametrize("newest_first", [False, True])
def test_two_kills_do_not_mix(report, newest_first):
    """Each has its own pid and its own limit, in whatever order."""
    other = report.replace("23793", "999").replace("1234", "888").replace("337533", "337600")
    other = other.replace("limit 512000kB", "limit 77kB").replace("limit 524288kB", "limit 77kB")
    text = report + "\n" + other
    kills, _ = read(backwards(text) if newest_first else text)
    assert sorted(kill.details["limit_kib"] for kill in kills) == [77, one(report).details["limit_kib"]]
    assert {kill.details["pid"]: kill.details["limit_kib"] for kill in kills}[999 if report == MODERN else 888] == 77


@pytest.mark.parametrize(
    ("line", "process", "cause"),
    [
        ("Out of memory: Killed process 15784 (python3) total-vm:11964kB, anon-rss:4288kB, file-rss:3028kB, shmem-rss:0kB", "python3", "global"),
        ("Out of memory: Killed process 15925 ((resolved)) total-vm:168424kB, anon-rss:4064kB, file-rss:3584kB", "(resolved)", "global"),
        ("Killed process 42424 (memcg_test_1), UID 0, total-vm:7296kB, anon-rss:96kB, file-rss:0kB, shmem-rss:0kB", "memcg_test_1", "global"),
        ("Killed process 1 (a b: c/d (e) f) total-vm:1kB, anon-rss:1kB, file-rss:0kB", "a b: c/d (e) f", "global"),
        ("Out of Memory: Killed process 2592 (oracle).", "oracle", "global"),
        ("Out of memory (oom_kill_allocating_task): Killed process 9 (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB", "x", "global"),
        ("Memory cgroup out of memory: Killed process 9 (kworker/u8:1-ev) total-vm:1kB, anon-rss:1kB, file-rss:0kB", "kworker/u8:1-ev", "cgroup"),
        ("[Wed May  4 17:04:11 2016] Killed process 13154 (compile) total-vm:2647612kB, anon-rss:2089996kB, file-rss:0kB", "compile", "global"),
        ("[三 5月  4 17:04:11 2016] Killed process 13154 (compile) total-vm:2647612kB, anon-rss:2089996kB, file-rss:0kB", "compile", "global"),
        ("pid 1234 (payments), jid 0, uid 1001, was killed: failed to reclaim memory", "payments", "global"),
        ("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/user.slice,task=a,b,pid=5,uid=0", "a,b", "global"),
        ("Out of memory: Kill process 13154 (compile) score 127 or sacrifice child", "compile", "global"),
        ("oom_reaper: reaped process 1234 (my app: x), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB", "my app: x", "global"),
    ],
)  # fmt: skip
def test_one_line_alone_is_a_kill(line, process, cause):
    """A grep leaves no more; names have blanks, slashes, colons and brackets."""
    kill = one("usb 1-1: new device\n" + line + "\nusb 1-1: gone")
    assert kill.details["process"] == process
    assert kill.cause == f"kernel-oom-kill-{cause}"


def test_without_a_killed_line_the_report_counts_and_makes_less_sure():
    """Logs are cut, and the kernel's buffer overflows."""
    whole, announced = one(MODERN), one("\n".join(MODERN.split("\n")[:-2]))
    assert announced.details["pid"] == 23793
    assert announced.details["confidence"] < whole.details["confidence"]
    invoked = one(MODERN.partition("\n")[0])
    assert invoked.details["invoked_by"] == "leaker"
    assert invoked.details["confidence"] < 0.5


def test_the_systemd_unit_is_read_from_the_control_group():
    """That is the name by which a service is known."""
    kill = one(
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/system.slice/payments.service,task_memcg=/system.slice/payments.service,task=payments-api-se,pid=5,uid=0"
    )
    assert kill.details["unit"] == "payments.service"


def test_a_group_is_killed_together():
    """memory.oom.group: every task of the group dies for one limit, and each is a kill."""
    text = (
        MODERN
        + """
[337533.500000] Tasks in /x are going to be killed due to memory.oom.group set
[337533.500000] Memory cgroup out of memory: Killed process 23777 (sh) total-vm:2384kB, anon-rss:0kB, file-rss:1600kB, shmem-rss:0kB, UID:0 pgtables:36kB oom_score_adj:0
[337533.500000] Memory cgroup out of memory: Killed process 23800 (worker) total-vm:2384kB, anon-rss:0kB, file-rss:1600kB, shmem-rss:0kB, UID:0 pgtables:36kB oom_score_adj:0"""
    )
    kills, _ = read(text)
    assert [kill.details["pid"] for kill in kills] == [23793, 23777, 23800]
    assert {kill.details["limit_kib"] for kill in kills} == {512000}


def test_a_wrapped_killed_line_is_joined():
    """At 80 columns."""
    kill = one("[10891070.898950] Killed process 9080 (6g) total-vm:268052kB, anon-rss:259980kB,\nfile-rss:7kB\nnext")
    assert (kill.details["anon_rss_kib"], kill.details["file_rss_kib"]) == (259980, 7)


def test_other_lines_in_between_go_by():
    """A kernel has other things to say; a journal has other speakers."""
    lines = MODERN.split("\n")
    others = ["eth0: link up", '{"level":"info"}', ""]
    kills, untaken = read("\n".join(lines[:6] + others + lines[6:]))
    assert len(kills) == 1
    assert untaken == [line.encode() for line in others]
    kills, untaken = read("\n".join([lines[0], *["eth0: link up"] * (MOST_FOREIGN_LINES + 5)]))
    assert len(kills) == 1
    assert len(untaken) == MOST_FOREIGN_LINES + 5


@pytest.mark.parametrize(
    "columns",
    [
        ("uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name", "1000 23793   661874   518769    1140       7        0             0 a b"),
        ("uid  tgid total_vm      rss cpu oom_adj oom_score_adj name", "1000 23793   661874   518769   1  0   0 a b"),
        ("uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name", "0   23793   153531   518769   153345        0         0  1269760        0             0 a b"),
    ],
)  # fmt: skip
def test_the_task_table_is_read_by_its_head(columns):
    """Its columns changed with every few releases."""
    head, row = columns
    kill = one(
        f"[ pid ]   {head}\n[23793]     {row}\nOut of memory: Killed process 23793 (a b) total-vm:1kB, anon-rss:1kB, file-rss:0kB"
    )
    assert kill.details["tasks"] == [{"pid": 23793, "process": "a b", "rss_kib": 518769 * 4}]


@pytest.mark.parametrize(
    "line",
    [
        'level=info msg="Killed process 1234 (x)"',
        "oom-killer is disabled",
        "memory: usage is fine",
        "Out of memory error in module x",
        "Task in progress",
        "user said: x invoked oom-killer: joke",
    ],
)
def test_other_lines_are_no_kill(line):
    """They only speak of memory."""
    assert read(line)[0] == []


def test_a_table_without_a_kill_is_given_back():
    """SysRq-M prints one, too."""
    lines = [
        "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name",
        "[ 1234]     0  1234   300000   131000      300        0             0 myapp",
    ]
    assert read("\n".join(lines)) == ([], [line.encode() for line in lines])


def test_public_kernel_logs(shared):
    """A task table with eight compilers, and a kill wrapped at 80 columns."""
    expected = {"111": (13154, "compile", 2089996), "113": (9080, "6g", 259980)}
    for number, numbers in expected.items():
        [log] = shared.glob(f"corpus/raw/{number}-*.log")
        [kill], _ = read(log.read_bytes().replace(b"\r\n", b"\n").split(b"\n"))
        assert (kill.details["pid"], kill.details["process"], kill.details["anon_rss_kib"]) == numbers


def test_a_kill_id_is_the_same_in_every_log():
    """The journal has no kernel time and dmesg no unit; pid, name and sizes are the same."""
    without_times = "\n".join(line.partition("] ")[2] for line in MODERN.split("\n"))
    assert one(without_times).details["kill_id"] == one(MODERN).details["kill_id"] == "23793/my leaker/2623712/506500"
    assert kill_id({}) == "-/-/-/-"


def test_what_is_remembered_is_bounded():
    """A machine that kills all day does not fill this one's memory."""
    reader = KernelReader()
    for number in range(1000):
        read(f"Out of memory: Killed process {number} (x) total-vm:1kB, anon-rss:{number}kB, file-rss:0kB", reader)
    assert len(reader._remembered) < 300


@settings(max_examples=300)
@given(st.lists(st.one_of(
    st.binary(max_size=60),
    st.sampled_from([line.encode() for line in (MODERN + "\n" + OLD).split("\n")]),
    st.sampled_from([line.encode()[:40] for line in (MODERN + "\n" + OLD).split("\n")]),
), max_size=40))  # fmt: skip
def test_no_bytes_raise_and_no_line_is_invented(lines):
    """Shuffled, cut, or noise."""
    lines = [line.replace(b"\n", b"") for line in lines]
    kills, others = read(lines)
    assert all(isinstance(kill, Death) for kill in kills)
    assert all(other in lines for other in others)
    assert len(others) <= len(lines)


def test_long_lines_of_one_character_take_no_time():
    """No pattern goes back and forth."""
    for unit in (b"(", b"0", b" ", b",task_memcg=", b"a", b"[", b"(x) ", b",pid=1", b"kernel: ", b"[ 1] "):
        for start in (
            b"",
            b"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=",
            b"Killed process 1 (",
            b"Task in /",
            b"x invoked oom-killer: gfp_mask=0x1",
        ):
            read([start + unit * (60_000 // len(unit))])
