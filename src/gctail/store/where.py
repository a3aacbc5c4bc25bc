"""Where gctail keeps what survives it, where nobody says so: one state for each set of files that is followed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence

STATE = "state.db"


def state_dir(environment: Mapping[str, str], what: str) -> str:
    """Where gctail keeps `what` by default: the directory that systemd gives, or that of this user."""
    given = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    home = environment.get("XDG_STATE_HOME") or os.path.join(environment.get("HOME", ""), ".local", "state")  # noqa: PTH118 - pathlib costs 10 ms
    return os.path.join(given or os.path.join(home, "gctail"), what)  # noqa: PTH118


def state_path(environment: Mapping[str, str], files: Sequence[str], service: str | None) -> str:
    """The state of these files, wherever they are named from; `service` is the only one that is wanted.

    A service of systemd is one gctail, whatever it follows after its configuration has changed.
    """
    if environment.get("STATE_DIRECTORY"):
        return os.path.join(state_dir(environment, "follow"), STATE)  # noqa: PTH118
    paths = [os.path.abspath(file) for file in files]  # noqa: PTH100
    words = "\0".join([*sorted(paths), service or ""])
    digest = hashlib.blake2b(words.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
    name = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in os.path.basename(paths[0]))  # noqa: PTH119
    return os.path.join(state_dir(environment, "follow"), f"{name[:64]}-{digest}.db")  # noqa: PTH118
