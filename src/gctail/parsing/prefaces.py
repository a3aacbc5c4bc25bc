"""What loggers write before a message: time, level, logger, thread, place in the source, the number of the line.

    2026-11-28 04:41:15,421 INFO  [worker-3] c.a.import.Handler - item 17 imported
    I, [2026-11-28T04:33:04.223160 #731]  INFO -- gateway: profile cached
    04:41:15.710 main ▶ DEBU 02a queued depth 3

A preface is read piece by piece, whoever wrote it. Some pieces are one only behind a time, as a letter for the level,
or only behind the level, as a name before ` - `: elsewhere they are words of the message like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from gctail.parsing.drafts import SYSLOG_LEVELS, normal_level

MOST_PIECES = 32
"""Of one preface; half of them are what stands between two others."""
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
STAMP = (
    rb"(?:\d{4}[-/.]\d\d[-/.]\d\d(?:[T ]+(?:- )?\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?"
    rb"(?:Z| ?[+-]\d\d:?\d\d)?(?: (?:UTC|GMT|[A-Z]{2,3}T))?"
    rb"|(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)?(?: \d{4})?"
    rb"|\d{1,2}[/ -]" + _MONTH + rb"[/ -]\d{4}[: ]\d\d:\d\d:\d\d(?:\.\d+)?(?: [+-]\d{4})?"
    rb"|\d{8} \d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    rb"|\d\d/\d\d/\d\d \d\d:\d\d:\d\d|\d{6} \d{6}(?= \d{1,10} [A-Z])"
    rb"|\d{1,2}/\d{1,2}/\d{4},? \d{1,2}:\d\d:\d\d(?: [AP]M)?|\d\d-\d\d\|\d\d:\d\d:\d\d(?:\.\d{1,9})?"
    rb"|1\d{9}(?:\.\d{1,9}|\d{3})?|1\.\d{5,16}e\+?09"
    rb"|\d{4} \d\d:\d\d:\d\d\.\d{1,9}|\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:[AP]M)?)"
)  # fmt: skip
LEVEL = (
    rb"TRACE?|DEBUG?|DBUG|INFO|NOTI(?:CE)?|WARN(?:ING)?|ERR(?:OR?)?|EROR|FATAL?|D?PANIC?|CRIT(?:ICAL)?|ALERT|EMERG"
    rb"|TRC|DBG|INF|WRN|FTL|PNC"
)
"""How loggers write levels, as a word of its own; cut to three and four letters, too."""
_SAID = rb"(?:" + LEVEL + rb"|NOTE|INFORMATION|SEVERE|VERBOSE)"
"""The same between brackets, where words of the language are levels as well."""
_UUID = rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_PLACE = (
    rb"(?:[A-Za-z]:)?[^\s:\"=\[\](){}]{1,256}"
    rb"\.(?:go|java|kt|scala|py|rb|rs|cc?|cpp|h|m?js|ts|cs|exs?|erl|php|swift):\d{1,9}"
)
_AHEAD = rb"(?:[\[(<|] ?(?i:" + _SAID + rb") ?[\])>|]|(?:" + LEVEL + rb")(?=[\s:|\[(-])|(?i:" + LEVEL + rb"):(?= ))"
"""A level stands here."""
HCLOG_NAME = rb"[\w.@/-]{1,64}(?=: [^\s=]+(?:\s|\Z))"
"""Behind hclog's level; what stands before pairs is the message."""
_DOTTED = rb"[A-Za-z_]\w*(?:(?:\.|::)[\w$]+)"

_ANYWHERE = (
    # <7>shop: message, as systemd wants it
    rb"\A<(?P<level_priority>[0-7])>(?:(?!(?i:" + LEVEL + rb"):)(?P<logger_priority>[A-Za-z][\w.-]{0,63}): )?"
    # I1123 08:17:00.123456   12345 file.go:12] message
    rb"|(?P<level_klog>[IWEFD])\d{4}(?:\d\d){0,2} \d\d:\d\d:\d\d\.\d{1,9} +\d+ +"
    rb"(?:\d+@)?(?P<caller_klog>[^\s\]:]{1,256}:\d+)(?:\] ?"
    rb"| \xe2\x8b\xae (?:\[(?P<thread_klog>[^\]\n]{1,64})\] )?(?:\d+ +)?)"
    # INFO[0042] message, WARN[2026-11-23T03:12:00Z] message
    rb"|(?P<level_logrus>" + LEVEL + rb") ?\[(?:\d{4,12}|" + STAMP + rb")\] ?"
    # 2026-11-28T04:41:15.421Z [WARN]  cart.store: message
    rb"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d{4}) \[(?P<level_hclog>TRACE|DEBUG|INFO|WARN|ERROR)\] {1,2}"
    rb"(?:(?P<caller_hclog>[^\s:]{1,256}\.go:\d{1,9}): )?(?P<logger_hclog>" + HCLOG_NAME + rb"): "
    # [Nest] 731  - 11/28/2026, 4:41:15 AM     LOG [Cart] message
    rb"|\[[\w.-]{1,32}\] \d{1,9} +- " + STAMP + rb" +(?:(?P<level_nest>LOG|ERROR|WARN|DEBUG|VERBOSE|FATAL) +)?"
    rb"(?:\[(?P<logger_nest>[^\]\n]{1,64})\] )?"
    # [04:41:15 INF] message, [I 04:41:15.421 App] message, [2026-11-28 04:41:15,421: INFO/Worker-1] message
    rb"|\[(?:(?P<level_first>[IWEFDC]) |\d{1,9} )?(?P<stamp_box>" + STAMP + rb")"
    rb"(?:[: ] ?(?P<inside_box>[^\]\n]{1,80}))?\]:?"
    rb"|(?P<stamp>" + STAMP + rb")(?=[\s|:,;\[]|\Z)"
    rb"|\[(?:\d{1,12}|goroutine \d{1,18})\]|\d{1,12} (?=[^\s:]{1,256}\.go:\d{1,9} > )"
    rb"|[\[({<]?(?P<caller>" + _PLACE + rb")(?:,[\w.]{1,64})?(?:[\])}]|(?=[\s:>]|\Z)):?(?: ?>(?= ))?"
    rb"|[\[(<|] ?(?P<level_boxed>(?i:" + _SAID + rb")) *[\])>|]:?"
    rb"|(?P<level>" + LEVEL + rb")(?=[\s:|\[(-])[:|]?"
    rb"|(?P<level_small>(?i:" + LEVEL + rb")):(?= )"
    rb"|(?P<level_tabbed>(?i:" + LEVEL + rb")) ?\t"
    rb"|[-|\s]+"
    # myapp: 2026/11/23 08:17:00 message, [Fiber] 04:41:15 | message
    rb"|(?:\[[^\]\n]{1,32}\]|[A-Za-z][\w.-]{0,31}:?) ?(?=\d{4}/\d\d/\d\d (?:- )?\d\d:\d\d:\d\d )"
    rb"|\[[A-Z][\w.-]{0,31}\] (?=(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d\S{0,12} \|)"
    # INFO<tab>api.db<tab>cache/session.go:42<tab>message
    rb"|(?P<logger_zap>[\w.@/-]{1,64})\t(?=[^\s:]{1,256}\.go:\d{1,9}\t)"
)  # fmt: skip
_BEFORE_THE_LEVEL = (
    # I, [2026-11-28T04:33:04.223160 #731]  INFO -- gateway: message
    rb"(?P<level_ruby>[DIWEFA]), \[" + STAMP
    + rb" #\d+\] +[A-Z]{3,7} -- (?P<logger_ruby>[^:\n]{0,64}): "
    # 731:M 28 Nov 2026 04:41:15.421 * message
    rb"|\d{1,9}:[A-Z] " + STAMP + rb" [.*#-] "
    # 03-17 16:13:38.811  1702  2395 D GoLog: message
    rb"|\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +\d{1,10} +\d{1,10} "
    rb"(?P<level_logcat>[VDIWEF]) (?P<logger_logcat>[^\s:]{1,64}) *: "
    # 1795851833367222211 [Info] message: seelog, in nanoseconds
    rb"|1\d{15}(?:\d{3})? (?=" + _AHEAD + rb")"
    # a time in quotes, before a comma
    rb'|\A"(?P<stamp_column>' + STAMP + rb')"(?=[,;])'
    # • message, as apex/log writes it to a terminal
    rb"|(?:\xe2\x80\xa2|\xe2\xa8\xaf) +"
    # [main] INFO logger - message, 0 [main] INFO logger - message
    rb"|\A\d{1,10} (?=\[[^\]\n]{1,64}\] +(?:" + LEVEL + rb") +" + _DOTTED + rb"* )"
    rb"|\[(?P<thread>(?!\d{1,4}[-/:.]|[A-Z][a-z]{2} [A-Z][a-z]{2} )[^\]\n]{1,64})\] ?(?=" + _AHEAD + rb")"
    # [main] c.a.import.Handler - message
    rb"|\[(?P<thread_quiet>[^\]\n]{1,64})\] +(?P<logger_quiet>" + _DOTTED + rb"+) +- "
    # main ▶ DEBU 02a message
    rb"|\A(?P<thread_first>(?:[\w./()*-]{1,64} ){0,2})\xe2\x96\xb6 (?P<level_first_arrow>" + LEVEL + rb")"
    rb"(?: (?P<number_first>[0-9a-f]{3,8}) )?|"
)  # fmt: skip
_BEHIND_THE_TIME = (
    # main ▶ DEBU 02a message; words of these letters alone are rather what the message begins with
    rb"(?:\[(?P<logger_arrow>[\w.-]{1,64})\] )?(?P<thread_arrow>(?:[\w./()*-]{1,64} ){0,2})"
    rb"(?:\xe2\x96\xb6|->|>|\xe2\x86\x92|\xc2\xbb)"
    rb" (?P<level_arrow>" + LEVEL + rb")(?: (?P<number>(?!add|dead|bad|fee|fed|face|fade)[0-9a-f]{3,8}) )?"
    # I | etcdserver: message, [I] message, E! [inputs.cpu] message
    rb"|(?P<level_letter>[IWEFDTC])(?:!| \|)(?= )|\|(?P<level_letter_piped>[IWEFDTC])(?=\|)"
    rb"|\[(?P<level_letter_boxed>[IWEFDTC])\](?=[ \[])"
    rb"|(?P<level_mongo>[IWEFD]) +(?P<logger_mongo>[A-Z]{3,16}) +\[(?P<thread_mongo>[^\]\n]{1,64})\] "
    # 7f1234567890  0 message, as Ceph has it: the thread, and how much of detail it is
    rb"|(?P<thread_ceph>[0-9a-f]{12}) +(?P<level_ceph>-1|\d{1,2}) +"
    # [core:error] [pid 731:tid 42] message, as Apache has it
    rb"|\[(?P<logger_apache>\w{1,32}):(?P<level_apache>emerg|alert|crit|error|warn|notice|info|debug|trace\d)\]"
    rb"(?: \[pid \d{1,10}(?::tid \d{1,20})?\])?"
    # 731 [main] user@database ERROR: message
    rb"|(?P<thread_many>(?:(?:\[(?!\d{1,4}[-/:.])[^\]\n]{1,64}\]|r?\d{1,10}|" + _UUID
    + rb"|[A-Za-z_][\w.-]{0,63}@[\w.-]{1,64})[ \t]+){1,3})(?=" + _AHEAD + rb")"
    # shop.cart - INFO - message, [myid:1] - INFO  [thread] - message
    rb"|(?:(?P<logger_before>[A-Za-z_][\w.$]{0,127})|\[(?P<thread_dash>[^\]\n]{1,64})\]) +- (?=" + _AHEAD + rb")"
    # shop: warning: message
    rb"|(?P<logger_std>[A-Za-z][\w.-]{0,31}): (?=(?i:" + LEVEL + rb"): )"
    # app.INFO: message, app/INFO: message
    rb"|(?P<logger_channel>[\w-]{1,32})[./](?=(?:" + LEVEL + rb"): )"
    rb"|(?P<level_postgres>LOG)(?::  | +(?=\[))"
    # ,WARN,outbox,"message", ;outbox;"WARN";message
    rb'|[,;](?:"?(?P<logger_csv_first>[A-Za-z][\w.@/-]{0,63})"?[,;])?"?(?P<level_csv>(?i:' + LEVEL + rb'))"?[,;](?=\S)|'
)  # fmt: skip
_BEHIND_THE_LEVEL = (
    # WARN,outbox,731,"message", WARN<tab>outbox<tab>731<tab>message
    rb"(?<=[,;\t])(?P<thread_column_alone>\d{1,10})[,;\t](?=[A-Za-z\"\[])(?![A-Z]{3,7} [/\w])"
    rb'|(?<=[,;])"?(?P<logger_csv>[A-Za-z][\w.@/-]{0,63})"?[,;](?=["A-Za-z]|\d{1,10}[,;]["A-Za-z])(?![\w.-]{1,64}=)'
    # 731 --- [shop] [nio-8080-exec-1] c.a.import.Handler      : message
    rb"|\d{1,10} --- (?:\[[\w .-]{0,64}\] )?\[ *(?P<thread_spring>[^\]\n]{1,64})\] +(?P<logger_spring>\S{1,80}) *: "
    # [worker-3] c.a.import.Handler - message, shop.cart:add:42 - message
    rb"|(?:\[(?P<thread_log4j>[^\]\n]{1,64})\] +)?"
    rb"(?P<logger_log4j>[A-Za-z_][\w.$/@-]{0,127}(?:\[\d+\]|:\w{1,64}:\d+)?) +- "
    rb"|\[(?P<thread_only>[^\]\n]{1,64}|\S{1,160}?)\] +- "
    # shop.Cart[17]: message, shop::cart: message, Shop.Cart[0] message
    rb"|(?:\[(?P<thread_dotted>[^\]\n]{1,64})\] +)?(?P<logger_dotted>" + _DOTTED + rb"+)(?:\[\d+\]:?|:) "
    # [main] org.apache.catalina.startup.Catalina.start message, [inputs.cpu] message
    rb"|\[(?P<thread_java>[^\]\n]{1,64})\] +(?P<logger_java>" + _DOTTED + rb"{3,}) "
    rb"|\[(?P<logger_boxed>" + _DOTTED + rb"+) *\] ?"
    rb"|\[(?P<logger_placed>[\w.-]{1,64})\] ?(?=\[" + _PLACE + rb"\])"
    # (shop/731 on node4): message, shop/731 on node4: message
    rb"|\((?:(?P<logger_pino>[\w.-]{1,64})/)?\d{1,10}(?: on [\w.-]{1,64})?\): "
    rb"|(?P<logger_bunyan>[\w.-]{1,64})/\d{1,10} on [\w.-]{1,64}: "
    # INFO|Shop.Cart|message, INFO | scheduler | message, INFO<tab>cart<tab>message, INFO:shop.cart:message
    rb"|(?:(?<=\|)|(?<=\| ))(?P<logger_column>[A-Za-z][\w.:$-]{0,63}) *\| ?(?:(?P<thread_column>[\w.-]{0,31}\d) *\| ?)?"
    rb"|(?<=\t)(?P<logger_tabbed>[A-Za-z][\w.@/-]{0,63})\t(?=[^\s{])(?![\w.-]{1,64}[:=])"
    rb"|(?<=[A-Z]:)(?P<logger_python>[A-Za-z_][\w.]{0,63}):(?=\S)"
    rb"|(?P<thread_lambda>" + _UUID + rb")\t"
    rb"|(?P<thread_rust>ThreadId\(\d+\)) +|\{(?P<number_frame>[0-9a-f]{16,32})\} "
    rb"|<\d+\.\d+\.\d+>(?:@(?P<logger_erlang>\w+:\w+):\d+)? "
    # node4 shop 731 main.go:42 message
    rb"|(?P<thread_subchen>[\w.-]{1,64} [\w.-]{1,64} \d{1,10}) (?=" + _PLACE + rb" )"
    # [gossip] start -> message
    rb"|\[(?P<logger_fabric>[\w.-]{1,64})\] [\w.()*-]{1,64} -> |"
)  # fmt: skip
_TIMED = _BEFORE_THE_LEVEL + _BEHIND_THE_TIME
_BOXED_MESSAGE = re.compile(
    rb'\[("[^"\\\n]*+(?>(?:\\.[^"\\\n]*+)*)"|[^\]\[="\n:]{1,400})\](?= \[[\w.-]{1,64}=|\Z)(?=(?: \[[^\n]*\])?\Z)'
)
"""`["new connection"] [conn=17] [user=root]`, as TiDB writes it behind a preface."""
_MESSAGE_COLUMN = re.compile(
    rb'(?<=[,;])("[^"\\\n]*+(?>(?:(?:\\.|"")[^"\\\n]*+)*)"(?=[,;]|\Z)|[^",;=\n]{1,400}+(?=[,;]"?[\w.-]{1,64}=|[,;]"|\Z))'
)
"""`"order changed","order=54 state=paid"` and `order changed,order=54`, behind the columns of a preface."""
_LEVEL_INSIDE = re.compile(rb"(?<![\w.])(?:" + LEVEL + rb")(?![\w.])")
_FIELDS = frozenset({"logger", "thread", "number"})
_TIMES = frozenset({"stamp", "stamp_box", "stamp_column"})
_LETTERS = {"N": "info", "C": "fatal", "T": "trace", "V": "trace", "D": "debug", "A": "info"}


class Field(NamedTuple):
    """What one piece says: `logger`, `thread` or `number`, and where its value begins and ends."""

    name: str
    begin: int
    end: int


class Preface(NamedTuple):
    """What stands before a message, which begins at `end`. `klog`: its message may be quoted, with pairs behind it."""

    end: int
    level: str | None = None
    caller: str | None = None
    fields: tuple[Field, ...] = ()
    klog: bool = False


@cache
def _pieces(some: bytes) -> Callable[[bytes, int], re.Match[bytes] | None]:
    """Matches a piece that stands anywhere or is one of these; made when needed, as that takes 15 ms."""
    return re.compile(some + _ANYWHERE).match


def preface_of(line: bytes, *, timed: bool = False) -> Preface:
    """Read what stands before the message of a line; `timed` says that a time stood before this line already."""
    begin, level, caller, klog, named = 0, None, None, False, False
    fields: list[Field] = []
    for _ in range(MOST_PIECES):
        found = _pieces(_BEHIND_THE_LEVEL if level is not None else _TIMED if timed else _BEFORE_THE_LEVEL)(line, begin)
        if found is None or found.end() == begin:
            break  # at the end of the line, too
        begun, begin = begin, found.end()
        if found.lastindex is None:
            continue  # what stands between two others
        said = {name: value for name, value in found.groupdict().items() if value}
        loud = next((name for name in said if name.startswith("level")), None)
        names = any(name.startswith("logger") for name in said)
        if (loud is not None and level is not None) or (names and named):
            begin = begun  # what looks like a second one is what the message begins with
            break
        level = level or _level(loud, said)
        klog |= loud == "level_klog"
        caller = caller or said.get("caller") or said.get("caller_klog") or said.get("caller_hclog")
        fields += _fields(found, said)
        named = named or names or "thread_only" in said
        timed = timed or not _TIMES.isdisjoint(said)
    fields.sort(key=lambda field: field.begin)
    return Preface(begin, level, caller.decode("utf-8", "replace") if caller is not None else None, tuple(fields), klog)


def message_between(line: bytes, begin: int) -> tuple[int, int] | None:
    """Where the message stands, with its quotes, if it has brackets or a column of its own behind the preface."""
    found = _BOXED_MESSAGE.match(line, begin) or _MESSAGE_COLUMN.match(line, begin) if begin else None
    return found.span(1) if found else None


def _fields(found: re.Match[bytes], said: dict[str, bytes]) -> Iterator[Field]:
    for name, value in said.items():
        role, size = name.partition("_")[0], len(value.rstrip())
        if role in _FIELDS and size:
            yield Field(role, found.start(name), found.start(name) + size)


def _level(name: str | None, said: dict[str, bytes]) -> str | None:
    """The level that a piece tells by a word, a letter or a number."""
    if name is None:
        inside = _LEVEL_INSIDE.search(said.get("inside_box", b""))
        return normal_level(inside[0].decode()) if inside else None
    written = said[name].decode()
    if name == "level_priority":
        return SYSLOG_LEVELS[int(written)]
    if name == "level_ceph":
        return {"-1": "error", "0": "info", "1": "info"}.get(written, "debug")
    if len(written) == 1:
        return _LETTERS.get(written) or normal_level(written.lower())
    return "info" if written == "LOG" else normal_level(written.rstrip("0123456789"))
