"""The configuration: one file, the environment, flags; each value has its place, each mistake is named with its own."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gctail.cli.configuring import configured
from gctail.cli.options import reading_parser
from gctail.config.loading import find_file, read_document
from gctail.config.places import line_of, places
from gctail.config.tables import Kinds, Tables, unknown_variables
from gctail.errors import UsageError


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes a gctail.toml, goes where it lies, and takes our variables out of the environment."""
    for name in [name for name in os.environ if name.startswith("GCTAIL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nothing"))
    monkeypatch.chdir(tmp_path)

    def write(text: str, name: str = "gctail.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def read(*arguments):
    """The options of `gctail` with these arguments."""
    return configured(reading_parser, "", [*arguments, "-"])


def test_a_flag_is_stronger_than_the_environment_and_that_than_the_file(written, monkeypatch):
    """Default, file, environment, flag: each value from the strongest that gives one."""
    written('limit = "1GiB"\noutput = "jsonl"\nfail_on = "warning"\n')
    monkeypatch.setenv("GCTAIL_OUTPUT", "json")
    monkeypatch.setenv("GCTAIL_FAIL_ON", "critical")
    options = read("--fail-on", "info")
    assert (options.limit, options.output, options.fail_on) == ("1GiB", "json", "info")
    assert options.service is None


def test_a_flag_that_repeats_the_default_is_still_the_strongest(written):
    """What counts is that it was given, not that it differs."""
    written('output = "json"\nfail_on = "critical"\n')
    assert read("--output", "text", "--fail-on=never").output == "text"


@pytest.mark.usefixtures("written")
def test_without_a_file_and_variables_nothing_changes():
    """The options are those of the command line alone."""
    options = read()
    assert options.output == "text"
    assert options.settings.alerts.spool_mib == 64


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('limmit = "1GiB"', 'gctail.toml:1: there is no "limmit"; did you mean "limit"?'),
        ("\nlimit = 512", 'gctail.toml:2: limit: write a text in quotes such as "512", not 512'),
        ('limit = "1GX"', 'gctail.toml:1: limit: "1GX" is no size: it stops making sense at column 3; '),
        ('output = "jsonn"', 'gctail.toml:1: output: "jsonn" is none of text, jsonl, json; did you mean "json"?'),
        ("verbose = 1", "gctail.toml:1: verbose: write true or false, not 1"),
        ("false_alarms = true", "gctail.toml:1: false_alarms: write a number, not true"),
        ('silence = ["22:00-06:00",\n "25:00"]', 'gctail.toml:1: silence: "25:00" is no window of time'),
        ("[alerts]\nspool_mb = 3", 'gctail.toml:2: [alerts] has no "spool_mb"; did you mean "spool_mib"?'),
        (
            '[alerts]\n\nspool_mib = "3"',
            "gctail.toml:3: alerts.spool_mib: expected a whole number, got a text in quotes",
        ),
        ("[alerts]\nspool_mib = 0", "gctail.toml:2: alerts.spool_mib: expected a whole number >= 1"),
        ("alerts = 3", "gctail.toml:1: [alerts] is a table: write its keys below that line"),
        ("[alert]", 'gctail.toml:1: there is no "alert"; did you mean "alerts"?'),
        (
            '[[alerts.silence]]\nwhy = "x"\n[[alerts.silence]]\nwen = "x"',
            'gctail.toml:4: [alerts.silence.1] has no "wen"',
        ),
        ('[services.a]\nlimt = "1GiB"', 'gctail.toml:2: [services.a] has no "limt"; did you mean "limit"?'),
        ("[sinks.pager]\nseverity = 'info'", 'gctail.toml:1: sink "pager" needs a kind'),
        ("[sinks.pager]\nkind = 'pigeon'", 'gctail.toml:2: there is no kind of sink "pigeon"'),
        ("limit = ", "gctail.toml: this is no TOML: Invalid value (at end of document)"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(written, text, sentence):
    """What, where, and what would be right."""
    written(text)
    with pytest.raises(UsageError) as error:
        read()
    assert str(error.value).startswith(sentence)


def test_a_wrong_variable_is_named(written, monkeypatch):
    """The environment has no lines, but names."""
    written("")
    monkeypatch.setenv("GCTAIL_VERBOSE", "perhaps")
    monkeypatch.setenv("GCTAIL_ALERTS_MOST_PER_HOUR", "many")
    with pytest.raises(UsageError) as error:
        read()
    assert str(error.value).splitlines() == [
        'GCTAIL_VERBOSE (in the environment): "perhaps" is neither true nor false: write 1 or 0',
        "gctail: GCTAIL_ALERTS_MOST_PER_HOUR (in the environment): expected a whole number, got a text in quotes",
    ]


@pytest.mark.usefixtures("written")
def test_a_list_in_the_environment_is_parted_by_semicolons(monkeypatch):
    """A window of silence has commas of its own."""
    monkeypatch.setenv("GCTAIL_SILENCE", "sat,sun 00:00-24:00; 22:00-06:00")
    monkeypatch.setenv("GCTAIL_ALERTS_GROUP_BY", "service;kind")
    options = read()
    assert options.silence == ["sat,sun 00:00-24:00", "22:00-06:00"]
    assert options.settings.alerts.group_by == ["service", "kind"]


def test_a_path_is_meant_from_where_the_file_lies(written, tmp_path):
    """A configuration works from whichever directory gctail is started."""
    (tmp_path / "etc").mkdir()
    path = written('rules = "rules.toml"\n[alerts]\nspool_dir = "spool"\n', "etc/other.toml")
    options = read("--config", str(path))
    assert Path(options.rules) == tmp_path / "etc" / "rules.toml"
    assert Path(options.settings.alerts.spool_dir) == tmp_path / "etc" / "spool"


def test_variables_of_kubernetes_are_no_mistake_and_are_told_by_check():
    """A service called gctail puts GCTAIL_SERVICE_HOST into every pod beside it."""
    found = unknown_variables({"GCTAIL_SERVICE_HOST": "10.0.0.1", "GCTAIL_LIMT": "1"}, ["GCTAIL_LIMIT"])
    assert found == [
        'GCTAIL_LIMT (in the environment) sets nothing; did you mean "GCTAIL_LIMIT"?',
        "GCTAIL_SERVICE_HOST (in the environment) sets nothing",
    ]


def test_the_file_is_looked_for_in_three_places(written, tmp_path):
    """The one that is named, the one here, the user's."""
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "home")}
    assert find_file(None, environment) is None
    (tmp_path / "home" / "gctail").mkdir(parents=True)
    written("", "home/gctail/gctail.toml")
    assert find_file(None, environment) == str(tmp_path / "home/gctail/gctail.toml")
    written("")
    assert find_file(None, environment) == "gctail.toml"
    assert find_file(None, environment | {"GCTAIL_CONFIG": "a.toml"}) == "a.toml"
    assert find_file("b.toml", environment | {"GCTAIL_CONFIG": "a.toml"}) == "b.toml"


@pytest.mark.usefixtures("written")
def test_a_file_that_is_named_has_to_be_there():
    """What was asked for and is not there is a mistake."""
    with pytest.raises(UsageError, match=r"no\.toml: cannot be read: No such file or directory"):
        read("--config", "no.toml")


def test_the_options_are_read_again_when_the_file_has_changed(written):
    """`reread` is what a runner calls on SIGHUP; a file that is wrong raises, and the old options stay as they are."""
    written('fail_on = "info"\n')
    options = read("--limit", "1GiB")
    written('fail_on = "critical"\nlimit = "3GiB"\n[alerts]\nmost_per_hour = 7\n')
    again = options.reread()
    assert (options.fail_on, again.fail_on, again.limit, again.settings.alerts.most_per_hour) == (
        "info",
        "critical",
        "1GiB",
        7,
    )
    written("fail_on = 3")
    with pytest.raises(UsageError):
        again.reread()
    assert again.fail_on == "critical"


def test_an_option_that_takes_other_words_is_the_commands_own(written):
    """`output` at the top is that of reading; a command that cannot say it so has an `output` in its table."""
    from gctail.cli.tune import parser

    written('output = "jsonl"\n')
    assert configured(parser, "tune", ["a.log", "--limit", "1GiB"]).output == "text"
    written('output = "jsonl"\n[tune]\noutput = "json"\n')
    assert configured(parser, "tune", ["a.log", "--limit", "1GiB"]).output == "json"
    written('[tune]\noutput = "jsonl"\n')
    with pytest.raises(UsageError, match="none of text, json"):
        configured(parser, "tune", ["a.log", "--limit", "1GiB"])


def test_check_prints_each_value_with_its_origin(written, gctail_program):
    """The file and its line, the variable, or the default; the exit status is 0."""
    written('limit = "1GiB"\n\n[alerts]\nmost_per_hour = 5\n\n[services."batch-*"]\nlimit = "2GiB"\n')
    environment = os.environ | {"GCTAIL_OUTPUT": "json"}
    done = subprocess.run(
        [gctail_program, "check"], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for line in ('limit = "1GiB" # gctail.toml:1', 'output = "json" # GCTAIL_OUTPUT', 'fail_on = "never" # default',
                 "most_per_hour = 5 # gctail.toml:4", '[services."batch-*"]', 'limit = "2GiB" # gctail.toml:7'):  # fmt: skip
        assert line in lines, done.stdout


def test_check_tells_everything_that_is_wrong_at_once(written, gctail_program):
    """Also what is behind the file: rules, silences, sizes, addresses, files of secrets."""
    written("""\
rules = "rules.toml"
enable = ["fast-grwth"]
[services.a]
limit = "1GX"
[sinks.hook]
kind = "webhook"
token_file = "no-token"
[[alerts.silence]]
when = "25:00-26:00"
[[alerts.silence]]
why = "holiday"
""")
    written('[[rule]]\nname = "fast-growth"\nwhen = "live > 1GiB"\n', "rules.toml")
    done = subprocess.run([gctail_program, "check"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    for sentence in (
        'gctail.toml:2: enable: rules.toml has no rule "fast-grwth"; did you mean "fast-growth"?',
        'gctail.toml:4: limit: "1GX" is no size',
        "gctail.toml:7: token_file: no-token: No such file or directory",
        'gctail.toml:8: silence 1: "25:00-26:00" is no window of time',
        "gctail.toml:8: silence 2 fits everything: give services, kinds, when or until",
    ):
        assert sentence in done.stderr, done.stderr


def test_the_place_of_everything():
    """Also below lists of tables, in texts and lists over several lines, and with quoted keys."""
    text = '# c\na = 1\n[b."x.y"]\nc = """\n[no]\nd = 1\n"""\ne = [\n 1,\n 2]\n[[f]]\ng = {h = 1}\n[[f]]\ng.h = 2\n[f.i]\nj = 1\n'
    found = places(text)
    expected = {
        ("a",): 2, ("b", "x.y"): 3, ("b", "x.y", "c"): 4, ("b", "x.y", "e"): 8, ("f", 0): 11, ("f", 0, "g", "h"): 12,
        ("f", 1): 13, ("f", 1, "g", "h"): 14, ("f", 1, "i", "j"): 16,
    }  # fmt: skip
    assert {path: found.get(path) for path in expected} == expected
    assert line_of(("f", 1, "g", "nothing"), found) == 14
    assert line_of(("z",), found) is None


NAMES = st.text("abc-_", min_size=1, max_size=4)


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, st.integers() | st.booleans(), max_size=4), max_size=5))
def test_every_key_of_any_file_is_found_on_its_line(tables):
    """Property: the line that is named holds the key."""
    lines = [
        line
        for name, keys in tables.items()
        for line in (f"[{name}]", *(f"{key} = {str(value).lower()}" for key, value in keys.items()))
    ]
    found = places("\n".join(lines))
    for name, keys in tables.items():
        for key in keys:
            assert lines[found[name, key] - 1].startswith(f"{key} =")


def test_a_section_of_another_command_is_left_to_it(written):
    """Reading does not load the other commands to judge their tables."""
    written("[run]\nanything = 1\n")
    assert read().output == "text"


def test_a_document_without_tables_gives_the_defaults(written):
    """No problem, no origin."""
    document = read_document(str(written("# nothing\n")))
    tables = Tables(document, {}, {"sinks": Kinds([], lambda _: None)})
    assert tables.settings().origins == {}
    assert tables.problems == []


def test_the_shipped_file_can_be_used_with_every_key_switched_on(written, root, gctail_program):
    """Each line that is off is a value that gctail takes; what it names on disk is not here, and is told."""
    text = (root / "config" / "gctail.toml").read_text(encoding="utf-8")
    lines = [line.removeprefix("# ") if re.match(r"# (\w+ = |\[)", line) else line for line in text.splitlines()]
    path = written("\n".join(lines).replace('"rules.toml"', '"missing.toml"'), "all.toml")
    done = subprocess.run(
        [gctail_program, "check", "--config", path], capture_output=True, text=True, timeout=60, check=False
    )
    told = [line for line in done.stderr.splitlines() if "No such file" not in line]
    assert told == []
    assert not re.search(r"# default$", done.stdout, re.MULTILINE)


def test_check_reads_the_files_of_wrappers_and_deaths(written, capsys):
    """What is wrong in them is a problem of the configuration; one that stands in another's way is noted."""
    from gctail.cli import check

    plugins = Path(__file__).parent.parent / "plugins"
    own = (plugins / "wrappers.toml").read_text()
    written(own, "own.toml")
    written((plugins / "deaths.toml").read_text().replace("guard-kill", "shot"), "ends.toml")
    written('wrappers = "own.toml"\ndeaths = "ends.toml"\nwrapper = "bonker"\n')
    assert check.run(check.parser().parse_args([])) == 2
    said = capsys.readouterr().err
    assert 'gctail.toml:2: --deaths ends.toml: signature "bunker-shot": there is no cause "shot"' in said
    assert 'gctail.toml:3: no wrapper is called "bonker"; there are none, bunker, ' in said
    greedy = """[[wrapper]]
name = "bunker"
about = "x"
heads = ['(?P<time>%{iso}) ']
    [[wrapper.sample]]
    line = "2026-11-23T08:17:00Z gc 1"
    text = "gc 1"
    time = "2026-11-23T08:17:00Z"
"""
    written(greedy, "own.toml")
    written('wrappers = "own.toml"\n')
    assert check.run(check.parser().parse_args([])) == 0
    assert 'gctail: note: wrapper "bunker" is tried first, and takes lines of ' in capsys.readouterr().err
