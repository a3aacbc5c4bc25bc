"""`gctail demo`: the log of a real service that leaks, played at speed, to see what gctail shows and says."""

from __future__ import annotations

import argparse
import gzip
import signal
import tempfile
from pathlib import Path

from gctail.cli.colours import colour_option
from gctail.cli.options import new_parser
from gctail.cli.telling import Teller
from gctail.cli.viewing import stay, viewing, views_of
from gctail.data import shipped
from gctail.engine import USUAL_MINING, Engine, report
from gctail.errors import UsageError
from gctail.runners.local import Reading

LIMIT_MIB = 256.0
DESCRIPTION = """\
Plays the log of a real service that leaks: a session cache that forgets nothing, in a container of 256 MiB, from its
start to the kernel's kill 73 seconds later. Every view can be tried on it:

  gctail demo                                a line for every collection, findings as they come, the verdict
  gctail demo --tui                          the live view at this terminal
  gctail demo --listen 127.0.0.1:9464        the live page in a browser"""


def parser() -> argparse.ArgumentParser:
    """The options of `gctail demo`."""
    parser = new_parser("gctail demo", DESCRIPTION)
    parser.epilog = None
    parser.add_argument("--speed", metavar="TIMES", type=float, default=5.0, help="so many times as fast (5)")
    colour_option(parser)
    viewing(parser)
    parser.set_defaults(files=[], output="text", verbose=True, silence=[], fail_on="never", config=None)
    return parser


def run(options: argparse.Namespace) -> int:
    """Play it. Raises `UsageError` where the speed is no speed."""
    from gctail.sources.playing import played

    if not 0 < options.speed <= 1e6:
        raise UsageError(f"--speed {options.speed:g}: how many times as fast? Give a number such as 1 or 20")
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True

    with tempfile.TemporaryDirectory(prefix="gctail-demo-") as folder:
        log = Path(folder) / "session-gateway.log"
        log.write_bytes(_shipped())
        engine = Engine(limit_mib=LIMIT_MIB)
        engine.mined.share = USUAL_MINING
        reading = Reading()
        views = views_of(options, engine, reading.facts)
        teller = Teller(options, LIMIT_MIB, live=True)
        observed = engine.all if views is None else views.board.all

        def play() -> None:
            scanner = reading.scanner(str(log))
            for piece in played(log.read_bytes().splitlines(keepends=True), options.speed, lambda: stopped):
                scanner.feed(piece)
                teller.tell(observed(scanner.take()))
                if views is not None:
                    views.tick()
            scanner.flush()
            teller.tell(observed(scanner.take()))

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop())
        if views is not None and options.tui:
            teller.console.silent = True
            views.terminal(play, stop)
            teller.console.silent = False
        else:
            play()
        teller.findings(engine.conclude())
        teller.end(lambda: report(engine, reading.facts()))
        if views is not None:
            if not options.tui and not stopped:
                stay(views, lambda: stopped)
            views.close()
    return 0


def _shipped() -> bytes:
    """The log that comes with gctail: samples/logs/unbounded-map-go1.27.log and what the kernel said of its end."""
    return gzip.decompress(shipped("demo.log.gz"))
