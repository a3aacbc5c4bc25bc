"""The options of the live views, and the views that they ask for."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gctail.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gctail.engine import Engine
    from gctail.runners.views import Views
    from gctail.web.guard import Access


def viewing(parser: argparse.ArgumentParser) -> None:
    """The options of the live views."""
    parser.add_argument("--tui", action="store_true", help="the live view at this terminal; also of a finished log")
    listening(parser)


def listening(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Of these, the options of the page alone."""
    parser.add_argument("--listen", metavar="ADDRESS", help="the live page and metrics at, say, 127.0.0.1:9464")
    parser.add_argument("--listen-token-file", metavar="FILE", help="who asks must know the token in this file")
    parser.add_argument("--listen-user", metavar="NAME", help="and as a password it is that of this user (any)")
    parser.add_argument("--listen-cert", metavar="FILE", help="serve with TLS: the certificate, in PEM")
    parser.add_argument("--listen-key", metavar="FILE", help="and its key")


def stay(views: Views, until: Callable[[], bool] = lambda: False) -> None:
    """The log has ended; the page is there until somebody stops it."""
    views.tick(at_once=True)  # so that the page has all of it before anybody is told that it has
    print("gctail: the log has ended; the page stays until Ctrl-C", file=sys.stderr)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: views.close())
    views.stay(until)


def views_of(options: argparse.Namespace, engine: Engine, facts: Callable[[], dict[str, Any]]) -> Views | None:
    """What the options ask for, the page already served; None where they ask for nothing."""
    tui = getattr(options, "tui", False)
    if options.listen is None:
        _refuse_without_listening(options)
    if not tui and options.listen is None:
        return None
    if tui and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("--tui needs a terminal for its input and its output")
    if tui and "-" in getattr(options, "files", ()):
        raise UsageError("--tui needs the keyboard, so the log cannot come from standard input: give a file")
    from gctail.runners.views import Views

    views = Views(engine, facts)
    if options.listen is not None:
        from gctail.web.server import Address, parse_address

        host, port = parse_address(options.listen)
        address = Address(host, port, options.listen_cert, options.listen_key)
        access = _access(options, loopback=address.loopback)
        url = views.serve(address, access)
        if not tui:
            print(f"gctail: {url} (metrics: {url}metrics)", file=sys.stderr)
        if not address.loopback and access.token is None:
            print("gctail: everybody who reaches this address can look; see --listen-token-file", file=sys.stderr)
    return views


def _refuse_without_listening(options: argparse.Namespace) -> None:
    """Raise UsageError for what the call itself asks of a page that it does not ask for."""
    names = ("listen_token_file", "listen_user", "listen_cert", "listen_key")
    asked = [name for name in names if getattr(options, name) is not None]
    for name in options.flags() if asked else ():
        if name in asked:
            raise UsageError(f"--{name.replace('_', '-')} goes with --listen, which says where the page is served")


def _access(options: argparse.Namespace, *, loopback: bool) -> Access:
    from gctail.web.guard import Access

    token = os.environ.get("GCTAIL_LISTEN_TOKEN")
    if options.listen_token_file is not None:
        try:
            token = Path(options.listen_token_file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--listen-token-file {options.listen_token_file}: {error}") from error
    if token is not None and not token:
        raise UsageError("--listen-token-file: the token is empty, which would let nobody or everybody in")
    if options.listen_user is not None and token is None:
        raise UsageError("--listen-user: whose password is it? Give --listen-token-file as well")
    return Access(token, options.listen_user, loopback)
