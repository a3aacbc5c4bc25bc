"""The routes: a page, its files, JSON under /api/v1, events, metrics, health."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from gctail.board import ORDERS, Board
from gctail.web import views
from gctail.web.guard import Access, Guard
from gctail.web.metrics import exposition
from gctail.web.openapi import description

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

READY_WITHIN_S = 30.0
"""Without a new snapshot for so long, the reader of the logs hangs."""
EVENTS_EVERY_S = 1.0
KEEP_ALIVE_S = 15.0

PAGE = {
    "": ("index.html", "text/html; charset=utf-8"),
    "app.js": ("app.js", "text/javascript; charset=utf-8"),
    "app.css": ("app.css", "text/css; charset=utf-8"),
}


class Web:
    """Answers from what the board publishes. Every handler reads one snapshot, so an answer is of one moment."""

    def __init__(self, board: Board) -> None:
        self.board = board

    # -- JSON

    async def services(self, request: Request) -> Response:
        """The table, or a part of it."""
        asked = _asked(request)
        if isinstance(asked, str):
            return _problem(400, asked)
        return _json(msgspec.to_builtins(views.services(self.board.snapshot, **asked)))

    async def service(self, request: Request) -> Response:
        """One service; its details come with the next snapshot after somebody first asked, within a second."""
        name = request.path_params["name"]
        row = self.board.snapshot.rows.get(name)
        if row is None:
            return _problem(404, "no such service")
        self.board.watch(name, time.time())
        for _ in range(30):
            if name in self.board.snapshot.details:
                break
            await asyncio.sleep(0.1)
        snapshot = self.board.snapshot
        return _json(views.detail_value(snapshot.rows.get(name, row), snapshot.details.get(name)))

    async def findings(self, request: Request) -> Response:
        """The last findings, the newest first."""
        service = request.query_params.get("service")
        limit = _whole(request.query_params.get("limit"), 100)
        if limit is None:
            return _problem(400, "limit is a whole number")
        return _json({"findings": views.findings(self.board.snapshot, service, min(limit, 1000))})

    async def bloat(self, request: Request) -> Response:
        """What each service would say of its own memory; 503 for one that is bloating, as health checks want it."""
        snapshot = self.board.snapshot
        name = request.query_params.get("service")
        if name is None:
            rows = views.services(snapshot, limit=views.MOST_ROWS).rows
            return _json({"services": [views.bloat(snapshot, row) for row in rows]})
        row = snapshot.rows.get(name)
        if row is None:
            return _problem(404, "no such service")
        told = views.bloat(snapshot, row)
        return _json(told, status=200 if told["status"] == "ok" else 503)

    async def openapi(self, request: Request) -> Response:  # noqa: ARG002 - every handler gets the request
        """The description of all this."""
        return _json(description())

    # -- events

    async def events(self, request: Request) -> Response:
        """Server-sent events: the part of the table, the service in detail, new findings; each when it changes."""
        from starlette.responses import StreamingResponse

        asked = _asked(request)
        if isinstance(asked, str):
            return _problem(400, asked)
        watched = request.query_params.get("service")
        return StreamingResponse(self._stream(asked, watched), media_type="text/event-stream")

    async def _stream(self, asked: dict[str, Any], watched: str | None) -> AsyncIterator[bytes]:
        seen, told, silent_s = -1, set[str](), 0.0
        yield b"retry: 2000\n\n"
        while True:
            snapshot = self.board.snapshot
            if watched is not None and watched in snapshot.rows:
                self.board.watch(watched, time.time())
            if snapshot.version == seen:
                silent_s += EVENTS_EVERY_S
                if silent_s >= KEEP_ALIVE_S:
                    silent_s = 0.0
                    yield b": still here\n\n"
                await asyncio.sleep(EVENTS_EVERY_S)
                continue
            seen, silent_s = snapshot.version, 0.0
            yield _event("services", msgspec.to_builtins(views.services(snapshot, **asked)))
            row = snapshot.rows.get(watched) if watched is not None else None
            if watched is not None and row is not None:
                yield _event("service", views.detail_value(row, snapshot.details.get(watched)))
            new = [each for each in snapshot.findings if each.id not in told]
            told = {each.id for each in snapshot.findings}
            if new:
                yield _event("findings", [views.finding_value(each) for each in new[-100:]])
            yield _event("facts", snapshot.facts)
            await asyncio.sleep(EVENTS_EVERY_S)

    # -- for machines

    async def metrics(self, request: Request) -> Response:
        """For Prometheus."""
        from starlette.responses import Response

        body, content_type = exposition(lambda: self.board.snapshot, request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    async def healthz(self, request: Request) -> Response:  # noqa: ARG002 - every handler gets the request
        """The program runs."""
        return _word("ok")

    async def readyz(self, request: Request) -> Response:  # noqa: ARG002 - every handler gets the request
        """The logs are being read."""
        age_s = time.time() - self.board.snapshot.at_s
        return _word("ok") if age_s < READY_WITHIN_S else _word("the reader of the logs hangs", 503)

    async def page(self, request: Request) -> Response:
        """The page and its files."""
        from starlette.responses import Response

        found = PAGE.get(request.path_params.get("file", ""))
        if found is None:
            return _problem(404, "no such file")
        name, content_type = found
        body = files("gctail.web").joinpath("page", name).read_bytes()
        return Response(body, headers={"content-type": content_type})


def application(board: Board, access: Access) -> ASGIApp:
    """The whole web as an ASGI application."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    web = Web(board)
    routes = [
        Route("/", web.page),
        Route("/static/{file}", web.page),
        Route("/api/v1/services", web.services),
        Route("/api/v1/services/{name:path}", web.service),
        Route("/api/v1/findings", web.findings),
        Route("/api/v1/events", web.events),
        Route("/api/v1/openapi.json", web.openapi),
        Route("/debug/bloat", web.bloat),
        Route("/metrics", web.metrics),
        Route("/healthz", web.healthz),
        Route("/readyz", web.readyz),
    ]
    return Guard(Starlette(routes=routes), access)


def _asked(request: Request) -> dict[str, Any] | str:
    """What part of the table is meant, or what is wrong with the question."""
    order = request.query_params.get("order", "worst")
    offset, limit = _whole(request.query_params.get("offset"), 0), _whole(request.query_params.get("limit"), 100)
    if order not in ORDERS:
        return f"order is one of {', '.join(ORDERS)}"
    if offset is None or limit is None:
        return "offset and limit are whole numbers"
    return {"order": order, "search": request.query_params.get("search", "")[:200], "offset": offset, "limit": limit}


def _whole(text: str | None, otherwise: int) -> int | None:
    if text is None:
        return otherwise
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _json(value: object, status: int = 200) -> Response:
    from starlette.responses import Response

    return Response(_dumps(value), status, headers={"content-type": "application/json"})


def _dumps(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=str)


def _problem(status: int, sentence: str) -> Response:
    return _json({"error": sentence}, status)


def _word(text: str, status: int = 200) -> Response:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(f"{text}\n", status)


def _event(kind: str, value: object) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + _dumps(value) + b"\n\n"
