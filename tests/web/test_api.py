"""What machines are told: JSON, events, metrics, health; who is let in; all of it from a real server."""

import base64
import json
import re
import shutil
import ssl
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_prometheus

from gctail.board import Board
from gctail.engine import Engine
from gctail.errors import UsageError
from gctail.parsing.scanner import Scanner
from gctail.runners.around import lines_around
from gctail.snapshot import ORDERS
from gctail.web.guard import Access
from gctail.web.metrics import MOST_SERVICES
from gctail.web.server import Address, Server, parse_address

SAMPLES = Path(__file__).parents[2] / "samples" / "logs"
WITH_TOKEN = Access("s3cret")
WITH_PASSWORD = Access("päss", "ann")
HOSTILE = 'evil"} 1\nfake_metric 1 <script>alert(1)</script> \x1b[31m'


def told(engine: Engine, board: Board, name: str, log: bytes) -> None:
    scanner = Scanner(str(SAMPLES / "unbounded-map-go1.27.log") if name == "leaky" else f"{name}.log", name)
    scanner.feed(log)
    scanner.flush()
    for seen in engine.all(scanner.take()):
        board.see(seen)


@pytest.fixture(scope="module")
def board() -> Board:
    engine = Engine(limit_mib=256)
    board = Board(engine)
    told(engine, board, "leaky", (SAMPLES / "unbounded-map-go1.27.log").read_bytes())
    told(engine, board, "idle", (SAMPLES / "idle-go1.27.log").read_bytes())
    told(engine, board, HOSTILE, (SAMPLES / "idle-go1.27.log").read_bytes())
    board.publish(time.time(), {"bytes": 123, "lines": 7, "lag_bytes": 0, "services_ended": 4, "notes": []})
    return board


@pytest.fixture(scope="module")
def serve(board):
    servers = []

    def start(access: Access = Access()) -> str:  # noqa: B008 - frozen
        server = Server(board, Address("127.0.0.1", 0), access, lines_around)
        server.start()
        servers.append(server)
        return server.address.url.rstrip("/")

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def client(serve):
    with httpx.Client(base_url=serve(), timeout=60) as client:
        yield client


def publishing(board: Board) -> None:
    board.publish(time.time(), board.snapshot.facts)


def test_the_table_has_the_most_urgent_service_first(client):
    """As somebody who was just woken wants it."""
    told = client.get("/api/v1/services").json()
    assert told["total"] == 3
    assert next(row["service"] for row in told["rows"]) == "leaky"
    assert told["rows"][0]["severity"] == "critical"
    assert told["rows"][1]["state"] == "well"


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_gives_every_service(client, order):
    """Whatever somebody sorts by."""
    rows = client.get("/api/v1/services", params={"order": order}).json()["rows"]
    assert sorted(row["service"] for row in rows) == sorted(["leaky", "idle", HOSTILE])


def test_a_part_of_the_table_can_be_asked_for(client):
    """Ten thousand services do not go over the line every second."""
    told = client.get("/api/v1/services", params={"order": "service", "offset": 1, "limit": 1}).json()
    assert (told["total"], [row["service"] for row in told["rows"]]) == (3, ["idle" if HOSTILE < "idle" else "leaky"])
    assert client.get("/api/v1/services", params={"search": "LEAK"}).json()["total"] == 1


@pytest.mark.parametrize("question", [{"order": "random"}, {"limit": "-1"}, {"offset": "many"}, {"limit": "9" * 40}])
def test_a_question_without_sense_gets_a_sentence(client, question):
    """Not a stack trace."""
    answer = client.get("/api/v1/services", params=question)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


def test_one_service_in_detail_has_its_course(client, board):
    """The columns are as long as each other, and nothing was lost on the way."""
    client.get("/api/v1/services/leaky")
    publishing(board)
    detail = client.get("/api/v1/services/leaky").json()["detail"]
    assert sum(detail["series"]["collections"]) == 131
    assert {len(column) for column in detail["series"].values()} == {131}
    assert detail["verdict"]["leak"] is True
    assert client.get("/api/v1/services/nobody").status_code == 404


def test_findings_are_those_of_the_json_contract(client):
    """The newest first."""
    found = client.get("/api/v1/findings", params={"service": "leaky"}).json()["findings"]
    assert found
    assert {"type", "id", "kind", "severity", "service", "time", "evidence", "suspects"} <= set(found[0])
    assert client.get("/api/v1/findings", params={"service": "idle"}).json() == {"findings": []}


def test_debug_bloat_is_what_a_health_check_understands(client):
    """503 for a service that bloats, 200 for one that is well."""
    leaky, idle = (client.get("/debug/bloat", params={"service": name}) for name in ("leaky", "idle"))
    assert (leaky.status_code, idle.status_code) == (503, 200)
    assert leaky.json()["growth_rate_mib_per_s"] > 0
    assert leaky.json()["heap_live_mib"] > 100
    assert idle.json()["status"] == "ok"
    assert next(each["service"] for each in client.get("/debug/bloat").json()["services"]) == "leaky"


@pytest.mark.parametrize(
    ("accept", "read"), [("text/plain", read_prometheus), ("application/openmetrics-text", read_openmetrics)]
)
def test_metrics_are_read_back_by_prometheus_own_parser(client, accept, read):
    """In both forms, with a hostile service's name in a label."""
    answer = client.get("/metrics", headers={"accept": accept})
    assert answer.headers["content-type"].startswith(accept)
    families = {family.name: family for family in read(answer.text)}
    live = {sample.labels["service"]: sample.value for sample in families["gctail_heap_live_bytes"].samples}
    assert set(live) == {"leaky", "idle", HOSTILE}
    assert live["leaky"] > 100 * 1024 * 1024
    assert "fake_metric" not in families
    counted = {sample.name: sample.value for sample in families["gctail_input_bytes"].samples}
    assert counted["gctail_input_bytes_total"] == 123
    assert [sample.value for sample in families["gctail_services_ended"].samples] == [4]
    assert all(name.startswith(("gctail_", "process_")) for name in families)


def test_metrics_have_a_bound():
    """A fleet's series are not multiplied by us without end."""
    engine = Engine()
    many = Board(engine)
    line = b"gc 1 @1.000s 1%: 0.1+1+0.2 ms clock, 0.2+0.1/0.5/0.1+0.4 ms cpu, 8->8->4 MB, 9 MB goal, 0 MB stacks, 0 MB globals, 2 P\n"
    for number in range(MOST_SERVICES + 5):
        told(engine, many, f"service-{number}", line)
    many.publish(1.0, {})
    from gctail.web.metrics import exposition

    text = exposition(lambda: many.snapshot, "")[0].decode()
    assert len(re.findall(r"^gctail_heap_live_bytes\{", text, re.MULTILINE)) == MOST_SERVICES
    assert "gctail_services_omitted 5.0" in text


def test_events_bring_what_changes(serve, board):
    """The table, the service that is looked at, the facts; then again when there is something new."""
    seen = {}
    with (
        httpx.Client(timeout=60) as client,
        client.stream("GET", f"{serve()}/api/v1/events", params={"service": "leaky"}) as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        kind = None
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                seen[kind] = json.loads(line.removeprefix("data: "))
                if kind == "facts" and seen["service"]["detail"]:
                    break
                if kind == "facts":
                    publishing(board)
    assert seen["services"]["rows"][0]["service"] == "leaky"
    assert seen["service"]["detail"]["epoch"] == 1
    assert seen["facts"]["bytes"] == 123


def test_health_is_a_word(client, board):
    """Ready only while the logs are being read."""
    publishing(board)
    assert (client.get("/healthz").text, client.get("/readyz").text) == ("ok\n", "ok\n")
    board.publish(time.time() - 3600, board.snapshot.facts)
    assert client.get("/readyz").status_code == 503
    publishing(board)


def test_every_answer_keeps_a_page_to_itself(client):
    """Also one about what is not there."""
    for path in ("/api/v1/services", "/metrics", "/nothing", "/healthz"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_another_sites_page_cannot_reach_us_under_its_own_name(client):
    """DNS rebinding: the address is ours, the name is not."""
    assert client.get("/api/v1/services", headers={"host": "evil.example:9464"}).status_code == 421
    assert client.get("/api/v1/services", headers={"host": "localhost:9464"}).status_code == 200


@pytest.mark.parametrize(
    ("access", "right", "wrong"),  # these passwords open nothing
    [
        (WITH_TOKEN, {"authorization": "Bearer s3cret"}, {"authorization": "Bearer s3cre"}),
        (
            WITH_TOKEN,
            {"authorization": "Basic " + base64.b64encode(b"any:s3cret").decode()},
            {"authorization": "Basic !!"},
        ),
        (
            WITH_PASSWORD,
            {"authorization": "Basic " + base64.b64encode("ann:päss".encode()).decode()},
            {"authorization": "Basic " + base64.b64encode("bob:päss".encode()).decode()},
        ),
    ],
)
def test_who_has_no_key_is_not_let_in(serve, access, right, wrong):
    """Probes are: they learn nothing but a word."""
    url = serve(access)
    assert httpx.get(f"{url}/api/v1/services", headers=right).status_code == 200
    for headers in (wrong, {}):
        answer = httpx.get(f"{url}/api/v1/services", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
    assert httpx.get(f"{url}/healthz").status_code == 200


def test_the_description_names_every_way_in(client):
    """OpenAPI, made of the types that are sent; every reference leads somewhere."""
    told = client.get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    assert set(told["paths"]) >= {"/api/v1/services", "/api/v1/services/{name}", "/api/v1/findings", "/metrics"}
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(told)))
    assert references <= set(told["components"]["schemas"])


def test_what_is_sent_is_as_the_description_says(client, board):
    """The description is valid OpenAPI 3.1; real answers to every question that it names have the shape that it gives."""
    validator = pytest.importorskip("openapi_spec_validator")
    schemas = pytest.importorskip("jsonschema")
    told = client.get("/api/v1/openapi.json").json()
    validator.validate(told)
    client.get("/api/v1/services/leaky")
    publishing(board)
    found = client.get("/api/v1/findings").json()["findings"][0]["id"]
    answered = set()
    for path, methods in told["paths"].items():
        answers = methods["get"]["responses"]["200"]["content"]
        if "application/json" not in answers or "schema" not in answers["application/json"]:
            continue
        for name in ("leaky", "nobody", "%2e%2e%2f"):
            answer = client.get(path.replace("{name}", name).replace("{id}", found))
            known = methods["get"]["responses"][str(answer.status_code)]["content"]["application/json"]["schema"]
            schemas.validate(answer.json(), {**known, "components": told["components"]})
        answered.add(path)
    assert len(answered) == 4


def test_questions_that_the_description_forbids_are_refused(client):
    """Rather than answered with something else than was meant."""
    for question in ({"reverse": "yes"}, {"least": "terrible"}, {"order": ""}):
        assert client.get("/api/v1/services", params=question).status_code == 400
    assert (
        client.get("/api/v1/services", params={"order": "live", "reverse": "1"}).json()["rows"][-1]["service"]
        == "leaky"
    )
    assert client.get("/api/v1/services", params={"least": "critical"}).json()["total"] == 1


def test_the_lines_around_a_finding_are_read_again(client):
    """From the log in which it was found; not for a name that somebody made up."""
    found = client.get("/api/v1/findings", params={"service": "leaky"}).json()["findings"][0]
    lines = client.get(f"/api/v1/findings/{found['id']}/lines").json()["lines"]
    number = re.search(r"after gc (\d+) ", found["summary"])[1]
    assert any(line.startswith(f"gc {number} @") for line in lines)
    assert client.get("/api/v1/findings/..%2f..%2fetc%2fpasswd/lines").status_code == 404


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost, made by openssl, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    place = tmp_path_factory.mktemp("tls")
    names = ["cert.pem", "key.pem"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", names[0], "-keyout", names[1]],
        cwd=place, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return [str(place / name) for name in names]


def test_with_a_certificate_it_speaks_tls(board, certificate):
    """And only that; a client that trusts the certificate is content."""
    server = Server(board, Address("localhost", 0, *certificate), WITH_TOKEN)
    server.start()
    try:
        assert server.address.url.startswith("https://localhost:")
        trusting = ssl.create_default_context(cafile=certificate[0])
        answer = httpx.get(f"{server.address.url}metrics", verify=trusting, headers={"authorization": "Bearer s3cret"})
        assert "gctail_heap_live_bytes" in answer.text
        with pytest.raises(httpx.HTTPError):
            httpx.get(server.address.url.replace("https", "http"))
    finally:
        server.stop()


def test_a_certificate_that_is_none_is_said(board, tmp_path):
    """Before anything is read."""
    (tmp_path / "cert.pem").write_text("not a certificate")
    with pytest.raises(UsageError, match="--listen: the certificate or its key cannot be used: "):
        Server(board, Address("localhost", 0, str(tmp_path / "cert.pem"), None), Access())


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:9464", ("127.0.0.1", 9464)), (":0", ("127.0.0.1", 0)), ("[::1]:80", ("::1", 80))],
)
def test_an_address_is_read(text, address):
    """Without a host it is this machine alone."""
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["9464", "host:", "host:http", "host:99999"])
def test_an_address_without_sense_is_said(text):
    """With what to write instead."""
    with pytest.raises(UsageError, match=re.escape(f"--listen {text}: write an address and a port")):
        parse_address(text)


def test_a_port_in_use_is_said(serve, board):
    """Before anything is read."""
    port = int(serve().rsplit(":", 1)[1])
    with pytest.raises(UsageError, match=f"--listen 127.0.0.1:{port}: Address already in use"):
        Server(board, Address("127.0.0.1", port), Access())


def test_it_ends_without_noise_while_somebody_looks(gctail_program, tmp_path):
    """An open page is no reason to stay, and none for a stack trace."""
    (tmp_path / "leaky.log").write_bytes((SAMPLES / "unbounded-map-go1.27.log").read_bytes())
    command = [gctail_program, "-f", "leaky.log", "--no-state", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
        url = child.stderr.readline().split()[1]
        with httpx.Client(timeout=60) as looking, looking.stream("GET", f"{url}api/v1/events") as stream:
            lines = stream.iter_lines()
            assert next(line for line in lines if line.startswith("event: "))
            child.terminate()
            assert list(lines)
        assert child.wait(60) == 0
        assert child.stderr.read() == ""
