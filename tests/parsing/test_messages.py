"""What Go's loggers write, read back: level, time, message, fields and caller."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.parsing.messages import Message, read_message, time_of

MOMENT = datetime(2026, 11, 23, 8, 17, tzinfo=UTC).timestamp()


def message(form: str, level: str | None, text: str, fields: dict[str, Any], **more: Any) -> Message:
    """Expect a message of MOMENT, unless `time_s` says otherwise."""
    return Message(level, more.get("time_s", MOMENT), text, fields, form, more.get("caller"))


# One block per format: the lines that its logger writes, and what they say.
SAMPLES: list[tuple[str, Message]] = [
    # log/slog, TextHandler
    (
        'time=2026-11-23T08:17:00.000Z level=INFO msg="cache grew" key=uid_1 size=128432 took=3.2ms hit=true',
        message("slog-text", "info", "cache grew", {"key": "uid_1", "size": 128432, "took": "3.2ms", "hit": True}),
    ),
    (
        'time=2026-11-23T09:17:00.000+01:00 level=DEBUG-4 source=/src/ca.go:42 msg=put req.id=7 req.user="a \\"b\\""',
        message("slog-text", "trace", "put", {"req.id": 7, "req.user": 'a "b"'}, caller="/src/ca.go:42"),
    ),
    (
        "level=ERROR+4 msg=failed err=<nil> ratio=0.25 big=1e+06",
        message("slog-text", "error", "failed", {"err": None, "ratio": 0.25, "big": 1e6}, time_s=None),
    ),
    # log/slog, JSONHandler
    (
        '{"time":"2026-11-23T08:17:00Z","level":"WARN","source":{"file":"/src/a.go","line":7},'  # noqa: ISC004
        '"msg":"cache grew","req":{"id":7,"path":{"raw":"/x"}},"list":[1,2]}',
        message(
            "slog-json",
            "warn",
            "cache grew",
            {"req.id": 7, "req.path.raw": "/x", "list": "[1,2]"},
            caller="/src/a.go:7",
        ),
    ),
    # zap, production
    (
        '{"level":"info","ts":1795421820.0,"logger":"api","caller":"cache/s.go:42","msg":"put","n":3,"f":1.5,"x":null}',
        message("zap-json", "info", "put", {"logger": "api", "n": 3, "f": 1.5, "x": None}, caller="cache/s.go:42"),
    ),
    (
        '{"level":"dpanic","ts":"2026-11-23T08:17:00.000Z","caller":"a.go:1","msg":"m","stacktrace":"main.f\\n\\ta.go:1"}',
        message("zap-json", "panic", "m", {"stacktrace": "main.f\n\ta.go:1"}, caller="a.go:1"),
    ),
    # k8s.io/component-base, JSON: no level
    (
        '{"ts":1795421820000.0,"caller":"app/server.go:12","msg":"started","v":0}',
        message("zap-json", "info", "started", {"v": 0}, caller="app/server.go:12"),
    ),
    # zap, development
    (
        '2026-11-23T08:17:00.000Z\tWARN\tapi.db\tcache/session.go:42\tput it in\t{"key": "uid_1", "n": 3}',
        message(
            "zap-console",
            "warn",
            "put it in",
            {"key": "uid_1", "n": 3, "logger": "api.db"},
            caller="cache/session.go:42",
        ),
    ),
    ("1.79542182e+09\tinfo\tput it in", message("zap-console", "info", "put it in", {})),
    (
        "2026-11-23T08:17:00.000Z\t\x1b[34mINFO\x1b[0m\ta.go:7\tput",
        message("zap-console", "info", "put", {}, caller="a.go:7"),
    ),
    # zerolog
    (
        '{"level":"warn","key":"uid_1","n":3,"time":"2026-11-23T08:17:00Z","message":"put"}',
        message("zerolog", "warn", "put", {"key": "uid_1", "n": 3}),
    ),
    (
        '{"level":"error","error":"out of space","time":1795421820}',
        message("zerolog", "error", "out of space", {"error": "out of space"}),
    ),
    (
        "\x1b[90m8:17AM\x1b[0m \x1b[32mINF\x1b[0m \x1b[1mmain.go:12\x1b[0m\x1b[36m >\x1b[0m put it \x1b[36mn=\x1b[0m3",
        message("zerolog", "info", "put it", {"n": 3}, time_s=None, caller="main.go:12"),
    ),
    (
        '2026-11-23T08:17:00Z ERR put failed error="no space" key=uid_1',
        message("zerolog", "error", "put failed", {"error": "no space", "key": "uid_1"}),
    ),
    # logrus
    (
        '{"level":"warning","msg":"put","n":3,"time":"2026-11-23T08:17:00Z"}',
        message("logrus-json", "warn", "put", {"n": 3}),
    ),
    (
        'time="2026-11-23T08:17:00Z" level=warning msg="put it" file="/src/a.go:7" func=main.put n=3 id=007',
        message("logrus-text", "warn", "put it", {"func": "main.put", "n": 3, "id": "007"}, caller="/src/a.go:7"),
    ),
    (
        "\x1b[33mWARN\x1b[0m[0042] put it in the cache                \x1b[33mkey\x1b[0m=uid_1 \x1b[33mn\x1b[0m=3",
        message("logrus-text", "warn", "put it in the cache", {"key": "uid_1", "n": 3}, time_s=None),
    ),
    ("INFO[2026-11-23T08:17:00Z] put it   n=3", message("logrus-text", "info", "put it", {"n": 3})),
    (
        "ERRO[0001]/src/a.go:7 main.put() no a=b in it",
        message("logrus-text", "error", "no a=b in it", {"a": "b"}, time_s=None, caller="/src/a.go:7"),
    ),
    # go-kit, and other logfmt
    (
        'ts=2026-11-23T08:17:00Z caller=main.go:12 level=info component=tsdb msg="WAL done" n=3',
        message("logfmt", "info", "WAL done", {"component": "tsdb", "n": 3}, caller="main.go:12"),
    ),
    (
        'level=warn ts=2026-11-23T08:17:00Z err="größe ≥ 3\\n\\u00e9"',
        message("logfmt", "warn", "größe ≥ 3\né", {"err": "größe ≥ 3\né"}),
    ),
    ("a=1 b=two", message("logfmt", None, "", {"a": 1, "b": "two"}, time_s=None)),
    # log15 and geth
    ('t=2026-11-23T08:17:00+0000 lvl=eror msg="hi there" a=1', message("log15", "error", "hi there", {"a": 1})),
    (
        "INFO [11-23|08:17:00.123] Imported new chain segment               blocks=1 elapsed=3.4ms",
        message("log15", "info", "Imported new chain segment", {"blocks": 1, "elapsed": "3.4ms"}, time_s=None),
    ),
    # klog and glog
    (
        'I1123 08:17:00.123456   12345 file.go:12] "Pod \\"x\\" updated" pod="kube-system/dns" n=3',
        message(
            "klog",
            "info",
            'Pod "x" updated',
            {"thread": 12345, "pod": "kube-system/dns", "n": 3},
            time_s=None,
            caller="file.go:12",
        ),
    ),
    (
        "E1123 08:17:00.123456       1 file.go:12] cannot put key=uid_1: full",
        message(
            "klog",
            "error",
            "cannot put key=uid_1: full",
            {"thread": 1, "key": "uid_1"},
            time_s=None,
            caller="file.go:12",
        ),
    ),
    (
        "W20261123 08:17:00.000000 12345 file.cc:12] low on space",
        message("glog", "warn", "low on space", {"thread": 12345}, caller="file.cc:12"),
    ),
    # the standard library's log, and slog's default handler
    ("2026/11/23 08:17:00 cache size=3", message("std-log", None, "cache size=3", {"size": 3})),
    (
        "2026/11/23 08:17:00.000000 /src/main.go:12: [WARN] cache size=3",
        message("std-log", "warn", "cache size=3", {"size": 3}, caller="/src/main.go:12"),
    ),
    (
        "2026/11/23 08:17:00 C:/src/main.go:12: put",
        message("std-log", None, "put", {}, caller="C:/src/main.go:12"),
    ),
    ("INFO: 2026/11/23 08:17:00 put", message("std-log", "info", "put", {})),
    ("[api v2] 2026/11/23 08:17:00 put", message("std-log", None, "put", {"prefix": "api v2"})),
    ("main.go:12: put", message("std-log", None, "put", {}, time_s=None, caller="main.go:12")),
    (
        '2026/11/23 08:17:00 INFO cache grew size=3 key="a b"',
        message("std-log", "info", "cache grew", {"size": 3, "key": "a b"}),
    ),
    ('2026/11/23 08:17:00 INFO size=3 msg="cache grew"', message("std-log", "info", "cache grew", {"size": 3})),
    ("2026/11/23 08:17:00 ERROR: put failed", message("std-log", "error", "put failed", {})),
    # hashicorp/go-hclog
    (
        '2026-11-23T08:17:00.000Z [WARN]  agent.server: put failed: error="no space" n=3',
        message("hclog", "warn", "put failed", {"error": "no space", "n": 3, "logger": "agent.server"}),
    ),
    (
        '{"@level":"warn","@message":"put failed","@module":"agent","@timestamp":"2026-11-23T08:17:00.000000Z","n":3}',
        message("hclog", "warn", "put failed", {"@module": "agent", "n": 3}),
    ),
    # gin
    (
        '[GIN] 2026/11/23 - 08:17:00 | 200 |     1.2345ms |       127.0.0.1 | GET      "/path?a=1"',
        message(
            "gin",
            None,
            "GET /path?a=1",
            {"status": 200, "latency": "1.2345ms", "client": "127.0.0.1", "method": "GET", "path": "/path?a=1"},
        ),
    ),
    # JSON of others: GELF, pino, Google Cloud
    (
        '{"version":"1.1","short_message":"put","level":4,"timestamp":1795421820.0}',
        message("json", "warn", "put", {"version": "1.1"}),
    ),
    # numbers: only GELF's are those of syslog; logr's and zap's count detail, and 0 is info
    ('{"level":0,"msg":"put","v":1}', message("logrus-json", "info", "put", {"v": 1}, time_s=None)),
    ('{"level":1,"msg":"put"}', message("json", None, "put", {"level": 1}, time_s=None)),
    ('{"level":-1,"ts":1795421820.0,"msg":"put"}', message("zap-json", "debug", "put", {})),
    ('{"short_message":"put","level":3', message("json", "error", "put", {}, time_s=None)),
    (
        '{"severity":"CRITICAL","message":"put","timestamp":"2026-11-23T08:17:00Z"}',
        message("json", "fatal", "put", {}),
    ),
    # OpenTelemetry's stdoutlog and OTLP, Serilog's compact form, an event without a message
    (
        '{"Timestamp":"2026-11-23T08:17:00Z","SeverityText":"WARN","Body":{"Type":"String","Value":"put"},"n":3}',
        message("json", "warn", "put", {"Body.Type": "String", "n": 3}),
    ),
    ('{"severityText":"Warn","body":{"stringValue":"put"}}', message("json", "warn", "put", {}, time_s=None)),
    (
        (
            '{"attributes":[{"key":"size","value":{"intValue":"7"}},{"key":"key","value":{"stringValue":"uid_1"}}],'
            '"body":{"stringValue":"put"},"severityText":"WARN","timeUnixNano":"1795421820000000000"}'
        ),
        message("json", "warn", "put", {"size": "7", "key": "uid_1"}),
    ),
    (
        (
            '{"Timestamp":"2026-11-23T08:17:00Z","SeverityText":"WARN","Body":{"Type":"String","Value":"put"},'
            '"Attributes":[{"Key":"n","Value":{"Type":"INT64","Value":3}}]}'
        ),
        message("json", "warn", "put", {"Body.Type": "String", "n": 3}),
    ),
    (
        '{"severity":"WARNING","message":"put","timestamp":{"seconds":1795421820,"nanos":0}}',
        message("json", "warn", "put", {}),
    ),
    ('{"when":"2026-11-23T08:17:00Z","level":"warn","msg":"put"}', message("logrus-json", "warn", "put", {})),
    (
        '{"date":"2026-12-24T18:00:00Z","time":"2026-11-23T08:17:00Z","level":"warn","msg":"put","list":[1,{"key":2}]}',
        message("logrus-json", "warn", "put", {"date": "2026-12-24T18:00:00Z", "list": '[1,{"key":2}]'}),
    ),
    (
        '{"@t":"2026-11-23T08:17:00Z","@l":"Warning","@mt":"put {n}","n":3}',
        message("json", "warn", "put {n}", {"n": 3}),
    ),
    ('{"level":"warn","event":"put"}', message("zerolog", "warn", "put", {}, time_s=None)),
    ('{"event":"deploy","msg":"put"}', message("json", None, "put", {"event": "deploy"}, time_s=None)),
    # plain text
    (
        "WARN [SessionCache] putIfAbsent(key=uid_887421, value=Session{...}) → size=128432",
        message(
            "plain",
            "warn",
            "[SessionCache] putIfAbsent(key=uid_887421, value=Session{...}) → size=128432",
            {"key": "uid_887421", "value": "Session{...}", "size": 128432},
            time_s=None,
        ),
    ),
    ("[INFO] put took=3.2ms.", message("plain", "info", "put took=3.2ms.", {"took": "3.2ms"}, time_s=None)),
    ("[2026-11-23 08:17:00] [error] put", message("plain", "error", "put", {})),
    ("2026-11-23 08:17:00,000 | INFO | put", message("plain", "info", "put", {})),
    ("2026-11-23T08:17:00Z DEBUG: put", message("plain", "debug", "put", {})),
    ("[2026-11-23 08:17:00] [main] [WARN] put", message("plain", "warn", "put", {"thread": "main"})),
    ("warning: put", message("plain", "warn", "put", {}, time_s=None)),
    ("informed users: 3", message("plain", None, "informed users: 3", {}, time_s=None)),
    ("x=1 is prose", message("plain", None, "x=1 is prose", {"x": 1}, time_s=None)),
    ("if a == b && c != d or e=>f", message("plain", None, "if a == b && c != d or e=>f", {}, time_s=None)),
    (
        "GET /x?user=7&page=2 200",
        message("plain", None, "GET /x?user=7&page=2 200", {"user": 7, "page": 2}, time_s=None),
    ),
    ("", message("plain", None, "", {}, time_s=None)),
]


@pytest.mark.parametrize(("line", "said"), SAMPLES, ids=[f"{said.format}-{line[:24]!a}" for line, said in SAMPLES])
def test_a_line_says_what_its_logger_meant(line: str, said: Message) -> None:
    """Every format by the lines that its logger writes; a carriage return at the end changes nothing."""
    assert read_message(line.encode()) == said
    assert read_message(line.encode() + b"\r\n") == said


def test_every_format_has_samples() -> None:
    """The formats that the docstring of Message promises."""
    promised = (
        "slog-text slog-json zap-json zap-console zerolog logrus-json logrus-text logfmt klog glog std-log hclog log15 "
        "gin json plain"
    )
    assert {said.format for _, said in SAMPLES} == set(promised.split())


def test_a_known_year_gives_klog_lines_their_time() -> None:
    """klog and log15 leave the year out."""
    assert read_message(b"I1123 08:17:00.000000   1 a.go:1] put", 2026).time_s == MOMENT
    assert read_message(b"INFO [11-23|08:17:00.000] put", 2026).time_s == MOMENT


def test_a_moment_of_the_same_log_completes_a_time_without_a_year() -> None:
    """On both sides of New Year, too; a stamp that tells its year needs none."""
    klog, new_year_s = "I{}{} 08:17:00.000000   1 a.go:1] put", MOMENT + 39 * 86400
    assert time_of(klog.format(11, 23)) is None
    assert time_of(klog.format(11, 23), MOMENT + 60) == MOMENT
    assert time_of(klog.format(11, 23), new_year_s) == MOMENT
    assert time_of(klog.format("01", "01"), MOMENT) == new_year_s
    assert time_of("2020-11-23T08:17:00Z put", MOMENT) == MOMENT - 2191 * 86400


def test_of_clef_a_line_without_a_level_is_an_information() -> None:
    """Serilog leaves out that one alone."""
    assert read_message(b'{"@t":"2026-11-23T08:17:00Z","@mt":"put {key}","key":"a"}').level == "info"
    assert read_message(b'{"@t":"2026-11-23T08:17:00Z","@mt":"put {key}","@l":"Warning"}').level == "warn"
    assert read_message(b'{"time":"2026-11-23T08:17:00Z","message":"put"}').level is None


@pytest.mark.parametrize(
    ("line", "text", "fields"),
    [
        (b"level=info msg=session kept for 5 users uid=571", "session kept for 5 users", {"uid": 571}),
        (b"INFO ts=2026-11-23T08:17:00Z msg=session kept uid=571", "session kept", {"uid": 571}),
        (b'level=info msg="session kept" in a hurry uid=571', "session kept", {"uid": 571}),
        (b"level=info msg= uid=571", "", {"uid": 571}),
        (b"level=info msg=kept uid=571", "kept", {"uid": 571}),
    ],
)
def test_a_message_that_nobody_quoted_goes_on_until_the_next_pair(
    line: bytes, text: str, fields: dict[str, int]
) -> None:
    """As kratos prints it."""
    message = read_message(line)
    assert (message.level, message.message, message.fields) == ("info", text, fields)


def test_columns_between_tabs_and_commas_are_read_as_what_they_are() -> None:
    """Process, name and pairs are fields, and the message has no quotes."""
    pairs = {"logger": "cart", "thread": "731", "id": 88}
    tabs = read_message(b"2026-11-23T08:17:00Z\tINFO\tcart\t731\titem added\tid=88")
    commas = read_message(b'2026-11-23T08:17:00Z,INFO,cart,731,"item added","id=88"')
    assert (tabs.message, tabs.fields) == (commas.message, commas.fields) == ("item added", pairs)


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        ('{"time":"2026-11-23T08:17:00Z","level":"INFO","msg":"cache gre', "info", "cache gre"),
        ('{"level":"info","msg":"put","n":', "info", "put"),
        ('{"level":"info","msg":"put","n":NaN}', "info", "put"),
        ('{"level":"info","msg":"a\\', "info", "a"),
        ('{"level":"info","msg":"put"} and more', "info", "put"),
        ('time=2026-11-23T08:17:00Z level=INFO msg="cache gre', "info", "cache gre"),
    ],
)
def test_a_torn_line_still_says_something(line: str, level: str, text: str) -> None:
    """A line cut by a crash, or JSON that is none, is read as far as it goes."""
    said = read_message(line.encode())
    assert (said.level, said.message) == (level, text)


@pytest.mark.parametrize(
    "line",
    [
        '{"level":{"a":1},"msg":["x"],"time":{"b":2},"caller":7}',
        '{"level":true,"msg":null,"ts":[1],"time":false}',
        '{"level":99,"message":7,"time":-1}',
        '{"":"","level":""}',
        "{}",
        "[]",
        "null",
        '{"a":' * 3000 + "1" + "}" * 3000,
        '{"a":' * 500 + "1" + "}" * 500,
        '{"n":123456789012345678901234567890,"f":1e999}',
    ],
)
def test_json_of_wrong_types_is_tolerated(line: str) -> None:
    """A field whose value cannot play its role is kept as a field, or left out; nothing raises."""
    said = read_message(line.encode())
    assert said.level is None
    assert said.time_s is None
    assert len(said.fields) <= 64


def test_a_field_that_cannot_play_its_role_is_kept() -> None:
    """`time=3ms` is a duration and `level=high` a temperature."""
    said = read_message(b"level=high msg=put time=3ms source=10.0.0.1:443")
    assert said.fields == {"level": "high", "time": "3ms", "source": "10.0.0.1:443"}


def test_invalid_utf8_is_replaced() -> None:
    """In JSON, in pairs and in text."""
    assert read_message(b'{"level":"info","msg":"caf\xe9","time":"2026-11-23T08:17:00Z"}').message == "caf\ufffd"
    assert read_message(b"level=info msg=caf\xe9").message == "caf\ufffd"
    assert read_message(b"caf\xe9").message == "caf\ufffd"


def test_fields_are_bounded() -> None:
    """64 fields, keys of 128 characters, values of 1024, whatever the format."""
    pairs = {f"key{number:03}" + "k" * 200: "v" * 5000 for number in range(100)}
    deep: dict[str, Any] = {"a": "x"}
    for _ in range(100):
        deep = {"a": deep, "b": "y" * 2000}
    lines = [
        json.dumps({"msg": "x", **pairs}),
        json.dumps({"msg": "x", "deep": deep}),
        "level=info " + " ".join(f"key{number:03}={'v' * 900}" for number in range(100)),
        "level=info msg=x one=" + "v" * 5000,
        "put " + " ".join(f"(key{number:03}={'v' * 2000})" for number in range(100)) + "!",
        json.dumps({"msg": "x", "list": ["é" * 5000]}, ensure_ascii=False),
    ]
    for line in lines:
        fields = read_message(line.encode()).fields
        assert 0 < len(fields) <= 64
        assert all(len(str(value)) <= 1024 for value in fields.values())
        assert all(len(key) <= 128 * 10 for key in fields)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(line: bytes) -> None:
    """Arbitrary bytes are at worst plain text."""
    assert isinstance(read_message(line, 2026), Message)


HEADS = sorted({line[: len(line) // part] for line, _ in SAMPLES for part in (1, 2, 3)})


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(HEADS), st.text(max_size=20), st.binary(max_size=20))
def test_no_torn_line_makes_it_raise(head: str, text: str, rest: bytes) -> None:
    """The samples, cut and glued to anything."""
    assert isinstance(read_message(head.encode() + text.encode(errors="replace") + rest), Message)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(["level", "msg", "ts", "time", "caller", "x", "v", "source"]), JSON_VALUES))
def test_no_json_makes_it_raise(found: dict[str, Any]) -> None:
    """Any value under any of the keys that matter."""
    said = read_message(json.dumps(found).encode())
    assert len(said.fields) <= 64


@settings(deadline=None, max_examples=200)
@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}x", fullmatch=True),
        st.integers(-(10**17), 10**17) | st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=30),
        max_size=8,
    )
)
def test_pairs_are_read_back_as_slog_writes_them(fields: dict[str, Any]) -> None:
    """Text is quoted as slog quotes it; numbers come back as numbers."""
    pairs = "".join(
        f" {key}={value if isinstance(value, int) else json.dumps(value, ensure_ascii=False)}"
        for key, value in fields.items()
    )
    said = read_message(f"time=2026-11-23T08:17:00Z level=INFO msg=put{pairs}".encode())
    assert said.fields == fields
    assert said.message == "put"
