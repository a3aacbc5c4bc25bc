"""The command line: chooses the parts of the program, decides nothing else.

Nothing heavy is imported here: `gctail --help` answers in a tenth of a second.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gctail.errors import GctailError

EXIT_FOUND, EXIT_UNUSABLE = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, 1 (something at or above --fail-on was found) or 2 (cannot do it)."""
    from gctail.cli.options import parsed

    options = parsed(sys.argv[1:] if arguments is None else list(arguments))
    try:
        return _run(options.command, options)
    except GctailError as error:
        print(f"gctail: {error}", file=sys.stderr)
        return EXIT_UNUSABLE
    except BrokenPipeError:
        _close_quietly()
        return 0
    except KeyboardInterrupt:
        return 130


def _run(command: str, options: object) -> int:
    if command == "records":
        from gctail.cli.records import run
    elif command == "explain":
        from gctail.cli.explain import run
    else:
        from gctail.cli.read import run
    return run(options)  # type: ignore[arg-type]  # each command takes the options that its parser made


def _close_quietly() -> None:
    """Whoever read our output has gone (`| head`): nothing more to say, and no complaint at exit either."""
    import os

    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  (pathlib costs 10 ms)
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
