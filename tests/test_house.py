"""The house is in order: no trace of the machine it was built on, every module and dependency says what it is for."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Put together from halves, so that this file does not find itself.
MACHINE_PATHS = ["/" + name + "/" for name in ("work", "root", "tmp", "opt/wheels")]
REGISTRIES = ["pypi" + ".org", "files.python" + "hosted.org", "proxy.golang" + ".org", "registry.npm" + "js.org"]
UNFINISHED = re.compile(r"(?<!context\.)\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")

# What `gctail --help` must not load: each costs tens to hundreds of milliseconds (numpy and scipy most).
HEAVY = [
    "river", "numpy", "scipy", "pandas", "rich", "textual", "pyparsing", "kafka", "asyncio", "multiprocessing",
    "starlette", "uvicorn", "prometheus_client", "quixstreams", "tree_sitter", "zstandard", "http.server",
]  # fmt: skip


def tracked(*patterns: str) -> list[Path]:
    """The files under version control that are still there and match; everything where this is no checkout."""
    listing = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("no git checkout: nothing tells our files from the environment's")
    return [ROOT / name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def our_text() -> dict[Path, str]:
    """What we wrote, by file. Samples are what programs printed, with the paths of the machines they ran on."""
    files = (path for path in tracked() if path.relative_to(ROOT).parts[0] not in {"samples", "LICENSE"})
    texts = {}
    for path in files:
        try:
            texts[path.relative_to(ROOT)] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # an image, or a compressed sample
            continue
    return texts


@pytest.mark.parametrize("trace", MACHINE_PATHS + REGISTRIES)
def test_no_file_names_the_machine_it_was_written_on(trace):
    """Neither its paths nor its package registry: the project works wherever it is unpacked."""
    assert [str(path) for path, text in our_text().items() if trace in text] == []


def test_nothing_is_left_unfinished():
    """What is not done is an issue, not a remark in the code."""
    found = {str(path): UNFINISHED.findall(text) for path, text in our_text().items() if UNFINISHED.search(text)}
    assert found == {}


def test_at_the_root_lies_only_what_belongs_there():
    at_root = {path.relative_to(ROOT).parts[0] for path in tracked()}
    rooms = {".ci", "bench", "config", "docs", "samples", "src", "tests"}
    files = {".gitattributes", ".gitignore", "CONTRIBUTING.md", "LICENSE", "README.md", "pyproject.toml"}
    assert at_root <= rooms | files


def test_every_module_says_what_it_is():
    """Its docstring is the first thing in it."""
    modules = [path for path in tracked("*.py") if path.stat().st_size]
    silent = [str(path.relative_to(ROOT)) for path in modules if not ast.get_docstring(ast.parse(path.read_bytes()))]
    assert silent == []


def test_every_page_of_the_documentation_is_linked_from_the_readme():
    """And every link of the readme and of the pages leads to a file that is there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = tracked("docs/*.md")
    assert [page.name for page in pages if f"(docs/{page.name})" not in readme] == []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *pages]:
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        assert [link for link in links if not (page.parent / link).exists()] == [], page.name


def requirements() -> list[str]:
    """Every requirement that pyproject.toml lists, as written there."""
    project = PROJECT["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return [requirement for group in groups for requirement in group if not requirement.startswith("gctail[")]


@pytest.mark.parametrize("requirement", requirements())
def test_every_dependency_has_its_reason_beside_it(requirement):
    """One line, in pyproject.toml, that says what it is there for."""
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    [line] = [line for line in lines if f'"{requirement}"' in line]
    assert re.search(r"# \S+ \S+ \S+", line), line.strip()


def test_every_lint_rule_that_is_off_has_its_reason_beside_it():
    """`select` is ALL; what is taken out again says why."""
    lint = PROJECT["tool"]["ruff"]["lint"]
    assert lint["select"] == ["ALL"]
    rules = set(lint["ignore"]).union(*lint["per-file-ignores"].values())
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert [rule for rule in sorted(rules) if not re.search(rf'"{rule}",.*? # \S+ \S+ \S+', text)] == []


def test_the_whole_core_is_under_the_contract_of_purity():
    """Every module from the ground up to the engine and the rules is named in the contract that forbids the world."""
    layers, purity = PROJECT["tool"]["importlinter"]["contracts"]
    floors = [re.findall(r"\w+", layer) for layer in layers["layers"]]
    core = [name for floor in floors[floors.index(["rules"]) :] for name in floor]
    package = ROOT / "src" / "gctail"
    there = [name for name in core if (package / f"{name}.py").exists() or (package / name / "__init__.py").exists()]
    expected = {f"gctail.{name}" for name in there}
    assert expected <= set(purity["source_modules"])


def test_the_table_of_floors_names_every_room_and_no_other():
    """Whoever is new reads CONTRIBUTING.md first."""
    rows = re.findall(r"^\| (`.*?`) \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    package = ROOT / "src" / "gctail"
    rooms = {path.relative_to(package).parts[0].removesuffix(".py") for path in tracked("src/gctail/*.py")}
    assert len(told) == len(set(told))
    assert set(told) == rooms - {"__init__", "__main__", "data"}


# What ends in front of a possessive quantifier: a group, or a part that is put in (a group, for all that one can see).
POSSESSIVE_GROUP = re.compile(r"(?:(?<!\\)(?:\\\\)*[)}]|%[bs])(?:[*+?]|\{\d*,?\d*\})\+")
POSSESSIVE_AGAIN = re.compile(r"(?:[*+?]|\{\d*,?\d*\})\+")


def possessive_groups(source: str) -> list[str]:
    """The texts of a module, its docstrings aside, in which a group is repeated possessively, whole or put together."""
    tree = ast.parse(source)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    nodes = [node for node in ast.walk(tree) if id(node) not in told]
    behind = [node.right for node in nodes if isinstance(node, ast.BinOp)]
    behind += [part for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values[1:]]
    found = [text for text in map(said, nodes) if POSSESSIVE_GROUP.search(text)]
    return found + [text for text in map(said, behind) if POSSESSIVE_AGAIN.match(text)]


def said(node: ast.AST) -> str:
    """The text of a constant; nothing of what is none."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def test_no_group_is_repeated_possessively():
    """Of `(?:ab?c)*+` CPython before 3.11.5 takes too much (its issue 106052): a group stands in `(?>(?:ab?c)*)`.

    Debian 12 has 3.11.2. A character or a class may be repeated so: `[^ ]*+`. More in `parsing/backtracking.py`.
    """
    modules = {path: possessive_groups(path.read_text(encoding="utf-8")) for path in tracked("src/*.py")}
    tables = {path: POSSESSIVE_GROUP.findall(path.read_text(encoding="utf-8")) for path in tracked("src/*.toml")}
    assert modules
    assert tables
    assert {str(path.relative_to(ROOT)): found for path, found in {**modules, **tables}.items() if found} == {}


@pytest.mark.parametrize(
    "source",
    [
        'A = r"(?:ab?c)*+"',
        'A = rb"x(a)?+"',
        'A = rb"(?:" + B + rb"){5,}+"',
        'A = B + rb"++"',
        'A = rf"(?:{B}){{1,4}}+"',
        'A = rf"x{B}*+"',
        'A = rb"%s++" % B',
        r'A = r"(?:\\)*+"',
        'TOLD = "write (?:ab)++ for it"',
    ],
)
def test_a_group_that_is_repeated_possessively_is_found(source):
    """Whole or in parts."""
    assert possessive_groups(source)


@pytest.mark.parametrize(
    "source",
    [
        'A = r"(?>(?:ab?c)*)"',
        'A = r"[^ ]*+x?+\\d{1,3}+"',
        r'A = rb"\)*+[)}]++\}?+"',
        'A = rf"{B}[.]?+"',
        '"""Not (?:ab)++."""',
    ],
)
def test_a_character_or_class_may_be_repeated_possessively(source):
    """Those were right from the first."""
    assert possessive_groups(source) == []


def test_help_loads_nothing_heavy():
    """What is loaded late is not paid for by who only asks how to use it."""
    program = "import sys; from gctail.cli import main; sys.exit(main())"
    command = [sys.executable, "-X", "importtime", "-c", program, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "gctail.cli" in loaded
    assert sorted(loaded.intersection(HEAVY)) == []


def test_the_commented_configuration_has_every_option_of_every_command():
    """It is made from the program: `gctail check --example > config/gctail.toml` makes it anew."""
    done = subprocess.run(
        [sys.executable, "-m", "gctail", "check", "--example"], capture_output=True, text=True, timeout=60, check=True
    )
    assert (ROOT / "config" / "gctail.toml").read_text(encoding="utf-8") == done.stdout, (
        "gctail check --example > config/gctail.toml"
    )


def test_continuous_integration_runs_what_the_readme_says():
    """The last command of `.ci/run` is the readme's test command, and its result is the run's."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && .venv/bin/pytest" in readme
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    commands = [line for line in script.splitlines() if line and not line.startswith(("#", " "))]
    assert [line for line in commands if line.startswith("timeout")][-1].split()[-1] == "pytest"
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
