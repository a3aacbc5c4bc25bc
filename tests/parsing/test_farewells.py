"""Last words of a process: what is a farewell, and what only sounds like one."""

import pytest

from gctail.parsing.farewells import farewell


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        ("shutting down", "goodbye"),
        ("2026-11-28 14:31:10.682161 I | billing: shutting down: context canceled", "goodbye"),
        ("shutting down: failed to bind 0.0.0.0:8080", None),
        ("pool: shut down worker 3", None),
    ],
)
def test_a_reason_behind_the_goodbye_is_no_failure_unless_it_says_so(last, kind):
    said = farewell(["served /cart", last])
    assert (said.kind if said else None) == kind


def test_a_goodbye_with_a_reason_counts_in_the_last_line_only():
    """A part of the process may go while the rest goes on."""
    assert farewell(["mailer: shutting down: nothing to send", "served /cart"]) is None
