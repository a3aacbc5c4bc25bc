"""What loggers write before a message, by lines that they and their neighbours write."""

import pytest

from gctail.parsing.messages import read_message
from gctail.parsing.prefaces import preface_of
from gctail.templates.mine import Mine
from gctail.templates.sketch import HOLE, sketch

UUID = "0e1f2a3b-7c1d-4e5f-8a9b-0c1d2e3f4a5b"
LINES = {
    "log4j": "2026-11-28 04:41:15,421 INFO  [worker-3] c.a.cart.Handler - §",
    "logback": "04:41:15.421 [main] INFO  c.a.cart.Handler - §",
    "slf4j-simple": "[worker-3] INFO com.acme.Cart - §",
    "spring": "2026-11-28 04:41:15.421  INFO 1 --- [nio-8080-exec-1] c.a.cart.Handler           : §",
    "spring boot 3": "2026-11-28T04:41:15.421Z  INFO 1 --- [shop] [nio-8080-exec-1] c.a.cart.Handler : §",
    "tomcat": "28-Nov-2026 04:41:15.421 INFO [main] org.apache.catalina.startup.Catalina.start §",
    "elasticsearch": "[2026-11-28T04:41:15,421][INFO ][o.e.c.m.MetadataService] §",
    "zookeeper": "2026-11-28 04:41:15,421 [myid:1] - INFO  [Worker-1:Server@507] - §",
    "ruby": "I, [2026-11-28T04:33:04.223160 #22238]  INFO -- gateway: §",
    "go-logging": "2026-11-28 04:41:15.710 main ▶ INFO 038 §",
    "go-logging, fabric": "2026-11-28 04:41:15.710 UTC [gossip] start -> INFO 02a §",
    "python": "2026-11-28 04:41:15,421 - shop.cart - INFO - §",
    "python, basic": "INFO:shop.cart:§",
    "airflow": "[2026-11-28 04:41:15,421] {cart.py:42} INFO - §",
    "gunicorn": "[2026-11-28 04:41:15 +0000] [731] [INFO] §",
    "loguru": "2026-11-28 04:41:15.421 | INFO     | shop.cart:add:42 - §",
    "structlog": "2026-11-28 04:41:15 [info     ] §",
    "celery": "[2026-11-28 04:41:15,421: INFO/ForkPoolWorker-1] §",
    "tornado": "[I 2026-11-28 04:41:15.421 App] §",
    "glog": "I20261128 04:41:15.421000   731 cart.cc:42] §",
    "cockroach": "I261128 04:41:15.421000 731 1@server/node.go:42 ⋮ [T1,n1] 17  §",
    "monolog": "[2026-11-28T04:41:15.167000+00:00] app.INFO: §",
    "env_logger": "[2026-11-28T04:41:15Z INFO  shop::cart] §",
    "tracing": "2026-11-28T04:41:15.421Z  INFO ThreadId(01) shop::cart: src/cart.rs:42: §",
    "envoy": "[2026-11-28 04:41:15.421][17][info][upstream] [source/common/upstream/cds.cc:32] §",
    "postgres": "2026-11-28 04:41:15.421 UTC [731] shop@orders INFO:  §",
    "mongodb": "2026-11-28T04:41:15.421+0000 I NETWORK  [conn17] §",
    "serilog": "[04:41:15 INF] §",
    "serilog, file": "2026-11-28 04:41:15.421 +00:00 [INF] §",
    "dotnet": "2026-11-28 04:41:15.421 info: Shop.Cart[0] §",
    "nlog": "2026-11-28 04:41:15.4210|INFO|Shop.Cart|§",
    "pino-pretty": "[2026-11-28 04:41:15.421 +0000] INFO (cart/731 on node4): §",
    "bunyan": "[2026-11-28T04:41:15.421Z]  INFO: cart/731 on node4: §",
    "winston": "2026-11-28T04:41:15.421Z [cart] info: §",
    "capnslog": "2026-11-28 04:41:15.421000 I | §",
    "telegraf": "2026-11-28T04:41:15Z I! [inputs.cpu] §",
    "beego": "2026/11/28 04:41:15.421 [I] [cart.go:42]  §",
    "goframe": "2026-11-28 04:41:15.421 [INFO] {0e1f2a3b7c1d4e5f} §",
    "subchen/go-log": "2026-11-28T04:41:15.979+0000 INFO node4 shop 731 cart/main.go:42 §",
    "fortio": "04:41:15.421 r1 [INF] cart.go:42> §",
    "geth, boxed": "[INFO] [11-28|04:41:15.421] §",
    "tidb": '[2026/11/28 04:41:15.421 +00:00] [INFO] [session.go:42] ["§"]',
    "zap console": "2026-11-28T04:41:15.421Z\tINFO\tcart\t§",
    "lambda": f"2026-11-28T04:41:15.421Z\t{UUID}\tINFO\t§",
    "lambda, python": f"[INFO]\t2026-11-28T04:41:15.421Z\t{UUID}\t§",
    "spark": "17/06/09 20:10:40 INFO executor.CoarseGrainedExecutorBackend: §",
    "hadoop": "081109 203615 148 INFO dfs.DataNode$PacketResponder: §",
    "zookeeper, quorum": "2015-07-29 17:41:44,747 - INFO  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:Election@774] - §",
    "logcat": "03-17 16:13:38.811  1702  2395 I GoLog   : §",
    "rabbitmq": "2026-11-28 04:41:15.421 [info] <0.731.0> §",
    "systemd": "<6>shop: §",
    "seelog": "1795851833367222211 [Info] §",
    "gookit": "[2026/11/28T04:41:15.659] [lift] [INFO] [logs.go:240,func15] §",
    "columns": "20261128 04:41:15.274|I|audit|t-5|§",
    "std with a prefix": "2026/11/28 04:41:15 shop: info: §",
    "hclog": "2026-11-28T04:41:15.421Z [INFO]  cart.store: §",
    "hclog, with its place": "2026-11-28T04:41:15.421+0100 [INFO]  cart/main.go:42: cart: §",
    "nest": "[Nest] 731  - 11/28/2026, 4:41:15 AM     LOG [Cart] §",
    "ceph": "2026-11-28T04:41:15.421+0000 7f1234567890  0 §",
    "apache": "[Sat Nov 28 04:41:15.421731 2026] [mpm_event:notice] [pid 731:tid 140] §",
    "apache 2.2": "[Sat Nov 28 04:41:15 2026] [notice] §",
    "elixir": "04:41:15.421 [info] §",
    "log4j, since its start": "0 [main] INFO com.acme.Cart  - §",
    "go-logging, without a time": "main ▶ INFO 038 §",
    "kratos": "INFO ts=2026-11-28T04:41:15Z caller=service/user.go:45 msg=§",
    "pairs without quotes": "level=info msg=§",
    "go-zero": "2026-11-28T04:41:15.421+08:00\t info \t§",
    "commas, all in quotes": '"2026-11-28T04:41:15Z","INFO","outbox","§"',
    "commas": "1795864788041,INFO,outbox,§",
    "commas, in quotes": '2026-11-28T04:41:15.421Z,INFO,outbox,"§"',
    "commas, level last": "2026-11-28 04:41:15,outbox,INFO,§",
    "semicolons, with its process": '2026-11-28 04:41:15;INFO;outbox;731;"§"',
    "tabs, with its process": "2026-11-28T04:41:15.421Z\tINFO\toutbox\t731\t§",
    "tabs, process first": "2026-11-28T04:41:15.421Z\tINFO\t1\toutbox\t§",
    "nats": "[731] 2026/11/28 04:41:15.421000 [INF] §",
}
WORDS = "item added to a cart"


@pytest.mark.parametrize("form", LINES.values(), ids=LINES)
def test_a_line_is_named_by_the_words_of_its_message(form: str) -> None:
    """By the template that is made of it, and by what is told of it."""
    line = form.replace("§", WORDS).encode()
    taken, message = sketch(line), read_message(line)
    assert b" ".join(taken.shape).decode() == message.message == WORDS
    assert taken.level == message.level == "info"


@pytest.mark.parametrize("line", [
    "item added - twice", "cache: item added", "ran -> done", "[field:box1] stored", "D player gone", "5 - 3 items left",
    "2026-11-28 04:41:15 I am here", "2026-11-28 04:41:15 a.example: no such host", "2026-11-28 04:41:15 [7:x] - kept",
    "1795851833367222211 stored", "shop: warning: none left", "0 [main] lists - kept", "[a:error] seen", "queue > 7 items",
])  # fmt: skip
def test_words_of_a_message_are_no_preface(line: str) -> None:
    """What might be a logger's elsewhere: without a time or a level before it nobody knows."""
    words = line.removeprefix("2026-11-28 04:41:15 ")
    assert line.encode()[preface_of(line.encode()).end :].decode() == words


def test_a_logger_may_tell_no_level() -> None:
    """Of a thread and a logger behind it the words are no part, either."""
    line = b"2026-11-28 04:41:15,421 [main] c.a.cart.Handler - item added"
    assert line[preface_of(line).end :] == b"item added"


def test_what_stands_before_pairs_is_the_message_and_no_name() -> None:
    """hclog puts a colon behind both."""
    said = read_message(b"2026-11-28T04:41:15.421Z [INFO]  listening: addr=:8080")
    assert (said.message, said.fields) == ("listening", {"addr": ":8080"})


def test_a_message_that_begins_like_a_number_keeps_its_first_word() -> None:
    """`added` has only letters of hexadecimal numbers; behind op/go-logging's arrow a number may stand, or none."""
    line = "04:41:15.710 main ▶ INFO added an item".encode()
    assert line[preface_of(line).end :] == b"added an item"


def test_a_variable_of_the_message_is_counted_before_those_of_the_preface() -> None:
    """Its number is that of the `<*>` in the text, behind which the fields stand."""
    mine = Mine()
    for each in range(20):
        mine.read(
            b"2026-11-28 04:41:15,421 INFO [w] c.a.M%d - tile %d of layer %d drawn\n" % (each % 2, each, each % 3)
        )
    mine.tick(1.0, 4.0)
    (template,) = mine.courses().templates
    assert template.text == "tile <*> of layer <*> drawn logger=<*>"
    assert [slot.distinct for slot in template.slots] == [20, 3, 2]


def test_the_mark_of_a_terminal_is_no_word_of_the_message() -> None:
    """apex/log tells levels by the colour of it."""
    line = "   • item added".encode()
    assert line[preface_of(line).end :] == b"item added"


def test_a_line_of_nothing_but_times_costs_no_more_than_a_preface() -> None:
    """What stands in it is looked at so far."""
    assert preface_of(b"12:30 " * 10_000).end < 400


def test_a_logger_has_one_name() -> None:
    """What could be another is what the message begins with."""
    line = b"2026-11-28 04:41:15,421 INFO [main] c.a.Quorum - FOLLOWING - LEADER ELECTION TOOK - 49"
    assert line[preface_of(line).end :] == b"FOLLOWING - LEADER ELECTION TOOK - 49"


def test_threads_and_numbers_of_lines_are_no_keys() -> None:
    """They vary from line to line, and the template has them neither in its words nor among its slots."""
    mine = Mine()
    for each in range(256):
        line = f"2026-11-28 04:41:15.710 f{each % 7} ▶ INFO {each:03x} tile {each % 5} drawn\n"
        mine.read(line.encode())
    mine.tick(1.0, 4.0)
    (template,) = mine.courses().templates
    assert (template.message, template.total) == ("tile drawn", 256)
    assert [slot.distinct for slot in template.slots] == [5]


def test_the_name_of_a_logger_is_a_field() -> None:
    """Who speaks divides the lines of a template."""
    mine = Mine()
    for each in range(40):
        mine.read(
            b"2026-11-28 04:41:15,421 INFO [worker-%d] c.a.%b - tile drawn\n" % (each, (b"map", b"sea")[each % 2])
        )
    mine.tick(1.0, 4.0)
    (template,) = mine.courses().templates
    assert [(slot.name, [part.value for part in slot.parts]) for slot in template.slots] == [
        ("logger", ["c.a.map", "c.a.sea"])
    ]


@pytest.mark.parametrize(("line", "words", "names"), [
    ("2026-11-28 04:44:22.158 [INFO] [hits:8421] [ms:12] [q:ersz] search", "search", ["hits", "ms", "q"]),
    ("2026-11-28T04:41:15.783Z\tdebug\tforms\tfield validated\tfield:name\tms:12", "field validated", ["field", "ms"]),
    ("[2026-11-28 04:44:42.167] sms/INFO: accepted {id: b8ae, carrier: tim}", "accepted", ["id", "carrier"]),
    ('[2026/11/28 04:41:15.421 +00:00] [INFO] [a.go:42] ["new connection"] [conn=17]', "new connection", ["conn"]),
    ('1795864788041,WARN,outbox,"order changed","order=54 state=paid","n=5"', "order changed", ["order", "state", "n"]),
    ("2026-11-28 04:41:15,info,order changed,order=54,state=paid", "order changed", ["order", "state"]),
    ("2026-11-28T04:41:15.421Z,INFO,order 54 changed", "order * changed", [""]),
    ("2026-11-28T04:41:15.421Z\tINFO\tcart\tadded\tuid=88 bytes=4617", "added", ["uid", "bytes"]),
])  # fmt: skip
def test_fields_in_brackets_and_columns_are_no_words(line: str, words: str, names: list[str]) -> None:
    """Whatever their values are."""
    taken = sketch(line.encode())
    slots = [part.slot.name for part in taken.parts if part.slot and part.slot.name != "logger"]
    assert (b" ".join(taken.shape).replace(HOLE, b"*").decode(), slots) == (words, names)
