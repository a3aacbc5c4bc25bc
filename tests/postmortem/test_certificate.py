"""A certificate is plain data: it survives JSON, and its causes come from a closed list."""

import msgspec

from certificates import example_case, example_certificate
from gctail.parsing.causes import CAUSES
from gctail.postmortem.certificate import Case


def test_a_case_survives_json():
    """What a bundle holds is read back as it was."""
    case = example_case()
    assert msgspec.json.decode(msgspec.json.encode(case), type=Case) == case


def test_the_columns_of_a_series_are_equally_long():
    """A chart needs them side by side."""
    columns = msgspec.structs.astuple(example_certificate().series)
    assert {len(column) for column in columns} == {131}


def test_every_cause_has_a_title():
    """The closed list is told in words."""
    assert all(title and title[0] not in " ." for title in CAUSES.values())
