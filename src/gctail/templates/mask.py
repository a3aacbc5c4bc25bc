"""What varies in a message: the slots that stand in it.

A slot is a number, an amount with a unit, an identifier (hex, UUID, a word with digits), an address, a file's path, a
time, a quoted text, or the value of a `key=value` or `"key": value` pair.
"""

from __future__ import annotations

import re

from gctail.parsing.prefaces import STAMP

# These patterns read every line. `(?:X|)` takes what `(?:X)?` takes, but where there is no X the engine sets up no
# repetition for it, which costs a quarter of all the time.
_QUOTED = rb'"[^"\\\n]*+(?:"|(?>(?:\\.[^"\\\n]*+)+)")'
_BRACES = rb"\{[^{}\n]*+(?>(?:\{[^{}\n]*+\}[^{}\n]*+)*)\}"  # as in: Session{User:uid_7 Limits:{Max:3}}
_SPACES = rb" \t\n\r\f\v"  # within a set `\s` is looked for apart from all else, which takes a fifth longer
WORD = rb"[^" + _SPACES + rb',;&"()\[\]{}]*+'
_BARE = rb"&?" + WORD + rb"(?>" + _BRACES + rb"|\[[^\[\]\s]*+\]|\([^()\s]*+\)|)"
_STRUCT = rb"(?!\{\w{1,64}: )&?[\w.]{0,64}+\{(?=[A-Za-z_]\w*:)" + _BRACES[2:]  # {entries: 7, lookups: 9} are fields
_VERB = rb"(?:GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS|CONNECT|TRACE)"  # of an access log: part of the message
_MEMBER = rb"[^,:{}\s\"]+"
_NUMBERED = rb"(?=[^\d\s]*+\d)[\w#@~.:/-]++"
_LIST = _NUMBERED + rb"(?>(?:[ ,]++" + _NUMBERED + rb"){5,})"
_IP = (
    rb"(?:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{1,5}|)"
    rb"|[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){5,7})"
)
_PATH = rb"/(?:var|home|tmp|usr|mnt|etc|opt|root|proc|sys|srv|run|dev|Users|Library)/[^\s,;:()\[\]\"'=]*+"
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_NAMED_DAY = rb"(?:" + _DAY + rb",? )?(?:" + _MONTH + rb" +\d{1,2}|\d{1,2} " + _MONTH + rb") "
_NAMED_TIME = (
    rb"\d{1,2}/" + _MONTH + rb"/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4}|)"
    rb"|(?:" + _DAY + rb",? )?(?:" + _MONTH + rb" +\d{1,2}|\d{1,2} " + _MONTH + rb" \d{4})"
    rb" \d\d:\d\d:\d\d(?: [A-Z]{3,4})?(?: \d{4})?(?!\w)"
)
_DURATION = rb"-?(?:\d+(?:\.\d+)?(?:ns|us|\xc2\xb5s|\xce\xbcs|ms|s|m|h))+"
_SIZE = rb"\d+(?:\.\d+)? ?(?:[KMGTP]i?B|[kmgt]b|[KMGT]i|B)"
TOKEN = re.compile(
    rb"(?<!\w)(?:"
    # a member, as in: accepted {hits: 17, q: two}
    rb"(?:(?<=\{)|(?<=, ))(?P<member_name>[A-Za-z_]\w{0,63}): (?P<member>" + _MEMBER + rb")"
    rb"(?=(?:, \w{1,64}: " + _MEMBER + rb"){0,32}\})"
    # words without anything in them, many at a time: most of a message is passed over here
    rb"|(?P<plain>HTTP/\d(?:\.\d)?(?!\w)|(?<![.=/#@~-])(?>(?:(?!"
    + _NAMED_DAY
    + rb")[A-Za-z]++[',.:;!?)\]]*+(?:[ \t]++|\Z))+))"
    rb'|(?=")(?:"(?P<key>[\w.@/-]{1,64}+)":\s*+(?P<json>' + _QUOTED + rb"|-?\d[\d.eE+-]*+|true|false|null)"
    rb'|(?<!")(?P<quoted>(?!"' + _VERB + rb" /)" + _QUOTED + rb"))"
    # in brackets or columns, as in: [hits:17] [q:two] searched
    rb"|(?<=\[)(?P<boxed_name>[A-Za-z_]\w{0,63}):(?P<boxed>[^\]\s]+)(?=\])"
    rb"|(?<=\t)(?P<column_name>[A-Za-z_]\w{0,63}):(?! )(?P<column>[^\t\n]+)(?=\t|\Z)"
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
NAMES = ("name", "key", "boxed_name", "column_name", "member_name")
"""The groups of `TOKEN` that hold the name of a field; every value of such a field is a slot."""
PAIRS = frozenset({"value", "json", "boxed", "column", "member"})
KLOG_MESSAGE = re.compile(_QUOTED + rb"(?= [^\s=\"]{1,128}+=|\Z)")
BETWEEN = re.compile(rb"[\s{},]*+")  # what stands between fields, in pairs and in JSON
DIGITS = re.compile(rb"(?<!HTTP/)(?<!HTTP/\d\.)\d+")
SPACE = re.compile(rb"(\s+)")
CAPTURES = {
    "value": rb"(" + _QUOTED + rb"|" + _BARE + rb")",
    "json": rb"(" + _QUOTED + rb"|-?\d[\d.eE+-]*+|true|false|null)",
    "boxed": rb"([^\]\s]+)",
    "column": rb"([^\t\n]+)",
    "member": rb"(" + _MEMBER + rb")",
    "quoted": rb"(" + _QUOTED + rb")",
    "time": rb"(" + _NAMED_TIME + rb"|[\d:.,TZ/+-]+(?: \d\d:\d\d:\d\d[\d.,Z+:-]*)?|[A-Z\d][\w:, ]+\d)",
    "host": rb"([\w.-]+:\d{1,5})",
    "uuid": rb"([0-9a-fA-F-]{36})",
    "list": rb"(" + _LIST + rb")",
    "ip": rb"(" + _IP + rb")",
    "struct": rb"(" + _STRUCT + rb")",
    "path": rb"(" + _PATH + rb")",
    "hex": rb"((?:0x)?[0-9a-fA-F]++)",
    "duration": rb"(-?[\d.]+(?:ns|us|\xc2\xb5s|\xce\xbcs|ms|s|m|h)(?>(?:[\d.a-z]++|\xc2\xb5|\xce\xbc)*))",
    "size": rb"(\d+(?:\.\d+|) ?[A-Za-z]{1,3})",
    "percent": rb"(-?\d+(?:\.\d+|)%)",
    "number": rb"(-?\d+(?:\.\d+|)(?:[eE][+-]?\d+|))(?![\w])",
    "id": rb"((?=[A-Za-z_#@~-]{0,64}+\d)[\w#@~-]++|v?\d+(?:\.\d+){2,}[\w.-]*)",
    "word": rb"(\S+)",
    "preface": rb"([^\n]{1,200}?)",
}
_VALUE_KINDS = (
    ("uuid", re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("ip", re.compile(_IP)),
    ("host", re.compile(rb"(?:[A-Za-z][\w-]*\.)+[A-Za-z][\w-]*:\d{1,5}")),
    ("number", re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")),
    ("duration", re.compile(_DURATION)),
    ("size", re.compile(_SIZE)),
    ("percent", re.compile(rb"-?\d+(?:\.\d+)?%")),
    ("time", re.compile(STAMP)),
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
