"""The routes: a page, its files, JSON under /api/v1, events, metrics, health."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from gctail.board import Board
from gctail.records import SEVERITIES, Finding
from gctail.snapshot import ORDERS
from gctail.web import views
from gctail.web.events import Events, written
from gctail.web.guard import Access, Guard
from gctail.web.metrics import exposition
from gctail.web.openapi import description
from gctail.web.shipped import shipped

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

READY_WITHIN_S = 30.0
"""Without a new snapshot for so long, the reader of the logs hangs."""
MOST_CHARACTERS = 2000
"""Of a line around a finding."""

Around = Callable[[Finding], list[str]]


class Web:
    """Answers from what the board publishes. Every handler reads one snapshot, so an answer is of one moment."""

    def __init__(self, board: Board, around: Around | None, over: Callable[[], bool]) -> None:
        self.board, self._around, self._over = board, around, over
        self._reading = asyncio.Semaphore(1)

    # -- JSON

    async def services(self, request: Request) -> Response:
        """The table, or a part of it."""
        asked = _asked(request)
        if isinstance(asked, str):
            return _problem(400, asked)
        return _json(msgspec.to_builtins(views.services(self.board.snapshot, asked)))

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
        row, detail = snapshot.rows.get(name, row), snapshot.details.get(name)
        return _json(views.detail_value(row, detail, snapshot.at_s))

    async def findings(self, request: Request) -> Response:
        """The last findings, the newest first."""
        service = request.query_params.get("service")
        limit = _whole(request.query_params.get("limit"), 100)
        if limit is None:
            return _problem(400, "limit is a whole number")
        return _json({"findings": views.findings(self.board.snapshot, service, min(limit, 1000))})

    async def around(self, request: Request) -> Response:
        """The lines around a finding, read again from its log, in a thread and one at a time."""
        from starlette.concurrency import run_in_threadpool

        wanted = request.path_params["id"]
        finding = next((each for each in self.board.snapshot.findings if each.id == wanted), None)
        if finding is None or self._around is None:
            return _problem(404, "no such finding")
        async with self._reading:
            lines = await run_in_threadpool(self._around, finding)
        return _json({"lines": [line[:MOST_CHARACTERS] for line in lines]})

    async def bloat(self, request: Request) -> Response:
        """What each service would say of its own memory; 503 for one that is bloating, as health checks want it."""
        snapshot = self.board.snapshot
        name = request.query_params.get("service")
        if name is None:
            rows = views.services(snapshot, views.Asked(limit=views.MOST_ROWS)).rows
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
        """Server-sent events for one page; see `gctail.web.events`."""
        from starlette.responses import StreamingResponse

        asked = _asked(request)
        if isinstance(asked, str):
            return _problem(400, asked)
        service, after = request.query_params.get("service"), request.query_params.get("after")
        line = _whole(request.query_params.get("line"), 0)
        if line is None:
            return _problem(400, "line is a whole number")
        told = Events(self.board, asked, service, after, line)
        return StreamingResponse(told.stream(self._over), media_type="text/event-stream")

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

        found = shipped(request.path_params.get("file", "index.html"))
        if found is None:
            return _problem(404, "no such file")
        return Response(found.body, headers={"content-type": found.content_type, "cache-control": found.kept})


def application(
    board: Board, access: Access, around: Around | None = None, over: Callable[[], bool] = lambda: False
) -> ASGIApp:
    """The whole web as an ASGI application.

    `around` reads the lines around a finding again; `over` says that the server goes down, so that streams end.
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    web = Web(board, around, over)
    routes = [
        Route("/", web.page),
        Route("/static/{file}", web.page),
        Route("/api/v1/services", web.services),
        Route("/api/v1/services/{name:path}", web.service),
        Route("/api/v1/findings", web.findings),
        Route("/api/v1/findings/{id}/lines", web.around),
        Route("/api/v1/events", web.events),
        Route("/api/v1/openapi.json", web.openapi),
        Route("/debug/bloat", web.bloat),
        Route("/metrics", web.metrics),
        Route("/healthz", web.healthz),
        Route("/readyz", web.readyz),
    ]
    return Guard(Starlette(routes=routes), access)


def _asked(request: Request) -> views.Asked | str:
    """What part of the table is meant, or what is wrong with the question."""
    asked = request.query_params
    order, least = asked.get("order", "worst"), asked.get("least") or None
    offset, limit = _whole(asked.get("offset"), 0), _whole(asked.get("limit"), 100)
    if order not in ORDERS:
        return f"order is one of {', '.join(ORDERS)}"
    if least is not None and least not in SEVERITIES:
        return f"least is one of {', '.join(SEVERITIES)}"
    if offset is None or limit is None:
        return "offset and limit are whole numbers"
    if asked.get("reverse", "0") not in {"0", "1"}:
        return "reverse is 0 or 1"
    return views.Asked(order, asked.get("reverse") == "1", asked.get("search", "")[:200], least, offset, limit)


def _whole(text: str | None, otherwise: int) -> int | None:
    if text is None:
        return otherwise
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _json(value: object, status: int = 200) -> Response:
    from starlette.responses import Response

    return Response(written(value), status, headers={"content-type": "application/json"})


def _problem(status: int, sentence: str) -> Response:
    return _json({"error": sentence}, status)


def _word(text: str, status: int = 200) -> Response:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(f"{text}\n", status)
