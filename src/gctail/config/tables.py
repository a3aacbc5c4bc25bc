"""The tables of the configuration that are no options: read from the file and the environment, strictly."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Struct, field

from gctail.config.layers import PREFIX, SEPARATOR
from gctail.config.loading import Document, beside
from gctail.config.near import did_you_mean
from gctail.config.places import Path
from gctail.config.sections import PATHS, SECTIONS, Alerts, Profiles, ServiceSettings
from gctail.errors import UsageError

_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")
_STEP = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<index>\d+)\]|\[(?P<any>\.\.\.)\]")
_WORDS = {"`str`": "a text in quotes", "`int`": "a whole number", "`float`": "a number", "`bool`": "true or false",
          "`array`": "a list", "`object`": "a table", "`null`": "nothing", " | null`": "`"}  # fmt: skip


class Settings(Struct, frozen=True):
    """All tables as values. `origins` says of each `table.key` where it came from, where not by default."""

    alerts: Alerts = field(default_factory=Alerts)
    profiles: Profiles = field(default_factory=Profiles)
    services: dict[str, ServiceSettings] = field(default_factory=dict)
    sinks: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Any] = field(default_factory=dict)
    detectors: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)


class Kinds(Struct, frozen=True):
    """The kinds of sinks, sources or detectors: their names, and what gives the settings of one.

    That is None where there is no such kind; it raises UsageError where a plugin cannot be used.
    """

    names: Sequence[str]
    settings_of: Callable[[str], type[Struct] | None]


class Tables:
    """Reads the tables of one file and the variables above it; what is wrong is in `problems`, a sentence each."""

    def __init__(self, document: Document | None, environment: Mapping[str, str], kinds: Mapping[str, Kinds]) -> None:
        """`kinds` are those of `sinks`, `sources` and `detectors`."""
        self._document = document or Document("", {})
        self._environment = environment
        self._kinds = kinds
        self.origins: dict[str, str] = {}
        self.problems: list[str] = []

    def settings(self) -> Settings:
        """All of them."""
        found = {name: self._section(name, shape) for name, shape in SECTIONS.items()}
        sections = {name: value for name, value in found.items() if value is not None}
        services = {
            name: self._named(("services", name), table, ServiceSettings)
            for name, table in self._table(("services",), self._document.tables.get("services", {})).items()
        }
        kinds = {group: self._group(group) for group in self._kinds}
        return Settings(
            **sections,
            services={name: each for name, each in services.items() if each is not None},
            sinks=kinds.get("sinks", {}),
            sources=kinds.get("sources", {}),
            detectors=kinds.get("detectors", {}),
            origins=self.origins,
        )

    def _section(self, name: str, shape: type[Struct]) -> Any:  # noqa: ANN401 - of the shape
        table = self._table((name,), self._document.tables.get(name, {}))
        self._note_origins((name,), table)
        return self._converted((name,), {**self._with_paths(table), **self._from_environment(name, shape)}, shape)

    def _named(self, path: Path, table: object, shape: type[Struct]) -> Any:  # noqa: ANN401 - of the shape
        """A table with a name of the user's own: a service, or a sink."""
        keys = self._table(path, table)
        self._note_origins(path, keys)
        return self._converted(path, self._with_paths(keys), shape)

    def _group(self, group: str) -> dict[str, Any]:
        """All sinks, all sources, or all detectors, by their names."""
        tables = self._table((group,), self._document.tables.get(group, {}))
        found = {name: self._of_a_kind(group, name, table) for name, table in tables.items()}
        return {name: each for name, each in found.items() if each is not None}

    def _of_a_kind(self, group: str, name: str, table: object) -> Any:  # noqa: ANN401 - settings of its kind
        path: Path = (group, name)
        kinds, one = self._kinds[group], group.removesuffix("s")
        there = f": {', '.join(kinds.names)}" if kinds.names else ", and no package that brings one is installed"
        kind = self._table(path, table).get("kind")
        if not isinstance(kind, str):
            self.problems.append(f'{self._document.at(path)}: {one} "{name}" needs a kind{there}')
            return None
        at = self._document.at((*path, "kind"))
        self._note_origins(path, {"kind": kind})
        try:
            shape = kinds.settings_of(kind)
        except UsageError as error:
            self.problems.append(f"{at}: kind: {error}")
            return None
        if shape is None:
            near = did_you_mean(kind, kinds.names) or there.replace(":", "; there are", 1)
            self.problems.append(f'{at}: there is no kind of {one} "{kind}"{near}')
            return None
        return self._named(path, self._kept_kind(path, table, shape), shape)

    def _kept_kind(self, path: Path, table: object, shape: type[Struct]) -> dict[str, Any]:
        """The table without its kind, where the settings have no such tag: those of a plugin need none."""
        keys = self._table(path, table)
        tagged = shape.__struct_config__.tag_field == "kind"
        return keys if tagged else {name: value for name, value in keys.items() if name != "kind"}

    def _from_environment(self, name: str, shape: type[Struct]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, kind in _settable(shape).items():
            variable = _variable(name, key)
            if variable not in self._environment:
                continue
            text = self._environment[variable]
            parts = [part.strip() for part in text.split(SEPARATOR) if part.strip()]
            try:
                found[key] = msgspec.convert(parts if _is_list(kind) else text, kind, strict=False)
                self.origins[f"{name}.{key}"] = variable
            except msgspec.ValidationError as error:
                self.problems.append(f"{variable} (in the environment): {_plainly(str(error))}")
        return found

    def _table(self, path: Path, value: object) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        name = ".".join(map(str, path))
        self.problems.append(f"{self._document.at(path)}: [{name}] is a table: write its keys below that line")
        return {}

    def _note_origins(self, path: Path, table: Mapping[str, Any]) -> None:
        for key in table:
            self.origins[".".join(map(str, (*path, key)))] = self._document.at((*path, key))

    def _with_paths(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """The table with its paths meant from where the configuration lies."""
        config, told = self._document.path, dict(table)
        for key, value in table.items():
            if key not in PATHS and not key.endswith("_file"):
                continue
            if isinstance(value, str):
                told[key] = beside(config, value)
            elif isinstance(value, list):
                told[key] = [beside(config, each) if isinstance(each, str) else each for each in value]
        return told

    def _converted(self, path: Path, table: dict[str, Any], shape: type[Struct]) -> Any:  # noqa: ANN401 - of the shape
        try:
            return msgspec.convert(table, shape)
        except msgspec.ValidationError as error:
            self.problems.append(self._problem(path, shape, str(error)))
            return None

    def _problem(self, path: Path, shape: type[Struct], said: str) -> str:
        """What msgspec says of a value, with the line in the file and in the words of the user."""
        found = _AT.match(said)
        what = found["what"] if found else said
        whole = (*path, *_steps(found["path"] if found and found["path"] else ""))
        name = ".".join(map(str, whole))
        unknown = _UNKNOWN.match(what)
        if unknown is None:
            return f"{self._document.at(whole)}: {name}: {_plainly(what)}"
        known = [each.name for each in msgspec.structs.fields(shape)]
        near = did_you_mean(unknown["name"], known) or f"; there are {', '.join(known)}"
        return f'{self._document.at((*whole, unknown["name"]))}: [{name}] has no "{unknown["name"]}"{near}'


def unknown_variables(environment: Mapping[str, str], known: Sequence[str]) -> list[str]:
    """Sentences about variables that begin like ours and set nothing.

    They are no errors: Kubernetes itself sets `GCTAIL_PORT` and `GCTAIL_SERVICE_HOST` in every pod beside a service
    called gctail.
    """
    ours = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    return [f"{name} (in the environment) sets nothing{did_you_mean(name, known)}" for name in ours]


def variables() -> list[str]:
    """The names of all variables that set keys of tables."""
    return [_variable(name, key) for name, shape in SECTIONS.items() for key in _settable(shape)]


def _variable(section: str, key: str) -> str:
    return f"{PREFIX}{section}_{key}".upper()


def _settable(shape: type[Struct]) -> dict[str, Any]:
    """The keys of a table that a text can write, with their types."""
    return {each.name: each.type for each in msgspec.structs.fields(shape) if each.name != "silence"}


def _is_list(kind: Any) -> bool:  # noqa: ANN401 - an annotation
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return get_origin(plain) is list


def _steps(written: str) -> Path:
    """`.silence[0].when` as a path; what stands in no path that we can follow ends it."""
    path: Path = ()
    for step in _STEP.finditer(written):
        if step["any"]:
            break
        path = (*path, step["key"] if step["key"] is not None else int(step["index"]))
    return path


def _plainly(what: str) -> str:
    """`Expected `int`, got `str`` in words for people."""
    missing = re.fullmatch(r"Object missing required field `(?P<name>[^`]*)`", what)
    if missing:
        return f'"{missing["name"]}" is missing'
    what = what.replace(" | null`", "`")
    for name, word in _WORDS.items():
        what = what.replace(name, word)
    return what[:1].lower() + what[1:]
