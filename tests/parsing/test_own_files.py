"""Wrappers and deaths of a user's own: strict, tried before gctail's, and unable to hang."""

from pathlib import Path

import pytest

from gctail.errors import UsageError
from gctail.parsing import own_deaths
from gctail.parsing.formats import formats, shadowed, with_own
from gctail.parsing.lexicon import Lexicon
from gctail.parsing.scanner import Scanner
from gctail.records import Death, GcCycle, Passage

HERE = Path(__file__).parent.parent / "plugins"
WRAPPERS, DEATHS = (HERE / "wrappers.toml").read_text(), (HERE / "deaths.toml").read_text()
LOG = (HERE / "bunker.log").read_bytes()
SHOT = "process 12 (shop) was shot by bunker: 90112 kB used, 81920 kB allowed"


def read(log: bytes, lexicon: Lexicon, piece: int = 1 << 16):
    """All that is found in a log."""
    scanner, found = Scanner("it.log", "it", lexicon=lexicon), []
    for at in range(0, len(log), piece):
        scanner.feed(log[at : at + piece])
        found += scanner.take()
    scanner.flush()
    return [*found, *scanner.take()]


@pytest.mark.parametrize("piece", [1 << 16, 700])
def test_lines_in_a_wrapper_of_ones_own_are_taken_out_of_it(piece):
    """Service and time are the wrapper's, the texts are those of the application, whole."""
    found = read(LOG, Lexicon(with_own(WRAPPERS.encode())), piece)
    cycles = [each for each in found if not isinstance(each, Passage) and isinstance(each.record, GcCycle)]
    assert len(cycles) == 59
    assert {each.service for each in found} == {"shop"}
    assert cycles[0].time_s == 1795421821.0
    lines = b"".join(bytes(each.text) for each in found if isinstance(each, Passage)).splitlines()
    assert lines[:2] == [b"session 1 kept", b"session 2 kept"]
    assert len(lines) == 60


def test_a_death_in_ones_own_words_is_a_death_with_its_facts():
    """In a wrapper, at the end of a plain log, and behind what loggers put in front."""
    lexicon = Lexicon(with_own(WRAPPERS.encode()), own_deaths.with_own(DEATHS.encode()))
    plain = b"2026-11-23T08:18:00Z host bunker[1]: " + SHOT.encode() + b"\n"
    for log in (LOG, b"served\n" + SHOT.encode() + b"\n", b"served\n" + plain):
        deaths = [each.record for each in read(log, lexicon) if not isinstance(each, Passage)]
        death = next(each for each in deaths if isinstance(each, Death))
        assert (death.cause, death.source) == ("guard-kill", "guard")
        assert death.details == {
            "pid": 12, "process": "shop", "used_kib": 90112, "limit_kib": 81920, "confidence": 0.95,
            "signature": "bunker-shot",
        }  # fmt: skip


def test_what_gctail_knows_by_itself_stays_known():
    """Docker's lines and its exit 137 are read as ever."""
    lexicon = Lexicon(with_own(WRAPPERS.encode()), own_deaths.with_own(DEATHS.encode()))
    docker = b'{"log":"gc 1 @0.016s 9%: 1.8+1.6+0.004 ms clock, 14+0.12/1.2/0+0.035 ms cpu, 4->4->1 MB, 5 MB goal, 8 P\\n","stream":"stderr","time":"2026-11-23T08:17:00Z"}\n'
    assert isinstance(read(docker, lexicon)[0].record, GcCycle)
    assert [death.cause for death in lexicon.reporters.find(b"shop-1 exited with code 137")] == ["exit-137"]


def test_a_wrapper_of_ones_own_is_tried_first_and_said_to_stand_in_the_way():
    """Where it takes lines of one that gctail brings."""
    greedy = WRAPPERS.replace(
        r"'\[bunker:(?P<service>[a-z-]+)#(?P<pid>\d+) (?P<time>%{iso})\] '", r"'(?P<time>%{iso}) '"
    )
    greedy = greedy.replace("[bunker:shop#12 2026-11-23T08:17:00Z]", "2026-11-23T08:17:00Z")
    greedy = greedy.replace('service = "shop"\n', "").replace("pid = 12\n", "")
    made = with_own(greedy.encode())
    assert made.wrappers[0].name == "bunker"
    [note] = shadowed(made)
    assert note.startswith('wrapper "bunker" is tried first, and takes lines of ')
    assert "cri" in note
    assert shadowed(with_own(WRAPPERS.encode())) == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("bunker:(?P", "bunker:(?P(", 'wrapper "bunker": unknown extension ?P( at character 11 of the pattern'),
        ("[a-z-]+)", "(?:[a-z]+)+)", "make repeats possessive"),
        ("%{iso}", "%{isso}", 'wrapper "bunker": there is no pattern %{isso}: give it in [patterns]'),
        ('name = "bunker"', 'name = "cri"', 'wrapper "cri": gctail brings one of this name; give yours another'),
        ('service = "shop"', 'service = "shoe"', "wrapper \"bunker\", sample 1: service is 'shop', and the sample says 'shoe'"),
        ('text = "gc 1', 'text = "gc 2', "sample 1: text is b'gc 1 @0.016s 9%: 1.8', and the sample says b'gc 2"),
        ('line = "[bunker:shop#12', 'line = "[bunker:shop', 'wrapper "bunker", sample 1: its own wrapper does not take it'),
        ("heads", "heds", 'wrapper 1: there is no key "heds"'),
        ("[[wrapper]]", "[[wrapper]", "this is no TOML: "),
        (r"'\[bunker", r"'(?:\[|x)bunker", "a head begins with a literal, a class"),
        ("[[wrapper]]", "patterns = {iso = 'x'}\n[[wrapper]]", "pattern %{iso}: gctail brings one"),
        ("heads = ['", "heads = ['%{us}', '", "there is no pattern %{us}"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_of_wrappers_is_named_with_its_place(old, new, sentence):
    """Nothing of such a file is used."""
    assert old in WRAPPERS
    with pytest.raises(UsageError) as error:
        with_own(WRAPPERS.replace(old, new, 1).encode())
    assert sentence in str(error.value)


def test_a_sample_of_json_that_nothing_tells_from_an_applications_is_named():
    """The search would never find such lines."""
    toml = """[[wrapper]]
name = "ours"
about = "x"
json = { text = ["message"], needs = [["level"]] }
    [[wrapper.sample]]
    line = '{"level":"info","message":"gc 1"}'
    text = "gc 1"
"""
    with pytest.raises(UsageError, match="nothing in it tells that it is wrapped"):
        with_own(toml.encode())


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (r"(?P<pid>\d+)", r"(?P<pid>\d+", 'signature "bunker-shot": missing ), unterminated subpattern at character 9'),
        (r"(?P<pid>\d+)", r"(?P<pid>(\d+)+)", "make repeats possessive"),
        ('source = "guard"', 'source = "kernel"', "the words of Go and of the kernel are known"),
        ('cause = "guard-kill"', 'cause = "shot"', 'there is no cause "shot"; there are go-out-of-memory'),
        ('needs = ["was shot by bunker"]', "needs = []", "needs: give texts of 4 characters or more"),
        ("was shot by bunker:", "was hit:", "sample 1: the pattern does not match it"),
        ('["was shot by', '["was hit by', "sample 1: none of its needs stands in it"),
        ('["process 12', '["we saw that process 12', "the line only mentions it"),
        ("about", "confidence = 95\nabout", "confidence and inside lie between 0 and 1"),
        ('name = "bunker-shot"', 'name = "exit-137"', "there is one of this name"),
        ("pattern", "patern", 'signature 1: there is no key "patern"'),
    ],
)
def test_a_mistake_in_a_file_of_deaths_is_named_with_its_place(old, new, sentence):
    """Nothing of such a file is used."""
    names = {each.signature.name for each in Lexicon().reporters.known}
    new = new.replace("exit-137", min(names))
    assert old in DEATHS
    with pytest.raises(UsageError) as error:
        own_deaths.with_own(DEATHS.replace(old, new, 1).encode())
    assert sentence in str(error.value)


def test_without_files_nothing_is_known_but_what_gctail_brings():
    """And nothing is read before it is asked for."""
    assert Lexicon().formats is formats()


def test_a_pattern_that_holds_itself_does_not_go_on_for_ever():
    """It is refused when it has become long."""
    toml = "patterns = {us = '%{us}x'}\n" + WRAPPERS.replace("heads = ['", "heads = ['%{us}")
    with pytest.raises(UsageError, match="is longer than 100000 characters"):
        with_own(toml.encode())


def test_a_state_that_was_kept_with_other_files_is_gone_on_from():
    """It holds what was read; how, is found out again: here the second half is read as gctail alone would."""
    own, half = Lexicon(with_own(WRAPPERS.encode())), LOG.index(b"\n", len(LOG) // 2) + 1
    first = Scanner("it.log", "it", lexicon=own)
    first.feed(LOG[:half])
    first.take()
    for lexicon, service in ((own, "shop"), (Lexicon(), "it")):
        second = Scanner("it.log", "it", lexicon=lexicon)
        second.resume(first.state())
        second.feed(LOG[half:])
        second.flush()
        found = [each for each in second.take() if not isinstance(each, Passage) and isinstance(each.record, GcCycle)]
        assert {each.service for each in found} == {service}
        assert (found[0].offset >= half, found[-1].record.number) == (True, 59)
