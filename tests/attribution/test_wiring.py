"""Suspects on their way from a log to whoever reads the verdict."""

import json
from pathlib import Path

import pytest

from gctail.attribution import choosing
from gctail.cli import main
from gctail.engine import Engine, report
from gctail.runners.autopsy import Autopsy
from gctail.runners.local import Reading
from gctail.service import Service, lighter

SAMPLES = Path(__file__).parent.parent.parent / "samples" / "logs"


def log(style, *, leaks=True, epochs=1, seconds=60, kept_mib=0.25):
    """A service that collects twice a second; each session that opens keeps `kept_mib` where it `leaks`."""
    lines = []
    for _ in range(epochs):
        live, opened = 40.0, 0
        for at in range(2 * seconds):
            uptime_s, burst = at / 2, (at * 7919) % 13 % 5
            for each in range(burst):
                opened += 1
                live += kept_mib if leaks else 0.0
                lines.append(style(f"session opened id=s{at:03}x{each} size={opened if leaks else 7}"))
            lines += [style(f"request served path=/cart ms={(at * each) % 31}") for each in range(3 + at % 3)]
            full = int(live) + 20
            lines.append(
                f"gc {at + 1} @{uptime_s:.3f}s 1%: 0.1+1.0+0.1 ms clock, 0.2+0.1/0.5/0.1+0.2 ms cpu, "
                f"{full}->{full}->{int(live)} MB, {full + 4} MB goal, 0 MB stacks, 0 MB globals, 2 P"
            )
    return "\n".join(lines) + "\n"


def plain(text):
    return f"2026/11/27 08:00:00 INFO {text}"


def as_json(text):
    words = text.split()
    fields = dict(word.split("=") for word in words[2:])
    told = {key: int(value) if value.isdigit() else value for key, value in fields.items()}
    return json.dumps({"time": "2026-11-27T08:00:00Z", "level": "INFO", "msg": " ".join(words[:2]), **told})


@pytest.fixture
def told(tmp_path, capsys):
    """What `gctail FILE` says of a log, as text or as JSON."""

    def tell(text, *options):
        path = tmp_path / "shop.log"
        path.write_text(text)
        main([str(path), *options])
        return capsys.readouterr().out

    return tell


@pytest.mark.parametrize("style", [plain, as_json])
def test_the_json_names_the_line_that_grew_with_the_heap(told, style):
    [service] = json.loads(told(log(style), "--output", "json"))["services"]
    first = service["suspects"][0]
    assert {"template", "message", "slot", "field", "mib", "share", "p_value", "distinct", "example"} <= set(first)
    assert (first["message"], first["slot"], first["field"]) == ("session opened", "id", "size")
    assert first["p_value"] < 0.01
    assert first["share"] > 0.9
    assert first["per_event_kib"] == pytest.approx(256, rel=0.1)
    assert "session opened" in first["example"]


def test_the_verdict_says_it_in_words(told):
    said = told(log(plain))
    assert '  suspect: "session opened": field size grew with the heap (r 1.00, p ' in said
    assert "KiB kept per entry; it explains 100 % of the growth" in said
    assert "\n    | 2026/11/27 08:00:00 INFO session opened id=" in said


def test_a_leak_finding_carries_its_suspects(told):
    findings = [json.loads(line) for line in told(log(plain), "--output", "jsonl").splitlines()]
    leaks = [finding for finding in findings if finding["kind"].startswith("leak")]
    assert leaks
    assert leaks[-1]["suspects"][0]["message"] == "session opened"


def test_nobody_is_accused_where_nothing_leaks(told):
    [service] = json.loads(told(log(plain, leaks=False), "--output", "json"))["services"]
    assert (service["verdict"]["leak"], service["suspects"]) == (False, [])
    assert "suspect" not in told(log(plain, leaks=False))


def test_where_no_line_is_likelier_than_another_the_verdict_says_why(told):
    """Requests come as evenly as memory grows; that proves nothing, and is said."""
    text = log(lambda text: plain(text) if "served" in text else "")
    assert "  suspect: none is proven: the growth is so even that nothing tells it from what writes none: " in told(
        text
    )
    [service] = json.loads(told(text, "--output", "json"))["services"]
    assert (service["suspects"], [each["message"] for each in service["indistinct"]]) == ([], ["request served"])


def test_a_log_of_collections_alone_is_not_said_to_have_been_looked_at(told):
    collections = "".join(line for line in log(plain).splitlines(keepends=True) if line.startswith("gc "))
    assert "suspect" not in told(collections)


def read(path, engine=None):
    engine, reading = engine or Engine(), Reading()
    engine.mined.share = 1.0
    for found in reading.bursts([str(path)]):
        list(engine.all(found))
    return engine, reading


def test_a_process_that_has_ended_keeps_its_suspects(tmp_path):
    """The first of two runs leaks; the second is young."""
    path = Path(tmp_path, "shop.log")
    path.write_text(log(plain) + log(plain, leaks=False, seconds=10))
    engine, _ = read(path)
    service = engine.services["shop"]
    assert [epoch.mine is None for epoch in service.epochs] == [False, False]
    service.processes.close(service.epochs[0])
    assert service.epochs[0].mine is None
    assert service.suspects()[0]["message"] == "session opened"


def test_state_is_restored_to_the_letter(tmp_path):
    """Half of a log, saved as JSON, restored and read on, gives what the whole gives."""
    text = log(plain)
    cut = text.index("\n", len(text) // 2) + 1
    whole, first, second = Path(tmp_path, "whole"), Path(tmp_path, "a"), Path(tmp_path, "b")
    for path, part in ((whole, text), (first, text[:cut]), (second, text[cut:])):
        path.write_text(part)

    def mined(path, engine):
        reading = Reading(service="shop")
        engine.mined.share = 1.0
        for found in reading.bursts([str(path)]):
            list(engine.all(found))
        return engine

    kept = json.loads(json.dumps(mined(first, Engine()).services["shop"].state()))
    later = Engine()
    later.services["shop"] = Service.restore(kept)
    assert mined(second, later).services["shop"].suspects() == mined(whole, Engine()).services["shop"].suspects()


def test_a_state_from_before_there_was_a_mine_still_loads(tmp_path):
    path = Path(tmp_path, "shop.log")
    path.write_text(log(plain))
    state = read(path)[0].services["shop"].state()
    del state["mining"]
    for epoch in state["epochs"]:
        del epoch["mine"], epoch["accused"], epoch["mined"]
    assert Service.restore(state).suspects() == []


def test_an_engine_that_was_not_asked_to_mine_does_not(tmp_path):
    path = Path(tmp_path, "shop.log")
    path.write_text(log(plain))
    engine, reading = Engine(), Reading()
    for found in reading.bursts([str(path)]):
        list(engine.all(found))
    [service] = report(engine, reading.facts())["services"]
    assert (service["suspects"], service["mined_lines"]) == ([], 0)


def test_how_much_is_searched_is_a_percentage(tmp_path, capsys):
    path = tmp_path / "shop.log"
    path.write_text(log(plain))
    assert main([str(path), "--mining", "120"]) == 2
    assert capsys.readouterr().err == "gctail: --mining 120: a percentage lies between 0 and 100\n"


def test_nobody_is_accused_where_nothing_is_to_be_searched(told):
    [service] = json.loads(told(log(plain), "--output", "json", "--mining", "0"))["services"]
    assert (service["verdict"]["leak"], service["suspects"], service["mined_lines"]) == (True, [], 0)


def test_a_state_that_has_to_be_small_forgets_only_what_was_said(tmp_path):
    path = Path(tmp_path, "shop.log")
    path.write_text(log(plain))
    service = read(path)[0].services["shop"]
    light = Service.restore(lighter(service.state()))
    assert light.suspects() == []
    lightly, fully = light.judged()[1], service.judged()[1]  # the log was heard the last time a little earlier
    assert lightly.probability == pytest.approx(fully.probability, abs=0.05)
    assert (lightly.leak, lightly.kind, lightly.forecast) == (fully.leak, fully.kind, fully.forecast)


def certificate(text, path):
    path.write_text(text)
    engine = Engine()
    engine.mined.share = 1.0
    autopsy = Autopsy(Reading(), engine)
    autopsy.logs([str(path)])
    return autopsy.case().certificates[0]


def test_the_death_certificate_names_the_line_and_how_often_it_came(tmp_path):
    found = certificate(
        log(plain) + "fatal error: runtime: out of memory\n\ngoroutine 1 [running]:\n", tmp_path / "shop.log"
    )
    assert found.suspects[0]["message"] == "session opened"
    assert '"session opened" (' in found.headline[2]
    first = found.rates[0]
    assert (first.message, first.suspect, len(first.uptime_s)) == ("session opened", True, 64)
    lines = sum(first.per_s) * (first.uptime_s[1] - first.uptime_s[0])
    assert lines == pytest.approx(log(plain).count("session opened"), rel=0.05)


def test_a_certificate_of_collections_alone_does_not_say_that_no_message_grew(tmp_path):
    collections = "".join(line for line in log(plain).splitlines(keepends=True) if line.startswith("gc "))
    assert (
        certificate(collections, tmp_path / "shop.log").headline[2]
        == "not known: the log has no lines of the application"
    )


def test_a_service_that_is_too_young_to_be_called_leaking_accuses_nobody_but_shows_what_grows_along(told):
    young = log(plain, seconds=23, kept_mib=0.046)
    [service] = json.loads(told(young, "--output", "json"))["services"]
    assert service["verdict"]["kind"] == "growing"
    assert service["suspects"] == []
    assert service["grows_with"][0]["message"] == "session opened"
    assert '  grows with: "session opened": ' in told(young)


def test_of_two_keys_of_a_line_the_short_one_is_named(told):
    """What a map holds has the key in it, and is as new as the key."""

    def style(text):
        if "opened" not in text:
            return plain(text)
        key = text.split("id=")[1].split()[0]
        return plain(f"put(value=Session{{User:{key} Device:web}}, key={key}) stored")

    [service] = json.loads(told(log(style), "--output", "json"))["services"]
    assert service["suspects"][0]["slot"] == "key"


def test_a_leak_that_only_the_verdict_tells_carries_the_suspects_of_the_verdict(tmp_path):
    path = Path(tmp_path, "shop.log")
    path.write_text(log(plain, seconds=30))
    engine, reading = read(path)
    assert [finding.kind for finding in engine.services["shop"].findings] == ["growing"]
    [leak] = engine.conclude()
    assert leak.kind == "leak"
    [service] = report(engine, reading.facts())["services"]
    assert leak.evidence["onset_uptime_s"] == service["verdict"].onset_uptime_s
    assert leak.suspects[0]["message"] == service["suspects"][0]["message"]


@pytest.mark.parametrize("accused", [True, False])
def test_for_a_report_the_log_is_asked_once(tmp_path, monkeypatch, accused):
    """Whether it accuses somebody or nobody: a question costs as much as judging does."""
    path = tmp_path / "shop.log"
    path.write_text(log(lambda text: plain(text) if accused or "served" in text else ""))
    engine, reading = read(path)
    engine.conclude()
    asked, ask = [], choosing.accusation
    monkeypatch.setattr(choosing, "accusation", lambda *about: asked.append(about) or ask(*about))
    [service] = report(engine, reading.facts())["services"]
    assert bool(service["suspects"]) == accused != bool(service["indistinct"])
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("sample", "message", "field"),
    [
        ("go-out-of-memory-go1.23.log.gz", "page crawled", "seen"),
        ("goroutine-leak-go1.25.log.gz", "webhook delivery started", "waiting"),
        ("retained-buffers-go1.24.log.gz", "render failed, kept for retry", "bytes"),
    ],
)
def test_in_the_samples_the_line_that_prints_the_size_of_what_grows_is_named_first(sample, message, field):
    """Before lines whose every key is new: paths of requests are, too, while a log is young."""
    engine, reading = Engine(), Reading()
    engine.mined.share = 1.0
    for found in reading.bursts([str(SAMPLES / sample)]):
        for _ in engine.all(found):
            pass
    engine.conclude()
    told = max(report(engine, reading.facts())["services"], key=lambda service: service["collections"])
    first, *_ = told["suspects"]
    assert (first["message"], first["field"]) == (message, field)
