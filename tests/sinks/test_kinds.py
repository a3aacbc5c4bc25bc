"""What each kind of alert sink sends: to real receivers on loopback, also of text that means harm."""

import hmac
import json
import re
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import msgspec
import pytest

from alert_receiver import Receiver
from gctail.sinks.kinds import KINDS, letters_of, settings_of
from gctail.sinks.letters import Undelivered

NOW_S = 1764000002.0


def settings(kind, **keys):
    """Settings as the configuration would give them."""
    return msgspec.convert({"kind": kind, **keys}, settings_of(kind))


def free_port():
    """A port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def send(made, *notices):
    """Write the letters and send them."""
    for letter in letters_of(made)(made, notices, NOW_S):
        letter.send(made.timeout_s)


@pytest.fixture
def secret_url(receiver, tmp_path):
    """A file that holds the receiver's address."""
    path = tmp_path / "url"
    path.write_text(f"{receiver.url}/hook/s3cret\n")
    return str(path)


def test_slack_text_is_in_elements_that_know_no_markup(receiver, secret_url, hostile):
    """Nobody is mentioned by a log line; the fallback text is escaped."""
    send(settings("slack", url_file=secret_url), hostile)
    assert receiver.requests[0][0] == "/hook/s3cret"
    message = receiver.json()
    assert not re.search(r"[<>]", message["text"])
    types = set(re.findall(r'"type":"(\w+)"', receiver.requests[0][2].decode()))
    assert types == {"header", "plain_text", "section", "context", "rich_text", "rich_text_preformatted", "text"}
    assert "\\u001b" not in receiver.requests[0][2].decode()
    assert len(message["attachments"][0]["blocks"][0]["text"]["text"]) <= 150


def test_slack_tells_the_worst_ten_and_counts_the_others(receiver, secret_url, notice):
    """A flood is one message that can be read."""
    flood = [notice(number, severity="warning", service=f"s{number}") for number in range(30)]
    send(settings("slack", url_file=secret_url), *flood, notice(99))
    message = receiver.json()
    assert message["text"] == "CRITICAL checkout: leak (and 30 more)"
    assert len(message["attachments"]) == 11
    assert message["attachments"][-1]["blocks"][0]["text"]["text"] == "… and 21 more findings, less severe or later"


def test_teams_gets_a_card_whose_text_knows_no_markdown(receiver, secret_url, hostile):
    """Only RichTextBlocks hold text."""
    send(settings("teams", url_file=secret_url), hostile)
    message = receiver.json()
    card = message["attachments"][0]["content"]
    assert message["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert {part["type"] for part in card["body"]} == {"RichTextBlock"}
    assert {run["type"] for part in card["body"] for run in part["inlines"]} == {"TextRun"}


def test_a_card_for_teams_stays_below_its_limit(receiver, secret_url, notice):
    """28 KB, whatever the log wrote."""
    many = [notice(number, lines=("ü" * 5000,) * 50, service=f"s{number}") for number in range(20)]
    send(settings("teams", url_file=secret_url), *many)
    assert len(receiver.requests[0][2]) < 28_000


def test_pagerduty_triggers_and_resolves_the_same_incident(receiver, tmp_path, notice):
    """One key for all that is told of one trouble; the routing key is in the request and nowhere else."""
    (tmp_path / "key").write_text("R0UTING\n")
    made = settings("pagerduty", routing_key_file=str(tmp_path / "key"), url=receiver.url)
    send(made, notice(1, severity="warning"))
    send(made, notice(2, phase="resolved", severity="info"))
    trigger, resolve = receiver.json(0), receiver.json(1)
    assert (trigger["event_action"], resolve["event_action"]) == ("trigger", "resolve")
    assert trigger["dedup_key"] == resolve["dedup_key"]
    assert trigger["payload"]["severity"] == "warning"
    assert trigger["payload"]["timestamp"] == "2025-11-24T16:00:00.000Z"
    [letter] = letters_of(made)(made, [notice(1)], NOW_S)
    assert "R0UTING" not in letter.shown()


def test_an_event_of_several_tells_the_last_state_of_each_incident(receiver, tmp_path, notice):
    """What began and was over before it could be told is over."""
    (tmp_path / "key").write_text("k")
    made = settings("pagerduty", routing_key_file=str(tmp_path / "key"), url=receiver.url)
    send(made, notice(1), notice(2, service="other"), notice(3, phase="resolved", severity="info"))
    assert [receiver.json(number)["event_action"] for number in range(2)] == ["resolve", "trigger"]


def test_a_webhook_is_signed_over_time_and_body(receiver, tmp_path, notice):
    """Who has the secret can check who sent it, and when."""
    (tmp_path / "secret").write_text("open sesame")
    send(settings("webhook", url=f"{receiver.url}/in", secret_file=str(tmp_path / "secret")), notice(1))
    _, headers, body = receiver.requests[0]
    assert headers["Gctail-Timestamp"] == "1764000002"
    expected = hmac.digest(b"open sesame", b"1764000002." + body, "sha256").hex()
    assert headers["Gctail-Signature"] == f"v1={expected}"
    told = json.loads(body)["findings"][0]
    assert (told["id"], told["state"], told["evidence"]["probability"], told["type"]) == (
        "id1",
        "firing",
        0.97,
        "finding",
    )


def test_a_template_cannot_be_broken_by_a_log(receiver, tmp_path, hostile):
    """In JSON every text is escaped where it stands."""
    (tmp_path / "body.json").write_text('{"msg": "${title}: ${summary}", "lines": "${lines}", "all": ${findings}}')
    send(settings("webhook", url=receiver.url, template_file=str(tmp_path / "body.json")), hostile)
    told = receiver.json()
    assert set(told) == {"msg", "lines", "all"}
    assert told["msg"].startswith("CRITICAL x")
    assert len(told["lines"].splitlines()) == 3


def test_an_unknown_place_in_a_template_is_named(receiver, tmp_path, notice):
    """Before anything is sent."""
    (tmp_path / "body").write_text("${sumary}")
    with pytest.raises(Undelivered, match=r'there is no "sumary"; there are title, service,'):
        send(settings("webhook", url=receiver.url, template_file=str(tmp_path / "body")), notice(1))
    assert receiver.requests == []


def test_a_redirect_is_not_followed(receiver, notice):
    """A message goes where it was addressed, and its token nowhere else."""
    receiver.answers, receiver.headers = [307], {"Location": f"{receiver.url}/elsewhere"}
    with pytest.raises(Undelivered, match=r"status 307: ok \(redirects are not followed: give the address"):
        send(settings("webhook", url=f"{receiver.url}/in"), notice(1))
    assert [path for path, _, _ in receiver.requests] == ["/in"]


def test_what_is_no_web_server_is_said_to_be_none(notice):
    """Another protocol listens there: a wrong port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"-ERR unknown command\x07\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/in"
        with pytest.raises(Undelivered, match=r"/in: what it answers is no HTTP: -ERR unknown command\\x07$"):
            send(settings("webhook", url=url), notice(1))
        thread.join()


@pytest.mark.parametrize(
    ("status", "hopeless"), [(400, True), (401, False), (404, False), (422, True), (429, False), (503, False)]
)
def test_a_refusal_says_whether_it_is_worth_trying_again(receiver, notice, status, hopeless):
    """A wrong message will stay wrong; a wrong token may be replaced."""
    receiver.answers, receiver.headers = [status], {"Retry-After": "7"}
    with pytest.raises(Undelivered) as error:
        send(settings("webhook", url=receiver.url), notice(1))
    assert (error.value.hopeless, error.value.after_s) == (hopeless, 7.0)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://127.0.0.1/x", "write an address with http"),
        ("nonsense", "no address: write http"),
        ("http://127.0.0.1:1/", "Connection refused"),
        ("http://no.such.host.invalid/", "the name is not known"),
        ("http://[::1/", "no address"),
    ],
)
def test_an_address_that_cannot_be_reached_is_told_in_a_sentence(notice, url, says):
    """No traceback, and a try later."""
    with pytest.raises(Undelivered, match=re.escape(says)):
        send(settings("webhook", url=url), notice(1))


def test_grafana_gets_escaped_html(receiver, tmp_path, hostile):
    """An annotation is shown as HTML."""
    (tmp_path / "token").write_text("t0ken")
    send(settings("grafana", url=receiver.url, token_file=str(tmp_path / "token")), hostile)
    path, headers, _ = receiver.requests[0]
    assert (path, headers["Authorization"]) == ("/api/annotations", "Bearer t0ken")
    assert receiver.json()["time"] == 1764000000000
    assert "<script" not in receiver.json()["text"]
    assert "gctail" in receiver.json()["tags"]


def test_otlp_sends_log_records_and_metrics(receiver, notice):
    """Of every service its own resource; 64-bit numbers are texts in JSON."""
    send(settings("otlp", url=receiver.url), notice(1), notice(2, service="other", severity="warning"))
    assert [path for path, _, _ in receiver.requests] == ["/v1/logs", "/v1/metrics"]
    resources = receiver.json(0)["resourceLogs"]
    names = [each["resource"]["attributes"][0]["value"]["stringValue"] for each in resources]
    assert names == ["checkout", "other"]
    record = resources[0]["scopeLogs"][0]["logRecords"][0]
    assert (record["severityNumber"], record["timeUnixNano"], record["body"]["stringValue"]) == (
        17,
        "1764000000000000000",
        "it leaks",
    )
    metrics = {each["name"]: each for each in receiver.json(1)["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]}
    assert metrics["gctail.memory.limit"]["unit"] == "By"
    assert metrics["gctail.memory.limit"]["gauge"]["dataPoints"][0]["asDouble"] == 256 * 1048576


def test_a_mail_has_its_headers_whole_and_its_html_escaped(hostile):
    """Sent to a real mail server; the same findings have the same Message-ID."""
    controllers = pytest.importorskip("aiosmtpd.controller")
    got = []

    class Keeper:
        async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the library's name
            got.append(envelope)
            return "250 OK"

    port = free_port()
    controller = controllers.Controller(Keeper(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        made = settings(
            "mail", host="127.0.0.1", port=port, security="none", sender="gctail@example.com", to=["ops@example.com"]
        )
        send(made, hostile)
        send(made, hostile)
        with pytest.raises(Undelivered, match="STARTTLS extension not supported"):
            send(settings("mail", host="127.0.0.1", port=port, sender="a@example.com", to=["b@example.com"]), hostile)
    finally:
        controller.stop()
    from email import message_from_bytes, policy

    first, second = (message_from_bytes(each.content, policy=policy.default) for each in got)
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Bcc"] is None
    assert got[0].rcpt_tos == ["ops@example.com"]
    assert "\n" not in first["Subject"]
    assert "<script" not in first.get_body(("html",)).get_content()
    assert "probability: 97%" in first.get_body(("plain",)).get_content()


def test_syslog_over_udp_is_one_line_with_escaped_data(hostile):
    """RFC 5424; nothing in a log begins a message of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        send(
            settings("syslog", address=f"127.0.0.1:{server.getsockname()[1]}", transport="udp", facility="local3"),
            hostile,
        )
        message = server.recv(65536)
    head = rb"<154>1 2025-11-24T16:00:00\.000Z \S+ gctail \d+ leak \[gctail@32473 service=\""
    assert re.match(head, message)
    assert b"\n" not in message
    assert b"\r" not in message
    assert re.search(rb'\\"\\\]', message)
    assert len(message) <= 2048


def test_syslog_over_tcp_counts_its_octets(notice):
    """RFC 6587: the length, a blank, the message."""
    got = []

    class Keeper(socketserver.StreamRequestHandler):
        def handle(self):
            got.append(self.rfile.read())

    with socketserver.TCPServer(("127.0.0.1", 0), Keeper) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        send(settings("syslog", address=f"127.0.0.1:{server.server_address[1]}", transport="tcp"), notice(1), notice(2))
        thread.join(10)
    length, _, rest = got[0].partition(b" ")
    first, rest = rest[: int(length)], rest[int(length) :]
    assert first.endswith("\ufeffCRITICAL checkout: it leaks".encode())
    assert int(rest.partition(b" ")[0]) == len(rest.partition(b" ")[2])


def test_syslog_to_a_local_socket(notice, tmp_path):
    """As /dev/log is; one that is not there is told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        server.settimeout(10)
        send(settings("syslog", address=str(tmp_path / "log")), notice(1, phase="resolved", severity="info"))
        assert server.recv(65536).startswith(b"<29>1 ")
    with pytest.raises(Undelivered, match="No such file"):
        send(settings("syslog", address=str(tmp_path / "nothing")), notice(1))


def test_a_command_gets_json_and_no_shell(notice, tmp_path):
    """Its arguments are taken as they are."""
    out = tmp_path / "out"
    send(settings("command", command=["tee", str(out), str(tmp_path / "$(id) ; x")]), notice(1))
    assert json.loads(out.read_bytes())["findings"][0]["id"] == "id1"
    assert (tmp_path / "$(id) ; x").exists()


def test_a_command_that_fails_says_why(notice):
    """Its status, and the last line that it said."""
    with pytest.raises(Undelivered, match=r"sh: exit status 3: no luck$"):
        send(settings("command", command=["sh", "-c", "echo first >&2; echo no luck >&2; exit 3"]), notice(1))
    with pytest.raises(Undelivered, match=r"sh: exit status 4$"):
        send(settings("command", command=["sh", "-c", "exit 4"]), notice(1))
    with pytest.raises(Undelivered, match="cannot be started"):
        send(settings("command", command=["/no/such/program"]), notice(1))


def test_a_command_that_hangs_is_killed_with_what_it_started(notice, tmp_path):
    """After its time-out, the whole group."""
    script = f"sleep 60 & echo $! > {tmp_path}/pid; wait"
    with pytest.raises(Undelivered, match=r"not done in 0.5 s, killed"):
        send(settings("command", command=["sh", "-c", script], timeout_s=0.5), notice(1))
    pid = int((tmp_path / "pid").read_text())
    for _ in range(500):
        if _is_gone(pid):
            break
        time.sleep(0.01)
    assert _is_gone(pid)


def _is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_certificate_that_nobody_vouches_for_is_refused(notice, tmp_path):
    """TLS is verified; with ca_file the same server is trusted."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here to make a certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key", "-out", tmp_path / "cert",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                   check=True, capture_output=True)  # fmt: skip
    receiver = Receiver()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    url = receiver.url.replace("http:", "https:")
    try:
        with pytest.raises(Undelivered, match="self-signed certificate"):
            send(settings("webhook", url=url), notice(1))
        send(settings("webhook", url=url, ca_file=str(tmp_path / "cert")), notice(1))
    finally:
        receiver.close()
    assert len(receiver.requests) == 1


def test_a_secret_that_is_not_there_is_named(notice, monkeypatch):
    """The file or the variable, never a value."""
    monkeypatch.delenv("NO_HOOK", raising=False)
    with pytest.raises(Undelivered, match="url: the variable NO_HOOK is not set"):
        send(settings("slack", url_env="NO_HOOK"), notice(1))
    with pytest.raises(Undelivered, match="url: give url_file or url_env in the sink's table"):
        send(settings("slack"), notice(1))
    with pytest.raises(Undelivered, match=r"url: /no/file: No such file"):
        send(settings("slack", url_file="/no/file"), notice(1))


def test_a_secret_address_is_not_shown(secret_url, notice):
    """Neither in a dry run nor in a complaint."""
    made = settings("slack", url_file=secret_url)
    [letter] = letters_of(made)(made, [notice(1)], NOW_S)
    assert "s3cret" not in letter.shown()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_its_keys_are(kind):
    """For the commented example."""
    shape = settings_of(kind)
    assert shape.__struct_config__.tag == kind
    for each in msgspec.structs.fields(shape):
        assert any(isinstance(meta, msgspec.Meta) and meta.description for meta in each.type.__metadata__), each.name


@pytest.fixture
def alertmanager(tmp_path):
    """A real Alertmanager; yields its address."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("alertmanager is not installed (Debian: prometheus-alertmanager)")
    (tmp_path / "am.yml").write_text("route: {receiver: nobody, group_wait: 0s}\nreceivers: [{name: nobody}]\n")
    port = free_port()
    command = [program, f"--config.file={tmp_path}/am.yml", f"--storage.path={tmp_path}/data", "--cluster.listen-address=",
               f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
    with (tmp_path / "am.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as child:
        try:
            url = f"http://127.0.0.1:{port}"
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"{url}/-/ready", timeout=20).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield url
        finally:
            child.terminate()


def active(url):
    """The alerts that are firing, by name and severity."""
    with urllib.request.urlopen(f"{url}/api/v2/alerts?active=true", timeout=60) as answer:
        return sorted(
            (each["labels"]["alertname"], each["labels"]["service"], each["labels"]["severity"])
            for each in json.load(answer)
        )


def test_a_real_alertmanager_takes_the_beginning_the_worsening_and_the_end(alertmanager, notice, hostile):
    """Each service and kind is one alert, with the severity that it has now; in the end there is none."""
    made = settings("alertmanager", url=alertmanager)
    for each, there in (
        (notice(1, severity="warning"), [("GctailLeak", "checkout", "warning")]),
        (notice(2, phase="update"), [("GctailLeak", "checkout", "critical")]),
        (notice(3, phase="resolved", severity="info"), []),
    ):
        for letter in letters_of(made)(made, [each], time.time()):
            letter.send(10)
        until_s = time.monotonic() + 60
        while active(alertmanager) != there and time.monotonic() < until_s:
            time.sleep(0.05)
        assert active(alertmanager) == there
    for letter in letters_of(made)(made, [hostile], time.time()):
        letter.send(10)
    assert len(active(alertmanager)) == 1


def test_a_file_of_a_secret_is_read_again_each_time(receiver, tmp_path, notice):
    """A rotated token needs no reload."""
    token = tmp_path / "token"
    made = settings("webhook", url=receiver.url, token_file=str(token))
    for text in ("one", "two"):
        token.write_text(text)
        token.chmod(0o400)
        send(made, notice(1))
        token.chmod(0o600)
    assert [headers["Authorization"] for _, headers, _ in receiver.requests] == ["Bearer one", "Bearer two"]
