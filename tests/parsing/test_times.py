"""Time stamps of every logger, kernel and person, read to the same second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.parsing.times import find_time, parse_moment, parse_time, rfc3339

MOMENT = datetime(2026, 11, 23, 8, 17, tzinfo=UTC).timestamp()

STAMPS = [
    ("2026-11-23T08:17:00Z", 0),
    ("2026-11-23T08:17:00.123Z", 0.123),
    ("2026-11-23t08:17:00.5z", 0.5),
    ("2026-11-23T08:17:00.123456789Z", 0.123456789),
    ("2026-11-23T08:17:00.123456789+01:00", -3600 + 0.123456789),
    ("2026-11-23T08:17:00+0100", -3600),
    ("2026-11-23T08:17:00-07", 7 * 3600),
    ("2026-11-23T08:17:00-07:30", 7.5 * 3600),
    ("2026-11-23 08:17:00", 0),
    ("2026-11-23 08:17:00,123", 0.123),
    ("2026-11-23T08:17:00", 0),
    ("2026-11-23T08:17Z", 0),
    ("2026-11-23 08:17", 0),
    ("2026-11-23T08:16:60Z", 0),  # a leap second
    ("2026-11-23 08:17:00 UTC", 0),
    ("2026-11-23 08:17:00.123456 +0100 CET m=+0.012345", -3600 + 0.123456),  # Go's Time.String
    ("2026/11/23 08:17:00", 0),  # Go's log
    ("2026/11/23 08:17:00.123456", 0.123456),
    ("2026/11/23 - 08:17:00", 0),  # gin
    ("20261123T081700Z", 0),
    ("20261123T081700.250+0100", -3600 + 0.25),
    ("[2026-11-23 08:17:00]", 0),
    ("23/Nov/2026:08:17:00 +0000", 0),
    ("23/Nov/2026:08:17:00 +0100", -3600),
    ("Mon, 23 Nov 2026 08:17:00 GMT", 0),
    ("Mon, 23 Nov 2026 08:17:00 -0700", 7 * 3600),
    ("Monday, 23-Nov-26 08:17:00 UTC", 0),
    ("23 Nov 2026 08:17:00.123", 0.123),  # Redis
    ("Mon Nov 23 08:17:00 UTC 2026", 0),
    ("Mon Nov 23 08:17:00 CET 2026", -3600),
    ("Mon Nov 23 08:17:00 +0100 2026", -3600),
    ("Mon Nov 23 08:17:00.123456 2026", 0.123456),  # Apache's error log
    ("23.11.2026 08:17:00", 0),
    ("I261123 08:17:00.5", 0.5),  # CockroachDB
    ("1795421820", 0),
    ("1795421820.25", 0.25),
    ("1795421820123", 0.123),
    ("1795421820123456", 0.123456),  # __REALTIME_TIMESTAMP
    ("1795421820123456789", 0.123456789),
    ("1.79542182e+09", 0),  # zap's console encoder prints its epoch with %v
]


@pytest.mark.parametrize(("stamp", "more_s"), STAMPS)
def test_a_stamp_that_stands_alone_is_unix_time(stamp: str, more_s: float) -> None:
    """Every way to write 08:17 on 23 November 2026 is the same moment, as text and as bytes."""
    assert parse_time(stamp) == pytest.approx(MOMENT + more_s, abs=2e-6)
    assert parse_time(stamp.encode()) == pytest.approx(MOMENT + more_s, abs=2e-6)


@pytest.mark.parametrize(
    ("stamp", "month", "day"),
    [
        ("Mon Nov 23 08:17:00 2026", 11, 23),
        ("Mo Nov 23 08:17:00 2026", 11, 23),  # German
        ("Mo Mär  2 08:17:00 2026", 3, 2),
        ("Mo Dez 28 08:17:00 2026", 12, 28),
        ("Mo 23. Nov 08:17:00 CET 2026", 11, 23),
        ("lun. nov. 23 08:17:00 2026", 11, 23),  # French
        ("dim. août 23 08:17:00 2026", 8, 23),
        ("mar. févr. 10 08:17:00 2026", 2, 10),
        ("lun ene 26 08:17:00 2026", 1, 26),  # Spanish
        ("mar dic  1 08:17:00 2026", 12, 1),
        ("lun giu 22 08:17:00 2026", 6, 22),  # Italian
        ("gio ott 22 08:17:00 2026", 10, 22),
        ("seg out 26 08:17:00 2026", 10, 26),  # Portuguese
        ("segunda-feira set 21 08:17:00 2026", 9, 21),
        ("ma mrt 23 08:17:00 2026", 3, 23),  # Dutch
        ("do mei 21 08:17:00 2026", 5, 21),
        ("pon lis 23 08:17:00 2026", 11, 23),  # Polish
        ("śro paź 21 08:17:00 2026", 10, 21),
        ("一 11月 23 08:17:00 2026", 11, 23),  # Chinese
        ("日  3月  1 08:17:00 2026", 3, 1),
        ("月 11月 23 08:17:00 2026", 11, 23),  # Japanese
        ("월 11월 23 08:17:00 2026", 11, 23),  # Korean
    ],
)
def test_dmesg_prints_months_in_the_language_of_the_machine(stamp: str, month: int, day: int) -> None:
    """`dmesg -T` takes the names of days and months from the locale; in brackets or without."""
    expected = datetime(2026, month, day, 8, 17, tzinfo=UTC).timestamp() - (3600 if "CET" in stamp else 0)
    assert parse_time(stamp) == expected
    found = find_time(f"[{stamp}] Out of memory: Killed process 123 (api)".encode())
    assert found == (expected, 1, 1 + len(stamp.encode()))


@pytest.mark.parametrize(
    ("stamp", "more_s"),
    [("1123 08:17:00.123456", 0.123456), ("I1123 08:17:00.5", 0.5), ("Nov 23 08:17:00", 0), ("nov. 23 08:17:00", 0)],
)
def test_a_stamp_without_a_year_needs_one(stamp: str, more_s: float) -> None:
    """klog and syslog leave the year out: given one it is a moment, without it nothing is guessed."""
    assert parse_time(stamp) is None
    assert parse_time(stamp, 2026) == pytest.approx(MOMENT + more_s, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "08:17:00",
        "2026-11-23",
        "2026-13-23T08:17:00Z",
        "2026-02-30 08:17:00",
        "2026-11-23T25:17:00Z",
        "2026-11-23T08:17:99Z",
        "Foo Bar 23 08:17:00 2026",
        "12",
        "1234567",
        "-1795421820",
        "1e99",
        "nan",
        "9" * 40,
        "2026-11-23T08:17:00Z and more",
        "٢٠٢٦-11-23T08:17:00Z",
        "\ud800",
        "Feb 30 08:17:00 2026",
    ],
)
def test_what_is_no_stamp_is_none(text: str) -> None:
    """A time of day, a small number, a day that the calendar does not have, and anything with more behind it."""
    assert parse_time(text, 2026) is None


LINES = [
    ("2026-11-23T08:17:00.123Z INFO hello", "2026-11-23T08:17:00.123Z"),
    ("  [2026-11-23 08:17:00,500] hello", "2026-11-23 08:17:00,500"),
    ("2026/11/23 08:17:00 hello at 2020-01-01T00:00:00Z", "2026/11/23 08:17:00"),
    ("myapp: 2026/11/23 08:17:00.123456 main.go:7: hello", "2026/11/23 08:17:00.123456"),
    ("[GIN] 2026/11/23 - 08:17:00 | 200 | 1ms", "2026/11/23 - 08:17:00"),
    ('{"level":"info","ts":1795421820.123,"msg":"x"}', "1795421820.123"),
    ('{"msg":"seen 2020-01-01T00:00:00Z","time":"2026-11-23T08:17:00Z"}', "2026-11-23T08:17:00Z"),
    ('{"a":1, "@timestamp" : "2026-11-23T08:17:00.5+00:00"}', "2026-11-23T08:17:00.5+00:00"),
    ('{"t":{"$date":"2026-11-23T08:17:00.000+00:00"},"s":"I"}', "2026-11-23T08:17:00.000+00:00"),
    ('{"timestamp":1795421820123,"message":"x"}', "1795421820123"),
    ('{"__REALTIME_TIMESTAMP":"1795421820123456","MESSAGE":"x"}', "1795421820123456"),
    ("time=2026-11-23T08:17:00.123Z level=INFO msg=hello", "2026-11-23T08:17:00.123Z"),
    ('time="2026-11-23T08:17:00Z" level=info msg=hello', "2026-11-23T08:17:00Z"),
    ('level=info msg="at 2020-01-01T00:00:00Z" ts=2026-11-23T08:17:00Z', "2026-11-23T08:17:00Z"),
    ("level=info ts=1795421820.5 msg=hello", "1795421820.5"),
    ("t=2026-11-23T08:17:00+0000 lvl=info msg=hello", "2026-11-23T08:17:00+0000"),
    ("1795421820.123 hello", "1795421820.123"),
    ("1.79542182e+09\tINFO\thello", "1.79542182e+09"),
    ('1.2.3.4 - - [23/Nov/2026:08:17:00 +0000] "GET / HTTP/1.1" 200', "23/Nov/2026:08:17:00 +0000"),
    ("[Mon Nov 23 08:17:00 2026] oom-kill:", "Mon Nov 23 08:17:00 2026"),
    ("Mon, 23 Nov 2026 08:17:00 GMT hello", "Mon, 23 Nov 2026 08:17:00 GMT"),
    ("2026-11-23 08:17:00 -10 items left", "2026-11-23 08:17:00"),
    ("ünïcödé 2026-11-23T08:17:00Z", "2026-11-23T08:17:00Z"),
]


@pytest.mark.parametrize(("line", "stamp"), LINES)
def test_a_line_tells_its_time_and_where_it_stands(line: str, stamp: str) -> None:
    """The stamp is found at the start, in the usual fields, or further in; its span covers the stamp and no more."""
    found = find_time(line.encode())
    assert found is not None
    seconds, begin, end = found
    assert line.encode()[begin:end].decode() == stamp
    assert seconds == pytest.approx(MOMENT, abs=1)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello world",
        "gc 12 @8.017s 3%: 0.018+1.2+0.004 ms clock, 0.07+0.5/1.1/0.2+0.016 ms cpu, 4->4->2 MB, 5 MB goal, 4 P",
        "took 08:17:00 in all",
        "Nov 23 08:17:00 host kernel: hello",
        "I1123 08:17:00.123456   12345 file.go:12] hello",
        "count=1795421820 items",
        "timeout=30s runtime=3m",
        '{"msg":"hello","time":"soon","ts":null}',
        "12345678901 requests",
    ],
)
def test_a_line_without_a_date_has_no_time(line: str) -> None:
    """Uptimes, times of day, stamps without a year and large numbers are not taken for a moment."""
    assert find_time(line.encode()) is None


@pytest.mark.parametrize("order", ['"seconds":1795421820,"nanos":7', '"nanos":7,"seconds":1795421820'])
def test_google_writes_seconds_and_nanoseconds(order: str) -> None:
    """In an object, whichever comes first: its loggers' JSON for Cloud Logging."""
    found = find_time(f'{{"message":"put","timestamp":{{{order}}}}}'.encode())
    assert found is not None
    assert found[0] == MOMENT


def test_a_line_without_a_year_has_a_time_where_the_year_is_known() -> None:
    """The caller who knows the year gets the time of syslog and klog lines."""
    assert find_time(b"Nov 23 08:17:00 host kernel: hello", 2026) == (MOMENT, 0, 15)
    assert find_time(b"I1123 08:17:00.000000   12345 file.go:12] hello", 2026) == (MOMENT, 0, 21)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(line: bytes) -> None:
    """Whatever the bytes are, the answer is a moment of this era or None."""
    for seconds in (parse_time(line, 2026), (find_time(line) or (None,))[0]):
        assert seconds is None or 0 <= seconds < 1e11


@settings(deadline=None, max_examples=300)
@given(st.text("0123456789-/.:,TZ+ eNovMn[]\"'月{}=ts", max_size=60))
def test_nothing_that_looks_like_a_stamp_makes_it_raise(text: str) -> None:
    """Text made of what stamps are made of."""
    for line in (text, f'{{"ts":{text}}}', f'time="{text}"', f"2026-11-23T08:17:00{text}"):
        parse_time(line, 2026)
        find_time(line.encode(), 2024)


MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2199, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@settings(deadline=None, max_examples=200)
@given(MOMENTS, st.integers(-14 * 60, 14 * 60), st.sampled_from(["T", " "]))
def test_what_is_written_is_read_back(moment: datetime, east_minutes: int, separator: str) -> None:
    """Any moment in any zone, written by Python and by `rfc3339`, comes back to the microsecond."""
    local = moment.astimezone(timezone(timedelta(minutes=east_minutes)))
    for stamp in (local.isoformat(separator), rfc3339(moment.timestamp()), moment.strftime("%Y%m%dT%H%M%S.%fZ")):
        assert parse_time(stamp) == pytest.approx(moment.timestamp(), abs=2e-6)
        assert parse_time(stamp.encode()) == pytest.approx(moment.timestamp(), abs=2e-6)
        if stamp[4] == "-":
            found = find_time(f"{stamp} hello".encode())
            assert found is not None
            assert found[0] == pytest.approx(moment.timestamp(), abs=2e-6)
            assert found[1:] == (0, len(stamp))


def test_rfc3339_writes_milliseconds_and_microseconds_where_it_must() -> None:
    """Three digits are enough for most; nothing is lost of the others."""
    assert rfc3339(MOMENT) == "2026-11-23T08:17:00.000Z"
    assert rfc3339(MOMENT + 0.123) == "2026-11-23T08:17:00.123Z"
    assert rfc3339(MOMENT + 0.123456) == "2026-11-23T08:17:00.123456Z"
    assert rfc3339(0.9999999) == "1970-01-01T00:00:01.000Z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T08:17:00Z", MOMENT),
        ("2026-11-23 08:17", MOMENT),
        ("2026-11-23T08:17:00+01:00", MOMENT - 3600),
        ("2026-11-23", MOMENT - 8 * 3600 - 17 * 60),
        ("08:17", MOMENT),
        ("8:17:30", MOMENT + 30),
        ("-3h", MOMENT + 600 - 3 * 3600),
        ("-90m", MOMENT + 600 - 90 * 60),
        ("-1h30m", MOMENT + 600 - 90 * 60),
        ("now", MOMENT + 600),
        ("1795421820", MOMENT),
    ],
)
def test_people_write_moments_their_own_way(text: str, expected: float) -> None:
    """A stamp, a date, a time of the log's day, or so long before its end."""
    assert parse_moment(text, MOMENT + 600) == expected


@pytest.mark.parametrize(
    ("text", "now_s", "sentence"),
    [
        (
            "noon",
            MOMENT,
            '"noon" is no moment: write 2026-11-23T03:12:00Z, "2026-11-23 03:12", 2026-11-23, 03:12 or -3h',
        ),
        (
            "-3h",
            None,
            '"-3h" counts from a moment that is not known here: write the date as well, 2026-11-23T03:12:00Z',
        ),
        ("24:00", MOMENT, '"24:00" is no time of day: the last one is 23:59:59'),
        (
            "-3x",
            MOMENT,
            '"3x" is no duration: it stops making sense at column 2; write for example 90s, 5m, 1h30m or 2d',
        ),
    ],
)
def test_a_moment_that_makes_no_sense_says_what_to_write(text: str, now_s: float | None, sentence: str) -> None:
    """The message names what was written and what could be."""
    with pytest.raises(ValueError, match=r"is no|not known") as error:
        parse_moment(text, now_s)
    assert str(error.value) == sentence


def test_a_klog_stamp_that_tells_its_year_needs_nobody_to_say_it():
    """CockroachDB writes two digits of it, glog in C++ four."""
    assert find_time(b"I261123 08:17:00.000000 62 1@legacy/core.go:104 \xe2\x8b\xae [n1,s1] 12749  put") == (
        MOMENT,
        0,
        23,
    )
    assert find_time(b"I20261123 08:17:00.000000   1 a.cc:104] put") == (MOMENT, 0, 25)
    assert find_time(b"I269923 08:17:00.000000 put") is None
