"""Secrets stand in files or in the environment; they are read when they are needed, and never shown."""

from __future__ import annotations

import os
from pathlib import Path

from gctail.sinks.letters import Undelivered


def secret(what: str, file: str | None, variable: str | None) -> str | None:
    """The secret in a file, or in a variable of the environment; None where neither is named.

    Raises Undelivered where it is named and cannot be had: the file may come, and the message waits for it.
    """
    if file is not None:
        try:
            return Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "no UTF-8"
            raise Undelivered(f"{what}: {file}: {said}") from error
    if variable is not None:
        value = os.environ.get(variable)
        if not value:
            raise Undelivered(f"{what}: the variable {variable} is not set in gctail's environment")
        return value.strip()
    return None


def needed(what: str, file: str | None, variable: str | None) -> str:
    """The same, where nothing can be sent without it."""
    value = secret(what, file, variable)
    if not value:
        raise Undelivered(f"{what}: give {what}_file or {what}_env in the sink's table")
    return value


def bearer(token_file: str | None, token_env: str | None) -> dict[str, str]:
    """The header that carries a token, where there is one."""
    token = secret("token", token_file, token_env)
    return {"Authorization": f"Bearer {token}"} if token else {}
