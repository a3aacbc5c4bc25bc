"""The options of `gctail -f`: where to begin, what to leave out, where to keep how far it came."""

from __future__ import annotations

import argparse
import os
import time
from typing import TYPE_CHECKING

from gctail.errors import UsageError
from gctail.sinks.out import complain

if TYPE_CHECKING:
    from gctail.engine import Engine
    from gctail.runners.checkpoints import Checkpoints
    from gctail.runners.following import Listener
    from gctail.runners.local import Reading
    from gctail.runners.outputs import Outputs
    from gctail.sources.follow import Begin
    from gctail.store import Store


def following(parser: argparse.ArgumentParser) -> None:
    """The options of following."""
    group = parser.add_argument_group("following (-f)")
    add = group.add_argument
    add("-n", "--last", metavar="LINES", type=int, help="begin with the last LINES of each file, 0 being its end (all)")
    add("--state", metavar="DIR", help="keep here how far it came and what it learned, to go on from after a restart")
    add("--no-state", action="store_true", help="keep nothing, and begin as if nothing had been kept")
    told = "leave out files that match, of those that a pattern finds; may be repeated"
    add("--exclude", metavar="PATTERN", action="append", default=[], help=told)
    add("--poll", action="store_true", help="look at the files every so often instead of waiting for inotify")
    add("--oldest-first", action="store_true", help="catch up with one file after the other, the oldest first")
    add("--max-memory", metavar="SIZE", help="hold no more than this: what is least useful is let go of, and told")
    told = "a file that nobody has written to for so long, such as 24h, is begun at its end"
    add("--ignore-older", metavar="TIME", help=told)
    add("--record", metavar="DIR", help="keep the last 8 MiB of each log here, for gctail postmortem DIR")


LAST = "-n goes with -f: without it a log is read from its beginning to its end"
MEMORY = "--max-memory goes with -f: a log that is read to its end takes little, however long it is"
ALONE = "{flag} goes with -f: without it each log is read once, to its end"
ONLY_FOLLOWING = {
    "last": LAST, "max_memory": MEMORY, "state": ALONE, "no_state": ALONE, "exclude": ALONE, "poll": ALONE,
    "oldest_first": ALONE, "ignore_older": ALONE, "record": ALONE,
}  # fmt: skip


def refuse_without_following(options: argparse.Namespace) -> None:
    """Raise UsageError for what the call itself asks for in vain; a configuration may have it, for other calls."""
    asked = [name for name in ONLY_FOLLOWING if getattr(options, name) not in (None, False, [])]
    given = options.flags() if asked else {}
    for name in asked:
        if name in given:
            raise UsageError(ONLY_FOLLOWING[name].format(flag=f"--{name.replace('_', '-')}"))


class Followed:
    """Files that are followed, and the state that is kept of it, where one is."""

    def __init__(
        self, options: argparse.Namespace, engine: Engine, reading: Reading, outputs: Outputs, listener: Listener
    ) -> None:
        """Raises UsageError where the state cannot be used, UnreadableInput where a file cannot be followed."""
        from gctail.runners.following import Following, places, usable
        from gctail.runners.ready import make_ready
        from gctail.sources.follow import Follower

        make_ready()
        self.store = None if options.no_state else _store(options)
        self.checkpoints: Checkpoints | None = None
        try:
            known = usable(self.store.positions(), complain) if self.store is not None else {}
            self.follower = Follower(
                options.files, _begin(options), exclude=options.exclude, places=places(known),
                inotify=not options.poll, oldest_first=options.oldest_first,
            )  # fmt: skip
            self.following = Following(self.follower, reading, engine, listener, known)
            engine.tells_silence = True
            if options.record is not None:
                from gctail.store.recorder import Recorder

                self.following.recorder = Recorder(options.record, complain)
            if known and options.state is None:
                complain("going on from where it stopped; --no-state begins anew")
            if self.store is not None:
                self._keep(self.store, engine, outputs)
        except BaseException:
            self.close()
            raise

    def _keep(self, store: Store, engine: Engine, outputs: Outputs) -> None:
        """Go on with the services that were known, and save them from now on."""
        from gctail.runners.checkpoints import Checkpoints

        self.checkpoints = self.following.saving = Checkpoints(store, engine, outputs, self.following, complain)
        for name in store.services():
            engine.wake(name)
        for note in store.notes:
            complain(note)

    def close(self) -> None:
        """Give the state back; to be called when all is told."""
        if self.checkpoints is not None:
            self.checkpoints.close()
        elif self.store is not None:
            self.store.close()


def _store(options: argparse.Namespace) -> Store | None:
    """The state, or None where nobody has asked for one and there is no place for it: in a container, on a full disk.

    Raises UsageError where somebody relies on it, or where another gctail has it.
    """
    from gctail.store import NoPlace, Store
    from gctail.store.where import STATE, state_path

    if options.state is not None:
        return Store(os.path.join(options.state, STATE))  # noqa: PTH118 - pathlib is 10 ms of start-up
    try:
        return Store(state_path(os.environ, options.files, options.service))
    except NoPlace as error:
        if os.environ.get("STATE_DIRECTORY"):
            raise
        why = str(error).partition(". ")[0]
        complain(f"{why}: reading goes on without one, and a restart begins anew. --state DIR names another place")
        return None


def _begin(options: argparse.Namespace) -> Begin:
    from gctail.parsing.quantities import parse_duration
    from gctail.parsing.times import parse_moment
    from gctail.sources.follow import Begin

    if options.last is not None and options.last < 0:
        raise UsageError(f"-n {options.last}: lines are counted from the end, which is 0")
    if options.last is not None and options.since is not None:
        raise UsageError("-n and --since both say where to begin: give one of them")
    try:
        since_s = parse_moment(options.since, time.time()) if options.since is not None else None
    except ValueError as error:
        raise UsageError(f"--since {options.since}: {error}") from error
    try:
        older_s = parse_duration(options.ignore_older) if options.ignore_older is not None else None
    except ValueError as error:
        raise UsageError(f"--ignore-older {options.ignore_older}: {error}") from error
    return Begin(options.last, since_s, older_s)
