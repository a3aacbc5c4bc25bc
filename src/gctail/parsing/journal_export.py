"""The journal export format: a field a line, binary fields with their length, an empty line after each entry.

Source: https://systemd.io/JOURNAL_EXPORT_FORMATS/, section "Journal Export Format".
"""

from __future__ import annotations

import re

MAX_FIELD_BYTES = 1024 * 1024  # kept of one field; the rest of a longer one is read and let go
MAX_FIELDS = 128  # kept of one entry; the journal's own are about 30
MAX_LENGTH = 768 * 1024 * 1024  # journald's own bound (journal-importer.c, DATA_SIZE_MAX); a longer field is damage

_FIELD = re.compile(rb"([A-Z_][A-Z0-9_]{0,63})(=?)")
_LENGTH_BYTES = 8  # little endian


class JournalExport:
    """Puts the lines of export format together to entries; a binary field may hold newlines, even in its length."""

    def __init__(self) -> None:
        """Stand before an entry."""
        self._fields: dict[str, str] = {}
        self._name = ""
        self._binary: bytearray | None = None
        self._length = 0  # bytes of the binary field in hand
        self._missing = 0  # bytes that it still lacks, its final newline included

    @property
    def open(self) -> bool:
        """Whether an entry has begun and not ended."""
        return bool(self._fields) or self._binary is not None

    def feed(self, line: bytes) -> dict[str, str] | bool:
        """The entry that `line` ends, True where the line belongs to one, False where it is no line of this format."""
        if self._binary is not None:
            return self._feed_binary(line + b"\n")
        if not line:
            return self.end() or True
        found = _FIELD.match(line)
        if not found or (not found[2] and found.end() != len(line)):
            return False
        if found[2]:
            self._keep(found[1].decode(), line[found.end() : found.end() + MAX_FIELD_BYTES])
        else:
            self._name, self._binary = found[1].decode(), bytearray()
        return True

    def end(self) -> dict[str, str]:
        """What is known of the entry in hand, which is over."""
        if self._binary is not None:
            self._keep(self._name, bytes(self._binary[_LENGTH_BYTES:]))
        fields, self._fields, self._binary = self._fields, {}, None
        return fields

    def _feed_binary(self, data: bytes) -> bool:
        binary = self._binary
        if binary is None:
            return False
        if (head := _LENGTH_BYTES - len(binary)) > 0:
            binary += data[:head]
            data = data[head:]
            if len(binary) < _LENGTH_BYTES:
                return True
            self._length = int.from_bytes(binary, "little")
            self._missing = self._length + 1
            if self._length > MAX_LENGTH:
                self._binary = None
                return False
        self._missing -= len(data)
        binary += data[: max(0, MAX_FIELD_BYTES + _LENGTH_BYTES - len(binary))]
        if self._missing <= 0:
            self._keep(self._name, bytes(binary[_LENGTH_BYTES : _LENGTH_BYTES + self._length]))
            self._binary = None
        return True

    def _keep(self, name: str, value: bytes) -> None:
        if len(self._fields) < MAX_FIELDS or name in ("MESSAGE", "_PID"):
            self._fields.setdefault(name, value.decode("utf-8", "surrogateescape"))
