"""Profiles on the disk: of each service the first one and the last ones, and what grew between them."""

from __future__ import annotations

import os
import time
from hashlib import blake2b
from pathlib import Path

ENDING = ".pb.gz"
MOST_NAMED = 3


class Kept:
    """A folder with a folder for each service. A file is there whole or not at all."""

    def __init__(self, directory: Path, keep: int) -> None:
        """`keep` of each kind of profile are kept of a service. Raises OSError where the folder cannot be used."""
        self._directory, self._keep = directory, keep
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def keep(self, service: str, why: str, what: str, data: bytes) -> Path:
        """Write one profile, and let go of those in the middle that are too many. Raises OSError."""
        folder = self._folder(service)
        folder.mkdir(exist_ok=True, mode=0o700)
        now_s = time.time()
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now_s)) + f".{int(now_s % 1 * 1000):03d}Z"
        path = folder / f"{stamp}-{_plain(why)}.{what}{ENDING}"
        part = path.with_name(f".{path.name}.part")
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        for spare in self.of(service, what)[1 : -(self._keep - 1)]:
            spare.unlink(missing_ok=True)
        return path

    def of(self, service: str, what: str) -> list[Path]:
        """The profiles of a service, the oldest first."""
        return sorted(self._folder(service).glob(f"*.{what}{ENDING}"))

    def _folder(self, service: str) -> Path:
        digest = blake2b(service.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
        return self._directory / f"{_plain(service)}-{digest}"


def grown(profiles: list[Path]) -> list[str]:
    """What holds more in the last heap profile than in the first, most first: `+92 MiB at main.put (cache.go:41)`.

    Empty where there is one profile only. Raises OSError and ValueError where one cannot be read.
    """
    from gctail.golang.profiles import read_profile, sites

    if len(profiles) < 2:
        return []
    first, last = (read_profile(path.read_bytes()) for path in (profiles[0], profiles[-1]))
    told = []
    for site in sites(last, first)[:MOST_NAMED]:
        if site.grown_bytes >= 1 << 19:
            where = f" ({Path(site.at.file).name}:{site.at.line})" if site.at.file else ""
            told.append(f"+{site.grown_bytes / (1 << 20):.0f} MiB at {site.at.function}{where}")
    return told


def _plain(text: str) -> str:
    """A name that is safe as a part of a path."""
    return "".join(letter if (letter.isascii() and letter.isalnum()) or letter in "-_" else "_" for letter in text)[:64]
