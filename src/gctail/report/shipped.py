"""Files that travel inside the package: scripts, styles and fonts, ours and others, and where the latter are from."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from msgspec import Struct


class Vendored(Struct, frozen=True):
    """A file that others made: where it is from, and the hash that tells whether it is still what they published."""

    file: str
    package: str
    version: str
    licence: str
    sha256: str


VENDORED = (
    Vendored(
        "uplot.min.js", "uplot", "1.6.32", "MIT", "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"
    ),
    Vendored(
        "uplot.min.css", "uplot", "1.6.32", "MIT", "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"
    ),
    Vendored(
        "inter.woff2",
        "@fontsource-variable/inter",
        "5.3.0",
        "OFL-1.1",
        "3100e775e8616cd2611beecfa23a4263d7037586789b43f035236a2e6fbd4c62",
    ),
    Vendored(
        "jetbrains-mono.woff2",
        "@fontsource/jetbrains-mono",
        "5.3.0",
        "OFL-1.1",
        "14425ba9c695763c1547f48a206b7aa60350a33ae23de09f0407877f3fcd89eb",
    ),
    Vendored(
        "inter-400.ttf",
        "@fontsource/inter",
        "5.3.0",
        "OFL-1.1",
        "99ca553e2f8fb84ec6cd25aaa5e9ebbabf2085300298367741d4e8048e51d097",
    ),
    Vendored(
        "inter-600.ttf",
        "@fontsource/inter",
        "5.3.0",
        "OFL-1.1",
        "25c67e5677b7446bb66be70bd94a1340e08650b29ac62f2a1c26eb12b1304fc0",
    ),
)
"""npm packages; the licences stand beside the files. The .ttf are the .woff of the package, unpacked."""


def asset(name: str) -> bytes:
    """One of the files in `assets`."""
    return files("gctail.report").joinpath("assets", name).read_bytes()


def script() -> str:
    """The charts and what makes the page move, as one script."""
    return "\n".join(asset(name).decode() for name in ("uplot.min.js", "charts.js", "page.js"))


def style() -> str:
    """All styles of the page, with the fonts inside."""
    fonts = (("Inter", "100 900", "inter.woff2"), ("JetBrains Mono", "400", "jetbrains-mono.woff2"))
    faces = "".join(_face(*font) for font in fonts)
    return faces + "\n".join(asset(name).decode() for name in ("uplot.min.css", "charts.css", "page.css"))


def fingerprint(words: str) -> str:
    """What a content security policy calls a script or style by."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(words.encode()).digest()).decode() + "'"


def _face(family: str, weight: str, name: str) -> str:
    data = base64.b64encode(asset(name)).decode()
    source = f"url(data:font/woff2;base64,{data}) format('woff2')"
    return f"@font-face{{font-family:'{family}';font-weight:{weight};font-display:block;src:{source}}}\n"
