"""`gctail completion`: what a shell has to know to complete commands, options, their values, and files.

The shell asks gctail itself at every tab (argcomplete's protocol: the line so far is in the environment), so what is
offered is what this version takes.
"""

from __future__ import annotations

import argparse
import os
from importlib import import_module

from gctail.cli.options import COMMANDS, new_parser, reading_parser
from gctail.errors import UsageError

SHELLS = ("bash", "zsh", "fish")
ASKED = "_ARGCOMPLETE"
"""In the environment of a call that is a question of the shell."""
FILE_METAVARS = frozenset({"FILE", "DIR", "BEFORE", "AFTER", "KEY", "CERT"})
DESCRIPTION = """\
Prints what your shell has to read to complete gctail's commands, options, values and files:

  gctail completion bash > ~/.local/share/bash-completion/completions/gctail
  gctail completion zsh > ~/.zfunc/_gctail          with ~/.zfunc in fpath
  gctail completion fish > ~/.config/fish/completions/gctail.fish"""


def parser() -> argparse.ArgumentParser:
    """The options of `gctail completion`."""
    parser = new_parser("gctail completion", DESCRIPTION)
    parser.epilog = None
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")
    return parser


def run(options: argparse.Namespace) -> int:
    """Print it. Raises `UsageError` where the package that it needs is not installed."""
    try:
        from argcomplete.shell_integration import shellcode
    except ImportError as error:
        raise UsageError("completion needs one more package: pip install 'gctail[completion]'") from error
    print(shellcode(["gctail"], shell=options.shell))
    return 0


def complete() -> None:
    """Answer the shell and end the process: what may stand where the cursor is."""
    import argcomplete
    from argcomplete.completers import ChoicesCompleter

    words = os.environ.get("COMP_LINE", "")[: int(os.environ.get("COMP_POINT", "0") or 0)].split()
    if len(words) > 1 and words[1] in COMMANDS and not (len(words) == 2 and os.environ["COMP_LINE"].endswith(words[1])):
        os.environ[ASKED] = "2"  # the line begins after two words
        asked = import_module(f"gctail.cli.{words[1]}").parser()
    else:
        asked = reading_parser()
        _offer_commands(asked)
    for action in asked._actions:  # noqa: SLF001 - argparse has no other way
        if action.metavar not in FILE_METAVARS and action.choices is None and not hasattr(action, "completer"):
            action.completer = ChoicesCompleter({})
    argcomplete.autocomplete(asked, always_complete_options=False)


def _offer_commands(asked: argparse.ArgumentParser) -> None:
    """The first word may be a command as well as a file."""
    from argcomplete.completers import FilesCompleter

    files = next(action for action in asked._actions if action.dest == "files")  # noqa: SLF001 - as above

    def first(prefix: str, parsed_args: argparse.Namespace, **_: object) -> list[str]:
        found = list(FilesCompleter()(prefix, **_))
        if not parsed_args.files:
            found += [name for name in COMMANDS if name.startswith(prefix)]
        return found

    files.completer = first  # type: ignore[attr-defined]
