"""The command line: chooses the parts of the program, decides nothing else.

Nothing heavy is imported here: `gctail --help` answers in a tenth of a second.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from gctail.errors import GctailError

EXIT_UNUSABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, 1 (something at or above --fail-on was found) or 2 (cannot do it)."""
    _write_what_can_be_written()
    try:
        if "_ARGCOMPLETE" in os.environ:
            from gctail.cli.completion import complete

            complete()
        from gctail.cli.options import parsed

        options = parsed(sys.argv[1:] if arguments is None else list(arguments))
        status: int = options.run(options)
        sys.stdout.flush()
    except GctailError as error:
        return _said(f"gctail: {error}")
    except BrokenPipeError:
        _close_quietly()
        return 0
    except KeyboardInterrupt:
        return 130
    except (OSError, AttributeError, ValueError) as error:
        if not _is_about_output(error):
            raise
        _close_quietly()
        why = error.strerror if isinstance(error, OSError) else "it is closed"
        return _said(f"gctail: cannot write to standard output: {why}")
    return status


def _write_what_can_be_written() -> None:
    """A terminal or pipe that knows no `→`, in a locale such as ISO 8859-1, gets it in letters."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _said(sentence: str) -> int:
    """One sentence on standard error, and the status that goes with it; files may have any name, and it is shown."""
    if sys.stderr is not None:
        from gctail.parsing.text import show_lines

        print(show_lines(sentence), file=sys.stderr)
    return EXIT_UNUSABLE


def _is_about_output(error: Exception) -> bool:
    """Standard output is closed, full, or not there at all."""
    if sys.stdout is None or sys.stdout.closed:
        return True
    return isinstance(error, OSError) and error.filename is None


def _close_quietly() -> None:
    """Whoever read our output has gone (`| head`): nothing more to say, and no complaint at exit either."""
    if sys.stdout is None:
        return
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  (pathlib costs 10 ms)
        os.dup2(nowhere.fileno(), 1)
