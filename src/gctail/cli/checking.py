"""What `gctail check` looks into beyond the file itself: files of rules, silences, limits, and files of secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gctail.errors import UsageError

if TYPE_CHECKING:
    from gctail.config.layers import Value
    from gctail.config.tables import Settings
    from gctail.parsing.lexicon import Lexicon


def deep_problems(settings: Settings, values: Mapping[str, Value]) -> list[str]:
    """A sentence for everything that would not work when it is used."""
    return [*_rules(values), *_lexicon(values), *_silences(settings), *_services(settings), *_secrets(settings)]


def _rules(values: Mapping[str, Value]) -> Iterator[str]:
    from gctail.cli.judging import SHIPPED_RULES, rules_text
    from gctail.rules import RuleError, load_rules

    rules = values.get("rules")
    if rules is None:
        return
    path = rules.value or SHIPPED_RULES
    try:
        known = {rule.name for rule in load_rules(rules_text(path))}
    except UsageError as error:
        yield f"{rules.origin}: {error}"
        return
    except RuleError as error:
        yield f"{rules.origin}: rules: {path}: {error}"
        return
    enabled = values["enable"]
    for name in enabled.value or ():
        if name not in known:
            from gctail.config.near import did_you_mean

            yield f'{enabled.origin}: enable: {path} has no rule "{name}"{did_you_mean(name, known)}'


def _lexicon(values: Mapping[str, Value]) -> Iterator[str]:
    """Files of wrappers and of deaths, and the wrapper that is forced."""
    from gctail.parsing.lexicon import Lexicon

    known = Lexicon()
    for name in ("wrappers", "deaths"):
        try:
            found = _learned(name, values)
        except UsageError as error:
            yield f"{values[name].origin}: {error}"
        else:
            known = found if name == "wrappers" and found is not None else known
    forced = values["wrapper"]
    if forced.value not in {None, "none"}:
        try:
            known.formats.named(forced.value)
        except UsageError as error:
            yield f"{forced.origin}: {error}"


def notes(values: Mapping[str, Value]) -> list[str]:
    """Sentences about what works, and may not be what is meant."""
    from gctail.parsing.formats import shadowed

    try:
        known = _learned("wrappers", values)
    except UsageError:
        return []  # a problem already
    return shadowed(known.formats) if known is not None else []


def _learned(name: str, values: Mapping[str, Value]) -> Lexicon | None:
    """What one of the two files adds. Raises UsageError."""
    import argparse

    from gctail.cli.wrapping import lexicon_of

    return lexicon_of(argparse.Namespace(**{"wrappers": None, "deaths": None, name: values[name].value}))


def _silences(settings: Settings) -> Iterator[str]:
    from gctail.parsing.times import parse_moment
    from gctail.sinks.silence import parse_silence

    at = settings.origins.get("alerts.silence", "alerts.silence")
    for number, silence in enumerate(settings.alerts.silence, 1):
        try:
            if silence.when is not None:
                parse_silence(silence.when)
            if silence.until is not None:
                parse_moment(silence.until, 0.0)
        except ValueError as error:
            yield f"{at}: silence {number}: {error}"
        if not (silence.services or silence.kinds or silence.when or silence.until):
            yield f"{at}: silence {number} fits everything: give services, kinds, when or until"


def _services(settings: Settings) -> Iterator[str]:
    from gctail.cli.sizes import size_above_0

    for name, service in settings.services.items():
        if service.limit is not None:
            try:
                size_above_0(service.limit)
            except ValueError as error:
                yield f"{settings.origins[f'services.{name}.limit']}: limit: {error}"
        if service.pprof is not None:
            from gctail.runners.profiling import checked_address

            try:
                checked_address(service.pprof)
            except ValueError as error:
                yield f"{settings.origins[f'services.{name}.pprof']}: pprof: {error}"


def _secrets(settings: Settings) -> Iterator[str]:
    """Files that hold secrets, and are not there."""
    tables = {**{f"sinks.{name}": each for name, each in settings.sinks.items()},
              **{f"services.{name}": each for name, each in settings.services.items()}}  # fmt: skip
    for title, table in tables.items():
        for key in table.__struct_fields__:
            path = getattr(table, key)
            if key.endswith("_file") and isinstance(path, str):
                try:
                    Path(path).read_bytes()
                except OSError as error:
                    yield f"{settings.origins.get(f'{title}.{key}', title)}: {key}: {path}: {error.strerror}"
