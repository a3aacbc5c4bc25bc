"""Alerts on their way: nothing is lost while the other end is down, nothing is sent twice, nobody is flooded."""

import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gctail.errors import UsageError
from gctail.records import Finding
from gctail.sinks.alerting import Alerting, Plan, World
from gctail.sinks.cooldown import Cooldown
from gctail.sinks.kinds import settings_of
from gctail.sinks.notices import Notice, packed, unpacked
from gctail.sinks.pacing import Allowance, Pacing, Pauses
from gctail.sinks.route import quiet
from gctail.sinks.spool import Room, Spool, Waiting

PACING = Pacing(5.0, ("service",))


def finding(number=1, *, phase="onset", severity="critical", kind="leak", service="checkout"):
    """A finding as the judge makes it."""
    return Finding(f"id{number}", kind, severity, service, 1, 1764000000.0, 60.0, number, "it leaks", {"phase": phase})


def waiting(number, at_s=0.0, **rest):
    """A notice that waits."""
    return Waiting(number, Notice(finding(number, **rest), at_s))


def numbers(turn):
    """Which are sent."""
    return [each.number for each in turn.batch]


@pytest.fixture
def alerting(receiver, tmp_path):
    """Makes `Alerting` with one webhook on loopback; complaints are kept in `said`."""
    made, said = [], []

    def make(*, keys=None, **plan):
        webhook = msgspec.convert({"kind": "webhook", "url": receiver.url, **(keys or {})}, settings_of("webhook"))
        rest = {"pacing": Pacing(0.0, ("service",)), "retry_least_s": 0.02, "retry_most_s": 0.05, **plan}
        world = World(complain=said.append)
        made.append(Alerting(Plan({"hook": webhook}, **rest), Spool(str(tmp_path / "spool.sqlite"), 1 << 20), world))
        made[-1].said = said
        return made[-1]

    yield make
    for each in made:
        each.close()


def ids(receiver):
    """The ids of all findings that arrived, in order."""
    return [told["id"] for _, _, body in receiver.requests for told in json.loads(body)["findings"]]


def test_a_finding_arrives_and_is_safe_at_once(alerting, receiver):
    """Settled is: it is on the disk. It arrives by itself."""
    alerts = alerting()
    alerts.take([finding(1)])
    assert alerts.settled(10)
    receiver.wait(1)
    assert ids(receiver) == ["id1"]


def test_while_the_other_end_is_down_everything_waits_and_is_then_sent_once(alerting, receiver):
    """Told once when it goes down and once when it is back; in order."""
    receiver.answers = [503] * 3
    alerts = alerting()
    for number in range(5):
        alerts.take([finding(number)])
    assert alerts.settled(10)
    until_s = time.monotonic() + 60
    while alerts.spool.counts() and time.monotonic() < until_s:
        time.sleep(0.01)
    accepted = [told["id"] for _, _, body in receiver.requests[3:] for told in json.loads(body)["findings"]]
    assert accepted == [f"id{number}" for number in range(5)]
    assert len(alerts.said) == 2, alerts.said
    assert "status 503" in alerts.said[0]
    assert alerts.said[1] == "alerts: hook is back; what waited is being sent"


def test_a_replay_sends_nothing_twice(alerting, receiver):
    """The same ids, before and after they were delivered, also to another gctail on the same spool."""
    alerts = alerting()
    alerts.take([finding(1), finding(1), finding(2)])
    receiver.wait(1)
    alerts.close()
    again = alerting()
    again.take([finding(1), finding(2), finding(3)])
    assert again.settled(10)
    again.close()
    assert ids(receiver) == ["id1", "id2", "id3"]


def test_what_is_not_delivered_when_gctail_ends_is_sent_by_the_next_one(tmp_path, receiver):
    """Killed with -9 while the other end is down: no finding is lost."""
    program = f"""
import sys, time, msgspec
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_alerting import finding, Plan, Alerting, Spool, settings_of, Pacing
hook = msgspec.convert({{"kind": "webhook", "url": "http://127.0.0.1:1/"}}, settings_of("webhook"))
alerts = Alerting(Plan({{"hook": hook}}), Spool({str(tmp_path / "spool.sqlite")!r}, 1 << 20))
alerts.take([finding(number) for number in range(50)])
print(alerts.settled(10), flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout.readline() == b"True\n"
        child.send_signal(signal.SIGKILL)
    hook = msgspec.convert({"kind": "webhook", "url": receiver.url}, settings_of("webhook"))
    alerts = Alerting(Plan({"hook": hook}), Spool(str(tmp_path / "spool.sqlite"), 1 << 20))
    receiver.wait(1)
    alerts.close()
    assert ids(receiver) == [f"id{number}" for number in range(50)]


def test_a_receiver_that_hangs_holds_up_nobody(tmp_path):
    """Taking is appending to a queue; the spool has it although nothing can be delivered."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        hook = msgspec.convert({"kind": "webhook", "url": url, "timeout_s": 0.5}, settings_of("webhook"))
        spool = Spool(str(tmp_path / "spool.sqlite"), 1 << 20)
        alerts = Alerting(Plan({"hook": hook}), spool, World(complain=lambda _: None))
        for number in range(1000):
            alerts.take([finding(number)])
        assert alerts.settled(20)
        assert spool.counts() == {"hook": 1000}
        alerts.hasten(0.1)
        alerts.close()


def test_whoever_stops_gctail_does_not_wait_for_a_receiver_that_hangs(tmp_path):
    """The message is still under way when all is closed; it waits in the spool, and that is said."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        hook = msgspec.convert({"kind": "webhook", "url": url, "timeout_s": 60}, settings_of("webhook"))
        spool, said = Spool(str(tmp_path / "spool.sqlite"), 1 << 20), []
        plan = Plan({"hook": hook}, pacing=Pacing(0.0, ("service",)))
        alerts = Alerting(plan, spool, World(complain=said.append))
        alerts.take([finding(1)])
        connection, _ = deaf.accept()
        alerts.hasten(0.1)
        alerts.close()
        assert alerts._couriers["hook"]._thread.is_alive()
        assert said == [f"alerts not delivered yet: 1 for hook; they wait in {spool.path}"]
        connection.close()
        alerts._couriers["hook"].join(10)


def test_a_spool_that_cannot_be_written_makes_nothing_be_sent_twice(alerting, receiver):
    """A full disk: what has arrived is noted when there is room, and what is new waits until then."""
    receiver.answers = [500]
    alerts = alerting(retry_least_s=0.5, retry_most_s=0.5)
    alerts.take([finding(1)])
    receiver.wait(1)
    link = alerts.spool._link
    with alerts.spool._lock:
        link.execute("PRAGMA query_only = ON")
    receiver.wait(2)
    alerts.take([finding(2)])
    while not any("tried again until it works" in said and "spool" in said for said in alerts.said):
        time.sleep(0.01)
    assert alerts.spool.counts() == {"hook": 1}
    with alerts.spool._lock:
        link.execute("PRAGMA query_only = OFF")
    receiver.wait(3)
    alerts.close()
    assert ids(receiver)[1:] == ["id1", "id2"]
    assert alerts.said[-1].endswith("works again")


def test_what_the_other_end_refuses_for_good_is_given_up_and_told(alerting, receiver):
    """A message that is wrong must not hold up those behind it for ever."""
    receiver.answers = [400] * 5
    alerts = alerting()
    alerts.take([finding(1)])
    receiver.wait(5)
    alerts.take([finding(2)])
    receiver.wait(6)
    assert ids(receiver) == ["id1"] * 5 + ["id2"]
    assert any("refuses 1 finding for good" in said for said in alerts.said), alerts.said


def test_routing_by_severity_service_and_kind(alerting, receiver):
    """What is over goes to whoever may have been told of it."""
    alerts = alerting(keys={"severity": "warning", "services": ["check*"], "kinds": ["leak"]})
    alerts.take([finding(1, severity="info"), finding(2, service="other"), finding(3, kind="death"),
                 finding(4, severity="warning"), finding(5, phase="resolved", severity="info")])  # fmt: skip
    alerts.close()
    assert ids(receiver) == ["id4", "id5"]


def test_silences(alerting, receiver):
    """By pattern of the service, and until a time."""
    past, future = "2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z"
    alerts = alerting(quiet=(quiet(["batch-*"], [], None, future), quiet([], ["leak"], None, past)))
    alerts.take([finding(1, service="batch-7"), finding(2)])
    alerts.close()
    assert ids(receiver) == ["id2"]


def told_of(*findings, cooldown_s=3600.0):
    """The ids of those that pass."""
    cooldown = Cooldown()
    return [each.id for each in findings if cooldown.passes(Notice(each, 0.0), cooldown_s)]


def at(minute, number, **rest):
    """A finding so many minutes into the log."""
    return msgspec.structs.replace(finding(number, **rest), time_s=1764000000.0 + 60 * minute)


def test_a_service_that_dies_and_leaks_again_is_one_trouble_until_the_cooldown_is_over():
    """Each process tells its leak anew; who knows of it hears of it once an hour, and at once when it gets worse."""
    loop = [at(10 * run, run, severity="warning") for run in range(13)]
    assert told_of(*loop) == ["id0", "id6", "id12"]
    assert told_of(*loop, cooldown_s=0.0) == [each.id for each in loop]
    assert told_of(loop[0], at(5, 20, phase="update"), loop[1], at(15, 21, phase="update")) == ["id0", "id20"]


def test_another_trouble_is_told_at_once():
    """One that begins after the end of the first, one of another kind or service, and a death, which has no end."""
    begins, ends, again = at(0, 1), at(1, 2, phase="resolved"), at(2, 3)
    assert told_of(begins, ends, again) == ["id1", "id2", "id3"]
    assert told_of(begins, at(1, 2, kind="death-spiral"), at(1, 3, service="pay")) == ["id1", "id2", "id3"]
    assert told_of(at(0, 1, phase=None), at(1, 2, phase=None)) == ["id1", "id2"]


def test_what_a_full_disk_kept_back_is_no_trouble_that_is_known(alerting, receiver):
    """It counts as told when it is on its way, not when that was tried; what is silenced does not count at all."""
    alerts = alerting(cooldown_s=3600.0, quiet=(quiet(["batch"], [], None, None),))
    put, calls = alerts.spool.put, []

    def full_once(routed):
        calls.append(routed)
        if len(calls) == 1:
            raise sqlite3.OperationalError("database or disk is full")
        put(routed)

    alerts.spool.put = full_once
    alerts.take([at(0, 1), at(1, 2), at(1, 3, service="batch")])
    assert alerts.settled(20)
    receiver.wait(1)
    assert ids(receiver) == ["id1"]


def test_a_silence_has_its_window():
    """In UTC, at the time at which gctail had the finding."""
    night = quiet([], [], "22:00-06:00", None)
    assert night.holds(Notice(finding(), 1764028800.0))  # midnight
    assert not night.holds(Notice(finding(), 1764072000.0))  # noon


def test_old_findings_are_kept_back_only_where_that_is_asked_for(alerting, receiver):
    """A log in another time zone looks hours old: to keep silent by default would be worse."""
    alerts = alerting(most_age_s=3600.0)
    alerts.take([finding(1)])
    alerts.close()
    assert ids(receiver) == []
    other = alerting()
    other.take([finding(1)])
    other.close()
    assert ids(receiver) == ["id1"]


def test_a_reload_changes_where_things_go_and_loses_nothing(alerting, receiver, tmp_path):
    """What waits for a sink goes by its new settings."""
    alerts = alerting(keys={"url": "http://127.0.0.1:1/"}, retry_least_s=0.5, retry_most_s=0.5)
    alerts.take([finding(1)])
    assert alerts.settled(10)
    hook = msgspec.convert({"kind": "webhook", "url": receiver.url}, settings_of("webhook"))
    out = msgspec.convert({"kind": "command", "command": ["tee", str(tmp_path / "out")]}, settings_of("command"))
    alerts.reload(Plan({"hook": hook, "file": out}, pacing=Pacing(0.0, ())))
    alerts.take([finding(2)])
    receiver.wait(1)
    alerts.close()
    assert ids(receiver) == ["id1", "id2"]
    assert json.loads((tmp_path / "out").read_bytes())["findings"][0]["id"] == "id2"


# -- pacing: time is an argument


def test_a_warning_waits_for_company_and_a_critical_one_does_not():
    """Findings of one service that come together go together."""
    allowance = Allowance(60, 0.0)
    one = [waiting(1, 0.0, severity="warning")]
    assert PACING.turn(one, 2.0, allowance).wait_s == 3.0
    two = [*one, waiting(2, 2.0, severity="warning"), waiting(3, 2.0, severity="warning", service="other")]
    assert numbers(PACING.turn(two, 5.0, allowance)) == [1, 2]
    assert numbers(PACING.turn([*one, waiting(4, 2.0)], 2.0, allowance)) == [1, 4]


def test_a_clock_that_was_set_back_keeps_nobody_waiting_for_long():
    """What is critical goes whatever the clock says."""
    assert numbers(PACING.turn([waiting(1, 1e9)], 0.0, Allowance(60, 0.0))) == [1]


def test_replicas_of_one_deployment_go_in_one_message():
    """Others go by themselves."""
    pacing = Pacing(5.0, ("deployment",))
    names = ("shop-7d9f8c6b5-x2kqz", "cart", "shop-7d9f8c6b5-b4ssd")
    many = [waiting(number, 0.0, service=name) for number, name in enumerate(names)]
    assert numbers(pacing.turn(many, 6.0, Allowance(60, 0.0))) == [0, 2]


def test_beyond_the_rate_everything_waits_and_goes_together():
    """None is lost; 20 services are one message then."""
    allowance = Allowance(10, 0.0)
    many = [waiting(number, 0.0, service=f"s{number}") for number in range(20)]
    assert len(numbers(PACING.turn(many, 0.0, allowance))) == 20  # 10 may go, 20 groups wait
    allowance.take(10)
    assert PACING.turn(many, 0.0, allowance).wait_s == 360.0
    assert len(numbers(PACING.turn(many, 361.0, allowance))) == 20


@given(st.lists(st.tuples(st.sampled_from(["info", "warning", "critical"]), st.integers(0, 3), st.floats(0, 100)), max_size=40),
       st.integers(1, 100), st.sampled_from([(), ("service",), ("service", "kind"), ("severity",)]))  # fmt: skip
def test_whatever_waits_is_sent_exactly_once_and_never_above_the_rate(notices, per_hour, group_by):
    """Property, with time that jumps to where the plan says."""
    left = [
        waiting(number, at_s, severity=severity, service=f"s{which}")
        for number, (severity, which, at_s) in enumerate(notices)
    ]
    pacing, allowance = Pacing(5.0, group_by), Allowance(per_hour, 0.0)
    now_s, sent, messages = 0.0, [], 0
    for _ in range(10_000):
        turn = pacing.turn(left, now_s, allowance)
        if turn.batch:
            allowance.take()
            messages += 1
            sent += numbers(turn)
            left = [each for each in left if each not in turn.batch]
        elif turn.wait_s is None:
            break
        else:
            now_s += max(turn.wait_s, 1e-6)
    assert sorted(sent) == list(range(len(notices)))
    assert messages <= per_hour + now_s * per_hour / 3600 + 1


def test_pauses_double_with_chance_and_have_a_bound():
    """At least half of each is waited; what the other end asks for counts."""
    pauses = Pauses(1.0, 60.0, lambda: 0.0)
    assert [pauses.failed() for _ in range(9)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    pauses.succeeded()
    assert pauses.failed() == 0.5
    assert pauses.failed(after_s=17.0) == 17.0
    assert Pauses(1.0, 60.0, lambda: 1.0).failed(after_s=1e9) == 60.0


# -- the spool


def test_the_spool_is_bounded_and_gives_up_what_is_least_severe_first():
    """And counts it."""
    size = len(packed(finding(1)))
    spool = Spool(":memory:", size * 10)
    spool.put(
        ("s", Notice(finding(number, severity="critical" if number % 2 else "info"), 0.0)) for number in range(10, 30)
    )
    left = spool.waiting("s")
    assert len(left) <= 10
    assert {each.notice.finding.severity for each in left} == {"critical"}
    assert spool.given_up == 20 - len(left)
    spool.close()


def test_a_damaged_spool_is_set_aside(tmp_path):
    """Alerts go on; the damaged file is kept for whoever wants to look."""
    path = tmp_path / "alerts.sqlite"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    spool = Spool(str(path), 1 << 20)
    assert spool.put([("s", Notice(finding(1), 0.0))]) == 1
    spool.close()
    assert path.with_suffix(".damaged").exists()


def test_two_gctails_do_not_share_a_spool_and_the_next_takes_over_what_is_left(tmp_path):
    """The first that nobody holds is taken."""
    first, second = Room(str(tmp_path)), Room(str(tmp_path))
    assert first.path != second.path
    taken = first.path
    first.close()
    third = Room(str(tmp_path))
    assert third.path == taken
    second.close()
    third.close()


def test_a_spool_that_cannot_be_written_is_told(tmp_path):
    """What, where, and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(
        UsageError, match=r"alerts: spool_dir .*file/spool: Not a directory. Name another in \[alerts\]"
    ):
        Room(str(tmp_path / "file" / "spool"))


def test_a_row_is_safe_as_soon_as_it_is_settled(tmp_path):
    """Another connection sees it."""
    spool = Spool(str(tmp_path / "s.sqlite"), 1 << 20)
    spool.put([("s", Notice(finding(1), 0.0))])
    other = sqlite3.connect(tmp_path / "s.sqlite")
    assert other.execute("SELECT COUNT(*) FROM waiting").fetchone() == (1,)
    other.close()
    spool.close()


@given(
    st.text(),
    st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.lists(st.integers(), max_size=2), max_size=3),
)
def test_any_finding_can_be_kept(summary, evidence):
    """Property: also text that is no Unicode, and numbers of any size."""
    made = Finding("i", "k", "info", "s", 1, None, None, 0, summary + "\ud800", evidence, lines=(summary,))
    again = unpacked(packed(made))
    assert again.id == "i"
    assert unpacked(packed(again)) == again


def test_no_thread_is_left_behind(alerting):
    """After close."""
    before = threading.active_count()
    alerting().close()
    assert threading.active_count() == before
