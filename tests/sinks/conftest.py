"""Receivers of alerts, and what they are sent."""

import pytest

from alert_receiver import Receiver
from gctail.records import Finding
from gctail.sinks.notices import Notice


@pytest.fixture
def receiver():
    """An HTTP server that keeps what it is sent."""
    made = Receiver()
    yield made
    made.close()


HOSTILE = 'x\r\nBcc: all@example.com\x1b[31m <!channel> <script>alert(1)</script> *b* `c` [l](http://e) "]\u202e\ud800'


def finding(
    number=1, *, phase="onset", severity="critical", kind="leak", service="checkout", summary="it leaks", **rest
):
    """A finding as the judge makes it."""
    evidence = {
        "phase": phase,
        "probability": 0.97,
        "heap_live_mib": 180.4,
        "limit_mib": 256.0,
        "rate_mib_per_s": 0.02,
        "seconds": 1800.0,
    }
    return Finding(
        id=f"id{number}", kind=kind, severity=severity, service=service, epoch=1, time_s=1764000000.0, uptime_s=60.0,
        offset=number, summary=summary, evidence=evidence | rest.pop("evidence", {}), **rest,
    )  # fmt: skip


@pytest.fixture
def notice():
    """Makes notices that gctail had a second after they happened."""

    def make(number=1, **rest):
        return Notice(finding(number, **rest), 1764000001.0)

    return make


@pytest.fixture
def hostile(notice):
    """A notice whose every text comes from somebody who means harm."""
    return notice(1, service=HOSTILE, summary=HOSTILE, kind="leak", lines=(HOSTILE,) * 3,
                  suspects=({"message": HOSTILE},), advice=(HOSTILE,))  # fmt: skip
