"""What is fixed and what varies in a line of text: the heads that loggers write, and the slots that stand in a message.

A slot is a number, an amount with a unit, an identifier (hex, UUID, a word with digits), an address, a file's path, a
time, a quoted text, or the value of a `key=value` or `"key": value` pair.
"""

from __future__ import annotations

import re

_QUOTED = rb'"[^"\\\n]*+(?>(?:\\.[^"\\\n]*+)*)"'
_BRACES = rb"\{[^{}\n]*+(?>(?:\{[^{}\n]*+\}[^{}\n]*+)*)\}"  # as in: Session{User:uid_7 Limits:{Max:3}}
_BARE = rb'&?[^\s,;&"()\[\]{}]*+(?>' + _BRACES + rb"|\[[^\[\]\s]*+\]|\([^()\s]*+\)|)"
_STRUCT = rb"(?!\{\w{1,64}: )&?[\w.]{0,64}+\{(?=[A-Za-z_]\w*:)" + _BRACES[2:]  # {entries: 7, lookups: 9} are fields
_VERB = rb"(?:GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS|CONNECT|TRACE)"  # of an access log: part of the message
_NUMBERED = rb"(?=[^\d\s]*+\d)[\w#@~.:/-]++"
_LIST = _NUMBERED + rb"(?>(?:[ ,]++" + _NUMBERED + rb"){5,})"
_IP = rb"(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?|[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){5,7})"
_PATH = rb"/(?:var|home|tmp|usr|mnt|etc|opt|root|proc|sys|srv|run|dev|Users|Library)/[^\s,;:()\[\]\"'=]*+"
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_NAMED_DAY = rb"(?:" + _DAY + rb",? )?(?:" + _MONTH + rb" +\d{1,2}|\d{1,2} " + _MONTH + rb") "
_NAMED_TIME = (
    rb"(?:" + _DAY + rb",? )?(?:" + _MONTH + rb" +\d{1,2}|\d{1,2} " + _MONTH + rb" \d{4})"
    rb" \d\d:\d\d:\d\d(?: [A-Z]{3,4})?(?: \d{4})?(?!\w)"
    rb"|\d{1,2}/" + _MONTH + rb"/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?"
)
_DURATION = rb"-?(?:\d+(?:\.\d+)?(?:ns|us|\xc2\xb5s|\xce\xbcs|ms|s|m|h))+"
_SIZE = rb"\d+(?:\.\d+)? ?(?:[KMGTP]i?B|[kmgt]b|[KMGT]i|B)"
_STAMP = (
    rb"(?:\d{4}[-/]\d\d[-/]\d\d(?:[T ]+\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?"
    rb"(?:Z| ?[+-]\d\d:?\d\d)?(?: (?:UTC|GMT|[A-Z]{2,3}T))?"
    rb"|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)?"
    rb"|\d{1,2}/[A-Z][a-z]{2}/\d{4}[: ]\d\d:\d\d:\d\d(?: [+-]\d{4})?"
    rb"|1\d{9}(?:\.\d{1,9}|\d{3})?|1\.\d{5,16}e\+?09"
    rb"|\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:[AP]M)?)"
)
_LEVEL = (
    rb"TRACE|DEBUG|INFO|NOTICE|WARNING|WARN|ERROR|ERR|FATAL|D?PANIC|CRITICAL|CRIT|ALERT|EMERG|DBG|INF|WRN|FTL|TRC|PNC"
)
_CALLER = rb"(?:[A-Za-z]:)?[^\s:\"=]{1,256}\.go:\d{1,9}"
HEAD = re.compile(
    # I1123 08:17:00.123456   12345 file.go:12] message
    rb"(?P<klog>[IWEFD])\d{4}(?:\d{4})? \d\d:\d\d:\d\d\.\d{1,9} +\d+ [^\s\]:]{1,256}:\d+\] ?"
    # INFO[0042] message, WARN[2026-11-23T03:12:00Z] message
    rb"|(?P<logrus>TRACE?|DEBUG?|DBUG|INFO|WARN(?:ING)?|ERROR?|EROR|CRIT|FATAL?|PANIC?) ?"
    rb"\[(?:\d{4,12}|\d\d-\d\d\|\d\d:\d\d:\d\d(?:\.\d{1,9})?|" + _STAMP + rb")\] ?"
    rb"|\[?(?P<stamp>" + _STAMP + rb")(?=[\s\]|:,]|\Z)\]?"
    rb"|\[(?:\d{1,12}|goroutine \d{1,18})\]|\d{1,12} (?=[^\s:]{1,256}\.go:\d{1,9} > )"
    rb"|(?P<caller>" + _CALLER + rb")(?::(?= )|\])?(?: >(?= ))?"
    rb"|[\[(<|] ?(?P<boxed>(?i:" + _LEVEL + rb")) ?[\])>|]:?"
    rb"|(?P<level>" + _LEVEL + rb")(?=[\s:|\[(-])[:|]?"
    rb"|(?P<small>(?i:" + _LEVEL + rb")):(?= )"
    rb"|(?P<tabbed>(?i:" + _LEVEL + rb"))\t"
    rb"|[-|\s]+"
    # myapp: 2026/11/23 08:17:00 message
    rb"|(?:\[[^\]\n]{1,32}\]|[A-Za-z][\w.-]{0,31}:?) ?(?=\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )"
    # INFO<tab>api.db<tab>cache/session.go:42<tab>message
    rb"|[\w.@/-]{1,64}\t(?=[^\s:]{1,256}\.go:\d{1,9}\t)"
    # 2026-11-23 08:17:00 [main] [WARN] message
    rb"|\[[\w.:/-]{1,64}\] ?(?=\[(?i:" + _LEVEL + rb")\])"
)
TOKEN = re.compile(
    rb"(?<!\w)(?:"
    # words without anything in them, many at a time: most of a message is passed over here
    rb"(?P<plain>HTTP/\d(?:\.\d)?(?!\w)|(?<![.=/#@~-])(?>(?:(?!"
    + _NAMED_DAY
    + rb")[A-Za-z]++[',.:;!?)\]]*+(?:[ \t]++|\Z))+))"
    rb'|(?=")(?:"(?P<key>[\w.@/-]{1,64}+)":\s*+(?P<json>' + _QUOTED + rb"|-?\d[\d.eE+-]*+|true|false|null)"
    rb'|(?<!")(?P<quoted>(?!"' + _VERB + rb" /)" + _QUOTED + rb"))"
    rb"|(?P<struct>" + _STRUCT + rb")"
    rb"|(?<!/)(?P<path>" + _PATH + rb")"
    rb"|(?=[\w#@~-])(?:"
    rb"(?<![.=/-])(?P<name>[A-Za-z_][\w./-]{0,63}+)=(?![=>~])(?P<value>" + _QUOTED + rb"|" + _BARE + rb")"
    rb"|(?P<time>" + _NAMED_TIME + rb"|(?<!\.)\d{4}[-/]\d\d[-/]\d\d"
    rb"(?:[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?(?!\w)"
    rb"|(?<![.:])\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?![\w:]))"
    rb"|(?P<uuid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z]))"
    rb"|(?P<list>(?<!\S)" + _LIST + rb"(?!\S))"
    rb"|(?<![.:])(?P<ip>" + _IP + rb"(?![\w.]))"
    rb"|(?P<hex>0x[0-9a-fA-F]+\b|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{6,}\b|(?=[A-F]*\d)(?=\d*[A-F])[0-9A-F]{6,}\b)"
    rb"|(?<!\.)(?=[-\d])(?:(?P<duration>" + _DURATION + rb"(?!\w))|(?P<size>" + _SIZE + rb"(?!\w))"
    rb"|(?P<percent>-?\d+(?:\.\d+)?%)"
    rb"|(?P<number>(?:(?<![.)\]-])-)?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w|\.\d)))"
    rb"|(?<![.-])(?P<host>(?:[A-Za-z][\w-]*\.)+(?!go:|java:|py:|c:|cc:|js:|ts:|rs:)[A-Za-z][\w-]*:\d{1,5}(?![\w:.]))"
    rb"|(?P<id>(?<!\.)v?\d+(?:\.\d+){2,}[\w.-]*|(?<![#@~])(?![A-Z]{3,8}+\d(?![\w-]))(?=[A-Za-z_#@~-]{0,64}+\d)[\w#@~-]++)"
    rb"))"
)
KLOG_MESSAGE = re.compile(_QUOTED + rb"(?= [^\s=\"]{1,128}+=|\Z)")
BETWEEN = re.compile(rb"[\s{},]*+")  # what stands between fields, in pairs and in JSON
DIGITS = re.compile(rb"(?<!HTTP/)(?<!HTTP/\d\.)\d+")
SPACE = re.compile(rb"(\s+)")
CAPTURES = {
    "value": rb"(" + _QUOTED + rb"|" + _BARE + rb")",
    "json": rb"(" + _QUOTED + rb"|-?\d[\d.eE+-]*+|true|false|null)",
    "quoted": rb"(" + _QUOTED + rb")",
    "time": rb"(" + _NAMED_TIME + rb"|[\d:.,TZ/+-]+(?: \d\d:\d\d:\d\d[\d.,Z+:-]*)?|[A-Z\d][\w:, ]+\d)",
    "host": rb"([\w.-]+:\d{1,5})",
    "uuid": rb"([0-9a-fA-F-]{36})",
    "list": rb"(" + _LIST + rb")",
    "ip": rb"(" + _IP + rb")",
    "struct": rb"(" + _STRUCT + rb")",
    "path": rb"(" + _PATH + rb")",
    "hex": rb"((?:0x)?[0-9a-fA-F]++)",
    "duration": rb"(-?[\d.]+(?:ns|us|\xc2\xb5s|\xce\xbcs|ms|s|m|h)(?>(?:[\d.a-z]|\xc2\xb5|\xce\xbc)*))",
    "size": rb"(\d+(?:\.\d+)? ?[A-Za-z]{1,3})",
    "percent": rb"(-?\d+(?:\.\d+)?%)",
    "number": rb"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w])",
    "id": rb"((?=[A-Za-z_#@~-]{0,64}+\d)[\w#@~-]++|v?\d+(?:\.\d+){2,}[\w.-]*)",
    "word": rb"(\S+)",
}
_VALUE_KINDS = (
    ("uuid", re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("ip", re.compile(_IP)),
    ("host", re.compile(rb"(?:[A-Za-z][\w-]*\.)+[A-Za-z][\w-]*:\d{1,5}")),
    ("number", re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")),
    ("duration", re.compile(_DURATION)),
    ("size", re.compile(_SIZE)),
    ("percent", re.compile(rb"-?\d+(?:\.\d+)?%")),
    ("time", re.compile(_STAMP)),
    ("hex", re.compile(rb"0x[0-9a-fA-F]+|(?=[a-fA-F]*\d)[0-9a-fA-F]{6,}")),
    ("struct", re.compile(_STRUCT)),
    ("id", re.compile(rb"(?=\D*\d)[^\s]+")),
)


def kind_of(value: bytes) -> str:
    """The kind of a value that stands alone; text in quotes is looked at without them."""
    if value[:1] == b'"':
        value = value[1:-1]
    for kind, pattern in _VALUE_KINDS:
        if pattern.fullmatch(value):
            return kind
    return "word"
