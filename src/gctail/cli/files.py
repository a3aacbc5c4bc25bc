"""Files that an option names: read or written whole, or refused with a sentence."""

from __future__ import annotations

from gctail.errors import UsageError

MOST_BYTES = 1 << 20


def read_text(option: str, path: str) -> str:
    """What stands in it. Raises UsageError where it cannot be read, is too large, or is no UTF-8."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs 10 ms
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{option} {path}: cannot be read: {error.strerror}") from error
    if len(raw) > MOST_BYTES:
        raise UsageError(f"{option} {path}: such a file has at most {MOST_BYTES >> 20} MiB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{option} {path}: byte {error.start} is no UTF-8; is this the right file?") from None


def save(path: str, data: bytes) -> None:
    """Write it whole or not at all. Raises UsageError where it cannot be written."""
    import tempfile
    from pathlib import Path

    target = Path(path)
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as kept:
            kept.write(data)
        Path(kept.name).chmod(0o644)
        Path(kept.name).replace(target)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error
