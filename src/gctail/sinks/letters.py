"""What a sink sends: written first, sent second, so that a dry run can show it. Here is the kind that goes by HTTP.

The standard library's client is enough: a few small messages an hour, one connection each; it checks certificates,
and it honours the proxies of the environment. Redirects are not followed: a message goes where it was addressed.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from typing import Any, Protocol

import orjson
from msgspec import Struct

from gctail.parsing.json_text import json_bytes
from gctail.parsing.text import show

MOST_ANSWER_BYTES = 1 << 16
HOPELESS = frozenset({400, 405, 406, 410, 413, 414, 415, 422, 431})
"""Statuses that mean this very message, which will not be taken next time either. A 401 may pass, with a new token."""
SECRET_HEADERS = frozenset({"authorization"})


class Undelivered(Exception):
    """A message could not be delivered; `hopeless`: it never will be; `after_s`: the other end says when to try."""

    def __init__(self, why: str, *, hopeless: bool = False, after_s: float | None = None) -> None:
        super().__init__(why)
        self.hopeless = hopeless
        self.after_s = after_s


class Letter(Protocol):
    """One message to one place."""

    def shown(self) -> str:
        """What would be sent, without its secrets."""

    def send(self, timeout_s: float) -> None:
        """Send it. Raises Undelivered."""


class Post(Struct, frozen=True):
    """A message that goes by HTTP. Of a secret address only the host is shown."""

    url: str
    body: bytes
    headers: dict[str, str] = {}
    ca_file: str | None = None
    secret_url: bool = False

    def shown(self) -> str:
        """The request, readable."""
        headers = {name: "…" if name.lower() in SECRET_HEADERS else value for name, value in self.headers.items()}
        lines = [f"POST {self._address()}", *(f"{name}: {value}" for name, value in headers.items()), ""]
        return "\n".join([*lines, _readable(self.body)])

    def send(self, timeout_s: float) -> None:
        """Post it; any 2xx is success."""
        try:
            request = urllib.request.Request(self.url, self.body, self.headers, method="POST")  # noqa: S310 - checked below
        except ValueError as error:
            raise Undelivered(f"{self._address()}: no address: write http:// or https://") from error
        if request.type not in {"http", "https"}:
            raise Undelivered(f"{self._address()}: write an address with http:// or https://")
        try:
            with opener(self.ca_file).open(request, timeout=timeout_s) as answer:
                answer.read(MOST_ANSWER_BYTES)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Undelivered(f"{self._address()}: {said(error)}") from error

    def _refused(self, error: urllib.error.HTTPError) -> Undelivered:
        try:
            told = error.read(MOST_ANSWER_BYTES)
        except (OSError, http.client.HTTPException):
            told = b""
        elsewhere = (
            " (redirects are not followed: give the address that it leads to)" if 300 <= error.code < 400 else ""
        )
        why = f"{self._address()}: status {error.code}: {show(told, 200) or error.reason}{elsewhere}"
        return Undelivered(why, hopeless=error.code in HOPELESS, after_s=_after_s(error.headers.get("Retry-After")))

    def _address(self) -> str:
        scheme, _, rest = self.url.partition("://")
        host, slash, path = rest.rpartition("@")[2].partition("/")
        return show(f"{scheme}://{host}{slash}{'…' if path and self.secret_url else path}", 200)


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - the library's signature
        """Where it leads to is not asked."""
        return


def opener(ca_file: str | None = None) -> urllib.request.OpenerDirector:
    """What sends requests: certificates are checked (against `ca_file`, where given), redirects are not followed."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Undelivered(f"ca_file: {ca_file}: cannot be used: {said(error)}") from error
    return urllib.request.build_opener(NoRedirects, urllib.request.HTTPSHandler(context=context))


def post_json(url: str, told: Any, *, headers: dict[str, str] | None = None, **rest: Any) -> Post:  # noqa: ANN401 - any JSON
    """A letter of JSON."""
    return Post(url, json_bytes(told), {"Content-Type": "application/json", **(headers or {})}, **rest)


def said(error: BaseException) -> str:
    """What an error of the network says, in a few words."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return said(reason)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, http.client.BadStatusLine) and not isinstance(error, http.client.RemoteDisconnected):
        return f"what it answers is no HTTP: {show(str(error).strip(), 100)}"
    if isinstance(error, socket.gaierror):
        return f"the name is not known: {error.strerror}"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return show(text or type(error).__name__, 200)


def _after_s(text: str | None) -> float | None:
    """Seconds of a Retry-After header: a number, or a date."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _readable(body: bytes) -> str:
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return "\n".join(show(line, 2000) for line in body.decode("utf-8", "replace").splitlines())
