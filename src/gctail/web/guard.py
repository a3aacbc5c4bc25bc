"""Who may look: the token or password, the host that was asked for, and the headers that keep a page to itself."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
NOT_KEPT = (b"cache-control", b"no-store")
"""Of everything that does not say otherwise of itself."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""A probe has no password, and learns nothing but a word."""


class Access(Struct, frozen=True):
    """What is asked of a visitor: the token, as a bearer's or as a password; with `user`, of that user alone.

    Without a token everybody may look, and then only under the names of the loopback where `loopback` says that nothing
    else is served: a page of another site cannot reach us under a name of its own (DNS rebinding).
    """

    token: str | None = None
    user: str | None = None
    loopback: bool = True

    def allows(self, authorization: str) -> bool:
        """Whether this Authorization header is enough."""
        if self.token is None:
            return True
        kind, _, value = authorization.partition(" ")
        if kind.lower() == "bearer":
            return _same(value.strip(), self.token)
        if kind.lower() != "basic":
            return False
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        known = self.user is None or _same(user, self.user)
        return _same(password, self.token) and known


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


class Guard:
    """Around the application: refuses who may not look, and adds the headers to every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app, self.access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = any(name == NOT_KEPT[0] for name, _ in message["headers"])
                message["headers"] = [*message["headers"], *HEADERS, *(() if said else (NOT_KEPT,))]
            await send(message)

        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "").rsplit(":", 1)[0] if not headers.get(b"host", "").endswith("]") else "[::1]"
        if self.access.loopback and host not in LOOPBACK:
            await _refused(sending, 421, b"this address is served only as localhost\n")
        elif scope["path"] not in OPEN_PATHS and not self.access.allows(headers.get(b"authorization", "")):
            await _refused(sending, 401, b"who are you? a token or a password is needed\n")
        else:
            await self.app(scope, receive, sending)


async def _refused(send: Send, status: int, text: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if status == 401:
        headers.append((b"www-authenticate", b'Basic realm="gctail", charset="UTF-8"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
