"""Sizes and durations as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.parsing.quantities import parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "mib"),
    [
        ("2GiB", 2048),
        ("512MiB", 512),
        ("512 mib", 512),
        ("2Gi", 2048),
        ("1.5Gi", 1536),
        ("1048576", 1),
        ("1048576B", 1),
        ("1048576 bytes", 1),
        ("1024k", 1024_000 / 1048576),
        ("1.5G", 1.5e9 / 1048576),
        ("500MB", 500e6 / 1048576),
        ("1e9", 1e9 / 1048576),
        ("0", 0),
        (" 1TiB ", 1048576),
    ],
)
def test_a_size_is_mib(text: str, mib: float) -> None:
    """An `i` means powers of 1024, its absence powers of 1000, a bare number bytes."""
    assert parse_size(text) == pytest.approx(mib)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("2d", 172800),
        ("1h2m3.5s", 3723.5),
        ("250ms", 0.25),
        ("3µs", 3e-6),
        ("1.5h", 5400),
        ("1w 2d", 777600),
        ("45", 45),
    ],
)
def test_a_duration_is_seconds(text: str, seconds: float) -> None:
    """Go's durations, days and weeks as well, and a bare number of seconds."""
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "column"), [("", 1), ("2Gx", 3), ("big", 1), ("-5", 1), ("2GiB or so", 6), ("1,5G", 2)]
)
def test_a_wrong_size_names_the_column(text: str, column: int) -> None:
    """The message says what, where, and how it should look."""
    with pytest.raises(ValueError, match="is no size") as error:
        parse_size(text)
    assert str(error.value) == (
        f'"{text}" is no size: it stops making sense at column {column}; '
        "write for example 512MiB, 2GiB, 1.5G or 1000000000"
    )


@pytest.mark.parametrize(("text", "column"), [("", 1), ("1h3x", 4), ("soon", 1), ("-5s", 1), ("5 s m", 5)])
def test_a_wrong_duration_names_the_column(text: str, column: int) -> None:
    """The message says what, where, and how it should look."""
    with pytest.raises(ValueError, match="is no duration") as error:
        parse_duration(text)
    assert f"at column {column}; write for example 90s" in str(error.value)


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    """There is no third way."""
    for parse in (parse_size, parse_duration):
        try:
            assert parse(text) >= 0
        except ValueError as error:
            assert "write for example" in str(error)  # noqa: PT017
