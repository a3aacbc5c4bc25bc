"""What the options and the configuration say of judging and telling, for every command that reads logs as they come."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from gctail.cli.files import read_text
from gctail.cli.saying import say
from gctail.cli.sizes import size_option
from gctail.config.limits import Limits
from gctail.data import shipped
from gctail.detectors.added import Addition
from gctail.engine import Engine
from gctail.errors import UsageError
from gctail.rules import Plan, Rule, RuleError, load_rules

if TYPE_CHECKING:
    from gctail.cli.telling import Teller
    from gctail.runners.alerts import Alerts
    from gctail.runners.profiling import Profiling

SHIPPED_RULES = "default"


def limit_of(options: argparse.Namespace) -> float | None:
    """The memory limit of every service that has none of its own, in MiB."""
    return size_option("--limit", options.limit) if options.limit is not None else None


def mining_of(options: argparse.Namespace) -> float:
    """The share of the application's text that is searched for suspects, 0 to 1."""
    percent: float = options.mining
    if not 0 <= percent <= 100:
        raise UsageError(f"--mining {percent:g}: a percentage lies between 0 and 100")
    return percent / 100


def limits_of(options: argparse.Namespace, limit_mib: float | None) -> Limits | None:
    """The limits of services by their names, where the configuration has any."""
    services = options.settings.services if options.settings is not None else {}
    try:
        return Limits(services, limit_mib) if services else None
    except ValueError as error:
        raise UsageError(f"[services]: limit: {error}") from error


def rules_text(path: str) -> str:
    """A file of rules; `default` stands for those that gctail brings along. Raises UsageError."""
    if path == SHIPPED_RULES:
        return shipped("rules.toml").decode()
    return read_text("--rules", path)


def plan_of(options: argparse.Namespace) -> Plan | None:
    """The rules of a file, or where none is given the shipped ones.

    Those named by --enable are switched on beside those that are on by themselves.
    """
    path, enabled = options.rules, options.enable
    added = additions_of(options)
    if path is None and not enabled:
        return Plan((), added) if added else None
    path = path or SHIPPED_RULES
    try:
        rules = load_rules(rules_text(path))
    except RuleError as error:
        raise UsageError(f"--rules {path}: {error}") from error
    unknown = set(enabled) - {rule.name for rule in rules}
    if unknown:
        known = ", ".join(rule.name for rule in rules)
        where = path if path != SHIPPED_RULES else "gctail"
        raise UsageError(f"--enable {min(unknown)}: {where} has no such rule; it has {known}")
    return Plan((replace(rule, enabled=rule.enabled or rule.name in enabled) for rule in rules), added)


def additions_of(options: argparse.Namespace) -> dict[str, Addition]:
    """The detectors that the configuration adds."""
    settings = options.settings
    if settings is None or not settings.detectors:
        return {}
    from gctail.plugins import made

    return {name: Addition(name, made(each, "new_detector"), each, say) for name, each in settings.detectors.items()}


def counts_lines(plan: Plan | None) -> bool:
    """The rules ask for every line, so each is to be taken out of its wrapper."""
    return plan is not None and not {"lines", "errors"}.isdisjoint(plan.names)


def alerts_of(options: argparse.Namespace) -> list[Alerts]:
    """The alert sinks of the configuration."""
    if options.settings is None or not options.settings.sinks:
        return []
    from gctail.runners.alerts import Alerts

    return [Alerts(options.settings, os.environ)]


def profiling_of(options: argparse.Namespace) -> Profiling | None:
    """What takes profiles from services that live, where the configuration has an address of any."""
    settings = options.settings
    if settings is None or not any(each.pprof for each in settings.services.values()):
        return None
    from gctail.config.limits import service_settings
    from gctail.runners.profiling import Profiling, checked_address
    from gctail.store.where import state_dir

    addresses = {}
    for name, each in settings.services.items():
        try:
            addresses[each] = checked_address(each.pprof) if each.pprof is not None else None
        except ValueError as error:
            raise UsageError(f"{settings.origins.get(f'services.{name}.pprof', name)}: pprof: {error}") from error

    def address_of(service: str) -> str | None:
        known = service_settings(settings.services, service)
        return addresses[known] if known is not None else None

    directory = settings.profiles.dir or state_dir(os.environ, "profiles")
    return Profiling(address_of, settings.profiles, directory, say)


def changes_of(engine: Engine, teller: Teller, alerts: Sequence[Alerts]) -> list[Callable[[argparse.Namespace], None]]:
    """What a configuration that was read again changes."""

    def judge(options: argparse.Namespace) -> None:
        limit_mib = limit_of(options)
        limits = limits_of(options, limit_mib)
        plan = plan_of(options)
        if watched(plan) != watched(engine.plan):
            engine.watch_for(plan)
        engine.limit(limit_mib, limits)

    def alert(options: argparse.Namespace) -> None:
        for each in alerts:
            each.reload_settings(options.settings)

    return [judge, teller.reload, alert]


def watched(plan: Plan | None) -> tuple[list[Rule], dict[str, Any]]:
    """What a plan asks for, to be compared with another."""
    if plan is None:
        return [], {}
    return [ready.rule for ready in plan.rules], {name: each.settings for name, each in plan.added.items()}
