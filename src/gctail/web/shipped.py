"""The files that make the page: its own, and the charts, fonts and styles that it has in common with the report."""

from __future__ import annotations

from importlib.resources import files

from msgspec import Struct

from gctail.report.shipped import asset

OWN = frozenset({
    "index.html", "app.css", "app.js", "detail.js", "findings.js", "log.js", "stream.js", "table.js", "words.js",
})  # fmt: skip
SHARED = frozenset({"charts.css", "charts.js", "inter.woff2", "jetbrains-mono.woff2", "uplot.min.css", "uplot.min.js"})
TYPES = {
    "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
    "woff2": "font/woff2",
}  # fmt: skip


class Shipped(Struct, frozen=True):
    """A file as it is sent; `kept` is how long a browser may keep it."""

    body: bytes
    content_type: str
    kept: str


def shipped(name: str) -> Shipped | None:
    """One of the files; None where there is none of this name."""
    if name in OWN:
        body = files("gctail.web").joinpath("page", name).read_bytes()
    elif name in SHARED:
        body = asset(name)
    else:
        return None
    ending = name.rpartition(".")[2]
    return Shipped(body, TYPES[ending], "max-age=86400" if ending == "woff2" else "no-store")
