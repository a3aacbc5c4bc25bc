"""The console forms of Go's loggers: each begins in a way that no other does, and stands below a line that it takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson
from msgspec import Struct

from gctail.parsing.drafts import CALLER, MAX_VALUE_CHARACTERS, Draft, Message, normal_level
from gctail.parsing.pairs import (
    keep_pairs,
    only_pairs,
    take_embedded,
    take_pairs,
    take_trailing,
    unquote,
    whole_message,
)
from gctail.parsing.prefaces import HCLOG_NAME, LEVEL, message_between, preface_of
from gctail.parsing.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

_FILE = rb"(?:[A-Z]:)?[^\s:]{1,256}+(?<=\.go):\d{1,9}"
# INFO ts=2026-11-23T08:17:00Z msg=put key=a
_PAIRS_WITH_MESSAGE = re.compile(r'(?>(?:(?!msg=)[\w.@/-]{1,64}=(?:"[^"\n]*"|\S*) )*)msg=')
_LEVEL_IN_BRACKETS = re.compile(rf"[\[<|(-]\s?((?i:{LEVEL.decode()}))\s?[\]>|)-]")
_SLOG_DEFAULT = re.compile(r"((?:DEBUG|INFO|WARN|ERROR)(?:[+-]\d{1,3})?) (.*)", re.DOTALL)
_KLOG_MESSAGE = re.compile(r'"[^"\\]*+(?>(?:\\.[^"\\]*+)*)"(?= [^\s="]{1,128}+=|$)', re.DOTALL)
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:[AP]M)?|<nil>")


def read_console(line: bytes, year: int | None) -> Message | None:
    """Read a line in one of the console forms, or None where it has none of them."""
    for shape in _SHAPES_BY_START[line[0]] if line else ():
        if found := shape.pattern.match(line):
            message = shape.read(tuple((part or b"").decode("utf-8", "replace") for part in found.groups()), year)
            if message:
                return message
    return None


def take_prose(draft: Draft, line: bytes, *, timed: bool = False) -> None:
    """Put plain text on the draft: what its logger wrote in front, the message, and the pairs in it.

    `timed`: a time stood before it.
    """
    preface = preface_of(line, timed=timed)
    draft.caller = draft.caller or preface.caller
    for field in preface.fields:
        draft.keep(field.name, line[field.begin : field.end].decode("utf-8", "replace"))
    apart = message_between(line, preface.end)
    text = line[preface.end :].decode("utf-8", "replace").strip()
    draft.level = draft.level or preface.level
    if draft.level is None and (found := _LEVEL_IN_BRACKETS.search(text, 0, 120)):
        draft.level = normal_level(found[1])
    if "msg=" in text and _PAIRS_WITH_MESSAGE.match(text):
        take_pairs(draft, text)
        whole_message(draft, text)
        return
    draft.message = line[slice(*apart)].decode("utf-8", "replace").strip('"') if apart else text
    if "=" in text:
        take_embedded(draft, text)


def _read_klog(parts: tuple[str, ...], year: int | None) -> Message:
    """k8s.io/klog and golang/glog write the same header; with a year in it, it is that of C++ glog."""
    letter, date, clock, thread, caller, rest = parts
    draft = Draft()
    draft.level = normal_level(letter) or "debug"
    draft.time_s = parse_time(f"{date[-4:]} {clock}", int(date[:4]) if len(date) == 8 else year)
    draft.caller = caller
    draft.fields["thread"] = int(thread)
    if quoted := _KLOG_MESSAGE.match(rest):
        draft.message = unquote(quoted[0])
        keep_pairs(draft, rest[quoted.end() :])
    else:
        draft.message = rest
        take_embedded(draft, rest)
    return draft.done("glog" if len(date) == 8 else "klog")


def _read_logrus(parts: tuple[str, ...], year: int | None) -> Message:
    """Read logrus on a terminal (`INFO[0042]`, seconds since start) and log15 (`INFO[06-17|21:58:10]`)."""
    level, stamp, caller, rest = parts
    draft = Draft()
    draft.level, draft.caller = normal_level(level), caller or None
    log15 = "|" in stamp
    if log15:
        draft.time_s = parse_time(f"{year}-{stamp.replace('|', ' ')}") if year else None
    elif not stamp.isdigit():
        draft.time_s = parse_time(stamp)
    take_trailing(draft, rest)
    return draft.done("log15" if log15 else "logrus-text")


def _read_zap(parts: tuple[str, ...], _year: int | None) -> Message | None:
    """Read zap's console encoder: columns between tabs, JSON in the last (zapcore/console_encoder.go)."""
    stamp, level, rest = parts
    draft = Draft()
    draft.level, draft.time_s = normal_level(level), parse_time(stamp)
    if stamp and draft.time_s is None and not _TIME_OF_DAY.fullmatch(stamp):
        return None
    columns = rest.split("\t")
    if not stamp and parse_time(columns[0]) is not None:
        return None  # a Python function on AWS Lambda: level, time, request
    last = columns.pop() if len(columns) > 1 and (columns[-1].startswith("{") or only_pairs(columns[-1])) else ""
    for place in range(min(2, len(columns) - 1)):
        if CALLER.fullmatch(columns[place]):
            draft.caller = columns.pop(place)
            break
    for _ in range(2):
        name = "thread" if columns[0].isdigit() else "logger"
        if len(columns) > 1 and " " not in columns[0] and name not in draft.fields:
            draft.keep(name, columns.pop(0))
    if last.startswith("{"):
        _keep_json(draft, last)
    else:
        keep_pairs(draft, last)
    draft.message = "\t".join(columns)
    return draft.done("zap-console")


def _keep_json(draft: Draft, text: str) -> None:
    try:
        found = orjson.loads(text)
    except ValueError:
        found = {"rest": text}  # cut, or no JSON after all
    for key, value in found.items():
        draft.keep(key, value)


def _read_dated(parts: tuple[str, ...], form: str) -> Message | None:
    stamp, level, caller, rest = parts
    draft = Draft()
    draft.level, draft.caller, draft.time_s = normal_level(level), caller or None, parse_time(stamp)
    if draft.time_s is None and not _TIME_OF_DAY.fullmatch(stamp):
        return None
    take_trailing(draft, rest)
    draft.message = (draft.message or "").removesuffix(":")  # hclog puts a colon between message and pairs
    return draft.done(form)


def _read_zerolog(parts: tuple[str, ...], _year: int | None) -> Message | None:
    """Read zerolog's ConsoleWriter."""
    return _read_dated(parts, "zerolog")


def _read_hclog(parts: tuple[str, ...], _year: int | None) -> Message | None:
    """Read hashicorp/go-hclog, the logger of Consul, Nomad, Vault and Terraform."""
    stamp, level, caller, name, rest = parts
    message = _read_dated((stamp, level, caller, rest), "hclog")
    if message and name:
        message.fields["logger"] = name
    return message


def _read_gin(parts: tuple[str, ...], _year: int | None) -> Message:
    """Read gin's access log."""
    stamp, status, latency, client, method, path = (part.strip() for part in parts)
    draft = Draft()
    draft.time_s = parse_time(stamp)
    draft.fields.update(
        status=int(status), latency=latency, client=client, method=method, path=path[:MAX_VALUE_CHARACTERS]
    )
    draft.message = f"{method} {path}"
    return draft.done("gin")


def _read_std_log(parts: tuple[str, ...], _year: int | None) -> Message:
    """Read the standard library's log with its flags, and slog's default handler, which writes through it."""
    prefix, stamp, caller, rest = parts
    draft = Draft()
    draft.time_s, draft.caller = parse_time(stamp), caller or None
    name = prefix.strip(" :[]-|")
    draft.level = normal_level(name)
    if name and draft.level is None:
        draft.fields["prefix"] = name
    if draft.level is None and not caller and (slog := _SLOG_DEFAULT.match(rest)):
        draft.level = normal_level(slog[1])
        take_trailing(draft, slog[2])
    else:
        take_prose(draft, rest.encode("utf-8", "replace"), timed=bool(stamp))
    return draft.done("std-log")


class _Shape(Struct, frozen=True):
    """How a form begins (the first bytes that it may have), its pattern and its reader."""

    starts: bytes
    pattern: re.Pattern[bytes]
    read: Callable[[tuple[str, ...], int | None], Message | None]


def _shape(starts: bytes, pattern: bytes, read: Callable[[tuple[str, ...], int | None], Message | None]) -> _Shape:
    return _Shape(starts, re.compile(pattern, re.DOTALL), read)


_DIGITS = b"0123456789"
_ANY = bytes(range(256))
_SHAPES = (
    # I1123 08:17:00.123456   12345 file.go:12] "Pod updated" pod="kube-system/dns"
    _shape(
        b"IWEFD",
        rb"([IWEFD])(\d{4}|\d{8}) (\d\d:\d\d:\d\d\.\d{1,9}) +(\d{1,18}) ([^\s\]:]{1,256}+:\d{1,9})\] ?(.*)",
        _read_klog,
    ),
    # INFO[0042] message   key=value    WARN [06-17|21:58:10.123] message   key=value
    _shape(
        b"TDIWECFP",
        rb"(" + LEVEL + rb") ?\[(\d{4,12}|\d\d-\d\d\|\d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-[^\]]{4,32})\] ?"
        rb"(?:(" + _FILE + rb") \S{1,256}+ )?(.*)",
        _read_logrus,
    ),
    # [GIN] 2026/11/23 - 08:17:00 | 200 |  1.2ms | 127.0.0.1 | GET      "/path"
    _shape(
        b"[",
        rb"\[GIN\] ([^|]{10,40})\|\s*(\d{3})\s*\|([^|]{1,40})\|([^|]{1,64})\|\s*([A-Z]{1,16}) +\"?([^\"]{0,4096})",
        _read_gin,
    ),
    # 2026-11-23T08:17:00.123Z<tab>INFO<tab>cache/session.go:42<tab>message<tab>{"key": "value"}
    _shape(
        _DIGITS + b"[TDIWEFPtdiwefp",
        rb"(?:([^\t]{4,40})\t)?\[?((?i:TRACE|DEBUG|INFO|WARN|ERROR|DPANIC|PANIC|FATAL))\]?\t(.*)",
        _read_zap,
    ),
    # 2026-11-23T03:12:00.123Z [INFO]  agent: started: k=v
    _shape(
        _DIGITS,
        rb"(\d\S{9,39}) \[(TRACE|DEBUG|INFO|WARN|ERROR)\] +(?:(" + _FILE + rb"): )?(?:(" + HCLOG_NAME + rb"): )?(.*)",
        _read_hclog,
    ),
    # 8:17AM INF main.go:12 > message key=value
    _shape(
        _DIGITS + b"<",
        rb"(\S{4,40}) (TRC|DBG|INF|WRN|ERR|FTL|PNC|\?\?\?) (?:([^\s:]{1,256}+:\d{1,9}) > )?(.*)",
        _read_zerolog,
    ),
    # myapp: 2026/11/23 08:17:00.123456 main.go:12: message
    _shape(
        _ANY,
        rb"([^\d\"={]{0,64}+|[^\s\"={]{1,64}+ |\[[^\]\"={]{1,64}+\] ?)(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{6})?) "
        rb"(?:(" + _FILE + rb"): )?(.*)",
        _read_std_log,
    ),
    # main.go:12: message
    _shape(_ANY, rb"([^\s\"={]{1,32}+ )?()(" + _FILE + rb"): (.*)", _read_std_log),
)
_SHAPES_BY_START = [tuple(shape for shape in _SHAPES if start in shape.starts) for start in range(256)]
