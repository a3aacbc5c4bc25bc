"""Replicas of one deployment: who they are by their names, and what they hear of each other."""

from __future__ import annotations

import orjson
import pytest

from gctail.engine import Engine, report
from gctail.palette import Palette
from gctail.records import GcCycle, Sighting
from gctail.service import Service
from gctail.sinks.alertmanager import Settings, letters
from gctail.sinks.notices import Notice
from gctail.sinks.text import report_text
from gctail.whose.deployment import deployment_of

PODS = ("shop-7d9f8c6b5-x2kqz/api", "shop-7d9f8c6b5-b4ssd/api", "shop-7d9f8c6b5-zz9k7/api")


@pytest.mark.parametrize(
    ("service", "deployment", "release"),
    [
        ("shop-7d9f8c6b5-x2kqz/api", "shop/api", "7d9f8c6b5"),
        ("shop-7d9f8c6b5-x2kqz", "shop", "7d9f8c6b5"),
        ("agent-x2kqz", "agent", ""),
        ("shop-0", "shop", ""),
        ("shop-12/web", "shop/web", ""),
        ("project-shop-1", "project-shop", ""),
        ("project_shop_1", "project_shop", ""),
        ("shop@2.service", "shop@.service", ""),
        ("shop@blue", "shop@", ""),
        ("shop.1.x7kd0q2mfz8x7kd0q2mfz8abc", "shop", ""),
        ("shop-0f5d4c2e-8b7a-4c3d-9e8f-001122334455", "shop", ""),
        ("shop 10.0.0.7:9090", "shop", ""),
    ],
)
def test_a_replica_is_known_by_its_name(service: str, deployment: str, release: str) -> None:
    """As Kubernetes, Compose, systemd, Swarm, Nomad and Prometheus give them."""
    assert deployment_of(service) == (deployment, release)


@pytest.mark.parametrize("service", ["shop", "shop-api", "db-mysql", "gw-https", "shop-8080", "log-20261123", "7", ""])
def test_other_names_are_nobodys_replica(service: str) -> None:
    """A port, a date and five consonants are no numbers of replicas."""
    assert deployment_of(service) is None


class Pods:
    """Services whose live heap is told once a second."""

    def __init__(self, *, hear: bool = True) -> None:
        self.engine = Engine()
        if hear:
            self.engine.hear_replicas()
        self.numbers: dict[str, int] = {}
        self.told: list[tuple[str, str, str]] = []

    def live(self, name: str, mib: float) -> None:
        """One collection."""
        number = self.numbers[name] = self.numbers.get(name, 0) + 1
        live = int(mib)
        clock_ms, start = (0.1, 1.0, 0.1), live + 40  # as much is allocated before each
        cycle = GcCycle(
            number, float(number), 1, clock_ms, (0.2, 0.0, 1.0, 0.0, 0.2), start, start, live, start,
            0, 0, 2, forced=False, leak_check=False, go="1.18+",
        )  # fmt: skip
        seen = self.engine.observe(Sighting(cycle, name, f"{name}.log", number * 100))
        self.told += [(name, finding.kind, finding.summary) for finding in (seen.findings if seen else ())]

    def alarms(self, name: str) -> list[str]:
        """What was told of a leak of this one."""
        return [summary for who, kind, summary in self.told if kind == "leak" and who == name]


def fill(second: float) -> float:
    """A cache that is full after 50 s."""
    return 20 + 1.2 * min(second, 50)


def leak(second: float) -> float:
    """Something else."""
    return 20 + 1.2 * second


def test_a_younger_replica_that_fills_as_the_others_did_is_no_leak() -> None:
    """Alone it is called one on the way."""
    for hear in (True, False):
        pods = Pods(hear=hear)
        for second in range(150):
            pods.live(PODS[0], fill(second))
            pods.live(PODS[1], fill(second))
        for second in range(44):
            pods.live(PODS[2], fill(second))
        _, verdict = pods.engine.services[PODS[2]].judged()
        assert verdict is not None
        assert verdict.leak is not hear
        assert not (hear and pods.alarms(PODS[2]))
        said = "2 other replicas grew like this and levelled off at about 80 MiB" in " ".join(verdict.why)
        assert said is hear
        assert (verdict.kind == "warm-up") is hear


def test_a_replica_that_grows_beyond_the_others_is_a_leak_the_sooner() -> None:
    """They have the same traffic, and stand still."""
    sooner = []
    for hear in (True, False):
        pods = Pods(hear=hear)
        for second in range(200):
            pods.live(PODS[0], fill(second))
            pods.live(PODS[1], fill(second))
            pods.live(PODS[2], fill(second) + 0.5 * max(0.0, second - 80))
            alarms = [said for said in pods.alarms(PODS[2]) if "probability" in said]
            if second > 90 and alarms:
                sooner.append(second)
                assert ("2 other replicas levelled off at about 80 MiB: it is" in alarms[0]) is hear
                break
            if second < 90:
                pods.told.clear()
    assert sooner[0] < sooner[1]


def test_replicas_that_are_restored_in_the_middle_go_on_the_same() -> None:
    """To the last figure, also of what they say of each other."""
    straight, restored = Pods(), Pods()
    for second in range(120):
        if second == 37:
            saved = [Service.restore(each.state()) for each in restored.engine.services.values()]
            restored.engine = Engine()
            restored.engine.hear_replicas()
            for service in saved:
                restored.engine.adopt(service)
        for pods in (straight, restored):
            for name, course in zip(PODS, (fill, fill, leak), strict=True):
                pods.live(name, course(second))
    assert restored.told == straight.told
    for name in PODS:
        assert restored.engine.services[name].judged()[1] == straight.engine.services[name].judged()[1]


def test_replicas_that_grow_alike_say_so() -> None:
    """Of one deployment, and not of a neighbour's."""
    pods = Pods()
    for second in range(60):
        for name in (*PODS, "cart-7d9f8c6b5-x2kqz/api"):
            pods.live(name, leak(second))
    assert all("the same in 3 of 3 replicas" in pods.alarms(name)[0] for name in PODS)
    assert "replicas" not in pods.alarms("cart-7d9f8c6b5-x2kqz/api")[0]
    finding = next(each for each in pods.engine.services[PODS[0]].findings if each.kind == "leak")
    assert finding.evidence["replicas"] == {"of": 3, "alike": 3}


def test_verdicts_do_not_depend_on_the_order_in_which_replicas_are_read() -> None:
    """One file after the other, as finished logs are read."""
    told = []
    for order in (PODS, PODS[::-1]):
        pods = Pods()
        for name in order:
            for second in range(150 if name != PODS[2] else 48):
                pods.live(name, fill(second))
        told.append({name: service.judged()[1] for name, service in sorted(pods.engine.services.items())})
    assert told[0] == told[1]


def test_a_new_release_is_compared_with_the_old_one_also_when_that_is_gone() -> None:
    """Its own release has the first word; pods that ended are its earlier runs, which its state keeps."""
    pods = Pods()
    old, new = "shop-5c6b7d8f9-q8w4t/api", PODS[:2]

    def why(name: str) -> str:
        return " ".join(pods.engine.services[name].judged()[1].why)  # type: ignore[union-attr]

    for second in range(150):
        pods.live(old, fill(second))
    for second in range(30):
        pods.live(new[0], fill(second))
        pods.live(new[1], fill(second))
    assert "a replica of another release grew like this and levelled off at about 80 MiB" in why(new[0])
    assert "the same in 2 of 2 replicas" in why(new[0])
    pods.engine.retire([old])
    assert "the last run grew like this and levelled off at about 80 MiB" in why(new[0])
    pods.engine.adopt(Service.restore(pods.engine.services[new[0]].state()))
    assert "the last run grew like this and levelled off at about 80 MiB" in why(new[0])
    for second in range(30, 150):
        pods.live(new[1], fill(second))
    assert "another replica grew like this and levelled off at about 80 MiB" in why(new[0])


def test_alertmanager_can_group_replicas_by_their_deployment() -> None:
    """A label has its name."""
    pods = Pods()
    for second in range(60):
        pods.live("shop-0", leak(second))
        pods.live("shop", leak(second))
    settings = Settings(url="http://127.0.0.1:9093")
    for name, deployment in (("shop-0", "shop"), ("shop", None)):
        finding = next(each for each in pods.engine.services[name].findings if each.kind == "leak")
        [letter] = letters(settings, [Notice(finding, 0.0)], 0.0)
        assert {alert["labels"].get("deployment") for alert in orjson.loads(letter.body)} == {deployment}


def test_a_replica_that_was_forgotten_is_not_asked() -> None:
    """Its log was deleted, or it made room."""
    pods = Pods()
    for second in range(60):
        for name in PODS:
            pods.live(name, leak(second))
    pods.engine.retire([PODS[1]])
    assert pods.engine.services[PODS[0]].judged()[1].evidence["replicas"]["of"] == 2  # type: ignore[union-attr]


def test_the_report_says_what_others_came_to() -> None:
    """A person reads why growth is a warm-up."""
    pods = Pods()
    for second in range(150):
        pods.live(PODS[0], fill(second))
    for second in range(40):
        pods.live(PODS[1], fill(second))
    text = report_text(report(pods.engine, {"bytes": 0, "lines": 0}), Palette(colour=False))
    assert f"{PODS[1]}: no leak seen: warming up" in text
    assert "\n  another replica grew like this and levelled off at about 80 MiB\n" in text
