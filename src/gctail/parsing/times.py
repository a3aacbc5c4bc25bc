"""Time stamps: the ways in which loggers, kernels and people write a moment, as Unix seconds.

A stamp without a zone is taken as UTC, because that is what nearly every container runs in. A stamp without a year
(syslog, klog) gets it from the caller or stays unread: guessing it would need a clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

from gctail.parsing.quantities import parse_duration

LOOK_INTO_BYTES = 512  # how far into a line find_time looks for a stamp that stands in no field

_DATE = rb"(?:19[7-9]|2[01]\d)\d[-/.]\d\d[-/.]\d\d"
_SECONDS = rb"\d\d(?:[.,]\d{1,12}+)?"
# An offset after a space needs four digits: in `08:17:00 -10 left` the -10 is no zone.
_ZONE = rb"(?: ?(Z|z|UTC|GMT|[+-]\d\d:?\d\d|(?<! )[+-]\d\d)(?![\w:]))?"
# 2026-11-23T08:17:00.123456789+01:00, 2026/11/23 08:17:00.123456 (Go's log), 2026/11/23 - 08:17:00 (gin)
_ISO = rb"(" + _DATE + rb"(?:[Tt _]| - )\d\d:\d\d):(" + _SECONDS + rb")" + _ZONE

_ISO_ALONE = re.compile(_ISO + rb"(?: [A-Z]{3,5})?(?: m=[+-][\d.]+)?")  # the tail is what Go's Time.String adds
_ISO_AT_START = re.compile(rb"[\s\[(<\"']*+" + _ISO)
_ISO_ANYWHERE = re.compile(rb"(?<![\d.])" + _ISO)
_ISO_COMPACT = re.compile(  # 20261123T081700Z
    rb"((?:19[7-9]|2[01]\d)\d)(\d\d)(\d\d)[Tt](\d\d)(\d\d)(" + _SECONDS + rb")(Z|z|[+-]\d\d:?\d\d)?"
)
_ISO_MINUTE = re.compile(rb"((?:19[7-9]|2[01]\d)\d)-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)()(Z|z|[+-]\d\d:?\d\d)?")
_NUMBER = re.compile(rb"\d{8,20}(?:\.\d{1,12})?|\d(?:\.\d{1,20})?[eE]\+?\d{1,2}")

# Names of days and months are any letters, or `11月`; UTF-8, so a letter may be several bytes above 0x7f.
_DAY_NAME = rb"(?:[A-Za-z\x80-\xff][A-Za-z\x80-\xff-]{0,30}+\.?,? +)"
_MONTH = rb"(?P<month>[A-Za-z\x80-\xff]{3,30}+\.?|\d{1,2}(?:\xe6\x9c\x88|\xec\x9b\x94))"
_DAY = rb"(?P<day>\d{1,2})"
_YEAR = rb"(?P<year>(?:19[7-9]|2[01]\d)\d)"
_CLOCK = rb"(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>" + _SECONDS + rb")"
_NAMED_ZONE = rb"(?: ?(?P<zone>[+-]\d\d:?\d\d|Z|[A-Z]{3,5})(?![\w:.]))?"
# Mon Nov 23 08:17:00 2026, [Mo Mär 23 08:17:00 2026], Mon Nov 23 08:17:00 CET 2026, 一 11月 23 08:17:00 2026
_CTIME = _DAY_NAME + rb"?" + _MONTH + rb" +" + _DAY + rb",? +" + _CLOCK + _NAMED_ZONE + rb" +" + _YEAR
# Mo 23. Nov 08:17:00 CET 2026: what date(1) prints in German
_CTIME_DAY_FIRST = _DAY_NAME + rb"?" + _DAY + rb"\.? +" + _MONTH + rb" +" + _CLOCK + _NAMED_ZONE + rb" +" + _YEAR
# Mon, 23 Nov 2026 08:17:00 GMT, 23-Nov-2026 08:17:00.123, Monday, 23-Nov-26 08:17:00 UTC
_RFC_1123 = (
    _DAY_NAME
    + rb"?"
    + _DAY
    + rb"\.?[ -]"
    + _MONTH
    + rb"[ -](?P<year>(?:19[7-9]\d|2[01]\d\d|\d\d)) "
    + _CLOCK
    + _NAMED_ZONE
)
# 23/Nov/2026:08:17:00 +0000: Apache, nginx and everything that imitates them
_APACHE = _DAY + rb"/" + _MONTH + rb"/" + _YEAR + rb":" + _CLOCK + _NAMED_ZONE
# 23.11.2026 08:17:00
_DOTTED = _DAY + rb"\.(?P<month>\d\d)\." + _YEAR + rb",? " + _CLOCK + _NAMED_ZONE
# Nov 23 08:17:00, Nov 23 2026 08:17:00: syslog and Cisco
_SYSLOG = _MONTH + rb" +" + _DAY + rb"(?: " + _YEAR + rb")? +" + _CLOCK
# 1123 08:17:00.123456 or I1123 08:17:00.123456: klog and glog
_KLOG = rb"[IWEF]?(?P<month>\d\d)(?P<day>\d\d) +" + _CLOCK
# I261128 14:35:05.644133: CockroachDB; I20261123 08:17:00.123456: glog in C++
_KLOG_WITH_YEAR = rb"[IWEFD](?P<year>(?:20)?\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d) +" + _CLOCK
_Matcher = Callable[..., re.Match[bytes] | None]
_NAMED_SHAPES = (_CTIME, _CTIME_DAY_FIRST, _RFC_1123, _APACHE, _DOTTED, _SYSLOG, _KLOG, _KLOG_WITH_YEAR)
_FIELD_NAME = (
    rb"(?:@?t(?:s|ime(?:stamp|_local|_iso8601|Millis)?)?|_time|T(?:ime(?:stamp)?|S)?|datetime|asctime|eventTime"
    rb"|date|when|@t|__REALTIME_TIMESTAMP|(?:observedT|t)imeUnixNano)"
)
# The value of a field: an ISO stamp (groups 1 to 3) or whatever else parse_time may know (the last group); Google's
# loggers write `"timestamp":{"seconds":1795421820,"nanos":123456789}`.
_JSON_FIELD = re.compile(
    rb'"' + _FIELD_NAME + rb'"\s*+:\s*+(?:"?' + _ISO + rb'|"([^"\\]{8,80})"'
    rb'|(?:\{(?:"nanos":\d{1,9},)?"seconds":)?([\d.eE+]{8,30}))'
)
_LOGFMT_FIELD = _FIELD_NAME + rb'=(?:"?' + _ISO + rb'|"([^"\\]{8,80})"|([^\s",]{8,40}))'
_LOGFMT_AT_START = re.compile(_LOGFMT_FIELD)
_LOGFMT_ANYWHERE = re.compile(rb"[\s,{(]" + _LOGFMT_FIELD)
# A line without this holds no clock: 0.3 us to know, because the pattern begins with a literal.
_CLOCK_HINT = re.compile(rb":\d\d")
_EPOCH_AT_START = re.compile(rb"[\s\[(<]*+(1\d{9}(?:\.\d{1,9}|\d{3}|\d{6}|\d{9})?|1\.\d{5,16}e\+?09)(?=[\s\])>|,:]|$)")

# January to December in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, and where the short
# names do not contradict those: Swedish, Norwegian, Czech, Turkish, Russian. Sources: the locales of glibc.
_MONTH_NAMES = (
    "jan january januar janv janvier ene enero gen gennaio janeiro januari sty stycznia led oca янв",
    "feb february februar févr fév février febrero febbraio fev fevereiro februari lut lutego úno şub фев",
    "mar march mär märz mrz mars marzo março mrt maart marca bře мар",
    "apr april avr avril abr abril aprile kwi kwietnia dub nis апр",
    "may mai mayo mag maggio maio mei maj maja kvě мая май",
    "jun june juni juin junio giu giugno junho cze czerwca čen haz июн",
    "jul july juli juil juillet julio lug luglio julho lip lipca čec tem июл",
    "aug august août aoû ago agosto augustus sie sierpnia srp ağu авг",
    "sep september sept septembre septiembre set settembre setembro wrz września zář eyl сен",
    "oct october okt oktober octobre octubre ott ottobre out outubro paź października říj eki окт",
    "nov november novembre noviembre novembro lis listopada kas ноя",
    "dec december dez dezember déc décembre dic diciembre dicembre dezembro gru grudnia des pro ara дек",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}

_EAST_NAMES = "Z UTC GMT WET CET CEST WEST EET EEST MSK JST KST EST EDT CST CDT MST MDT PST PDT"
_EAST_HOURS = (0, 0, 0, 0, 1, 2, 1, 2, 3, 3, 9, 9, -5, -4, -6, -5, -7, -6, -8, -7)
_HOURS_EAST = dict(zip(_EAST_NAMES.split(), _EAST_HOURS, strict=True))


@cache
def _named_alone() -> tuple[_Matcher, ...]:
    """What takes a time with names in it, alone; made when needed, as are those that find one: it takes 10 ms."""
    return tuple(re.compile(shape).fullmatch for shape in _NAMED_SHAPES)


@cache
def _named_finders() -> tuple[_Matcher, ...]:
    return (
        re.compile(rb"\[(?P<all>" + _APACHE + rb")\]").search,
        *(re.compile(rb"[\s\[(<\"']*+(?P<all>" + shape + rb")(?![\w:.])").match for shape in _NAMED_SHAPES),
    )


def parse_time(text: bytes | str, year: int | None = None) -> float | None:
    """Unix seconds of a time stamp that stands alone, or None where it is none (a time of day alone is none).

    A number is taken as seconds, milliseconds, microseconds or nanoseconds by its magnitude. `year` completes stamps
    that have none (syslog, klog); without it those are None.
    """
    if isinstance(text, str):
        if (seconds := _quick_seconds(text)) is not None:
            return seconds
        text = text.encode(errors="replace")
    text = text.strip(b" \t\r\n[]\"'")
    if found := _ISO_ALONE.fullmatch(text):
        return _iso_seconds(found)
    if _NUMBER.fullmatch(text):
        return epoch_seconds(float(text))
    if found := _ISO_COMPACT.fullmatch(text) or _ISO_MINUTE.fullmatch(text):
        digits = found.groups()
        minute = (int(digits[0]), int(digits[1]), int(digits[2]), int(digits[3]), int(digits[4]))
        return _civil_seconds(minute, digits[5] or b"0", digits[6])
    for fullmatch in _named_alone():
        if found := fullmatch(text):
            return _named_seconds(found, year)
    return None


def find_time(line: bytes, year: int | None = None) -> tuple[float, int, int] | None:
    """Find the first plausible time stamp of a log line: (Unix seconds, begin, end), or None.

    It stands at the start, in one of the usual fields (`"ts":`, `time=`), or within the first `LOOK_INTO_BYTES`.
    """
    if line[:1].isalpha() or line[:1] == b"{":  # saves 0.4 us
        return _find_field(line, year) or _find_inside(line, year)
    if (found := _ISO_AT_START.match(line)) and (seconds := _iso_seconds(found)) is not None:
        return seconds, found.start(1), found.end()
    if (found := _EPOCH_AT_START.match(line)) and (seconds := epoch_seconds(float(found[1]))) is not None:
        return seconds, *found.span(1)
    return _find_field(line, year) or _find_inside(line, year)


def epoch_seconds(value: float) -> float | None:
    """Unix seconds by magnitude: 1e8 s is 1973, 1e11 s is 5138; so is every next unit a thousand times as large."""
    if not 1e8 <= value < 1e20:
        return None
    for unit in (1.0, 1e3, 1e6, 1e9):
        if value < 1e11 * unit:
            return value / unit
    return None


def year_of(time_s: float) -> int:
    """The year of a moment, in UTC."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time_s)).year


def rfc3339(time_s: float) -> str:
    """`2026-11-23T08:17:00.123Z`: in UTC, with microseconds where milliseconds would lose something.

    Raises ValueError or OverflowError outside the years 1 to 9999, as datetime does.
    """
    moment = datetime(1970, 1, 1) + timedelta(microseconds=round(time_s * 1e6))  # noqa: DTZ001 - UTC by construction
    return moment.isoformat(timespec="microseconds" if moment.microsecond % 1000 else "milliseconds") + "Z"


def parse_moment(text: str, now_s: float | None) -> float:
    """Unix seconds of what a person wrote: a stamp, a date, `03:12` of the day of `now_s`, or `-90m` before it.

    Raises ValueError with a sentence for the user.
    """
    text = text.strip()
    seconds = parse_time(text)
    if seconds is None:
        seconds = parse_time(text + " 00:00:00")  # a date alone is its midnight
    if seconds is not None:
        return seconds
    of_day = re.fullmatch(r"(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d{1,9})?))?", text)
    if not of_day and not text.startswith("-") and text != "now":
        msg = f'"{text}" is no moment: write 2026-11-23T03:12:00Z, "2026-11-23 03:12", 2026-11-23, 03:12 or -3h'
        raise ValueError(msg)
    if now_s is None:
        msg = f'"{text}" counts from a moment that is not known here: write the date as well, 2026-11-23T03:12:00Z'
        raise ValueError(msg)
    if not of_day:
        return now_s - (parse_duration(text[1:]) if text != "now" else 0)
    hour, minute, second = int(of_day[1]), int(of_day[2]), float(of_day[3] or 0)
    if hour > 23 or minute > 59 or second >= 60:
        msg = f'"{text}" is no time of day: the last one is 23:59:59'
        raise ValueError(msg)
    return now_s // 86400 * 86400 + hour * 3600 + minute * 60 + second


def _quick_seconds(text: str) -> float | None:
    """RFC 3339 by way of datetime's C parser, in a third of the time; it cuts off what lies below microseconds.

    None says only that the patterns must look: datetime knows neither leap seconds nor half of the shapes.
    """
    if len(text) < 19 or text[4] != "-" or text[13] != ":" or text[16] != ":" or not "1970" <= text[:4] <= "2199":
        return None
    try:
        return datetime.fromisoformat(text if text[-1] == "Z" or text[-6] in "+-" else text + "Z").timestamp()
    except ValueError:
        return None


def _iso_seconds(found: re.Match[bytes]) -> float | None:
    minute_s = _minute_seconds(found[1])
    seconds = float(found[2].replace(b",", b"."))
    if minute_s is None or seconds >= 61:
        return None
    return minute_s + seconds - (_zone_seconds(found[3]) if found[3] else 0.0)


@lru_cache(maxsize=1024)
def _minute_seconds(text: bytes) -> float | None:
    """Unix seconds of `2026-11-23T08:17`, remembered because neighbouring lines share it (0.6 us saved a line)."""
    try:
        moment = datetime(int(text[:4]), int(text[5:7]), int(text[8:10]), int(text[-5:-3]), int(text[-2:]), tzinfo=UTC)
    except ValueError:
        return None
    return moment.timestamp()


@lru_cache(maxsize=256)
def _zone_seconds(zone: bytes) -> float:
    """Seconds east of Greenwich of `Z`, `+01:00`, `+0100`, `-07` or a well-known name; unknown names count as UTC."""
    name = zone.decode("ascii", "replace").upper()
    if name[0] not in "+-":
        return _HOURS_EAST.get(name, 0) * 3600.0
    digits = name[1:].replace(":", "").ljust(4, "0")
    east = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return float(-east if name[0] == "-" else east)


def _civil_seconds(minute: tuple[int, int, int, int, int], second: bytes, zone: bytes | None) -> float | None:
    """Unix seconds of (year, month, day, hour, minute) and the rest, or None where the calendar has no such moment."""
    seconds = float(second.replace(b",", b"."))
    try:
        moment = datetime(*minute, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    if seconds >= 61:
        return None
    return moment.timestamp() + seconds - (_zone_seconds(zone) if zone else 0.0)


def _named_seconds(found: re.Match[bytes], year: int | None) -> float | None:
    parts = found.groupdict()
    month = _month_number(parts["month"])
    if written := parts.get("year"):
        year = int(written) + (2000 if len(written) == 2 else 0)
    if month is None or year is None:
        return None
    minute = (year, month, int(parts["day"]), int(parts["hour"]), int(parts["minute"]))
    return _civil_seconds(minute, parts["second"], parts.get("zone"))


@lru_cache(maxsize=256)
def _month_number(name: bytes) -> int | None:
    text = name.decode("utf-8", "replace").rstrip(".月월").casefold()
    if text.isascii() and text.isdigit():
        return int(text)
    return _MONTHS.get(text)


def _find_field(line: bytes, year: int | None) -> tuple[float, int, int] | None:
    if line[:1] == b"{":
        field = _JSON_FIELD.search(line)
    else:
        field = _LOGFMT_AT_START.match(line) or _LOGFMT_ANYWHERE.search(line)
    if not field:
        return None
    if field[1]:
        seconds, span = _iso_seconds(field), (field.start(1), field.end())
    else:
        group = field.lastindex or 0
        seconds, span = parse_time(field[group], year), field.span(group)
    return None if seconds is None else (seconds, *span)


def _find_inside(line: bytes, year: int | None) -> tuple[float, int, int] | None:
    if not _CLOCK_HINT.search(line, 0, LOOK_INTO_BYTES):
        return None
    if (found := _ISO_ANYWHERE.search(line, 0, LOOK_INTO_BYTES)) and (seconds := _iso_seconds(found)) is not None:
        return seconds, found.start(1), found.end()
    for find in _named_finders():
        found = find(line, 0, LOOK_INTO_BYTES)
        if found and (seconds := _named_seconds(found, year)) is not None:
            return seconds, *found.span("all")
    return None
