"""Our few exceptions.

GctailError                what every one of them is
├── UsageError             the command line or the configuration asks for something impossible
└── UnreadableInput        a file or pipe cannot be read at all (missing, no permission, not a log)
"""

from __future__ import annotations


class GctailError(Exception):
    """Carries one sentence for the user: what, where, and what to do."""


class UsageError(GctailError):
    """The command line or the configuration asks for something impossible."""


class UnreadableInput(GctailError):
    """An input cannot be read at all."""
