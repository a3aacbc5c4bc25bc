"""E-mail by SMTP: a plain text and an HTML part. TLS unless it is switched off, certificates checked.

Mails of one incident refer to one another, so that a mail program shows them as one conversation; a message that is
sent twice has the same Message-ID, by which a mail program drops the double.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate
from hashlib import blake2b
from html import escape
from typing import Annotated as Key
from typing import Literal

from msgspec import Struct

from gctail.sinks.letters import Letter, Undelivered, said
from gctail.sinks.notices import Notice, headline, named
from gctail.sinks.route import Route, key
from gctail.sinks.secret import secret

COLOURS = {"RESOLVED": "#1a7f37", "INFO": "#0969da", "WARNING": "#9a6700", "CRITICAL": "#cf222e"}
PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Settings(Route, frozen=True, kw_only=True, tag_field="kind", tag="mail"):
    """E-mail by SMTP."""

    host: Key[str, key("the mail server")]
    to: Key[list[str], key("who gets it")]
    sender: Key[str, key("whom it comes from")]
    security: Key[Literal["starttls", "tls", "none"], key("none: only to a server on this machine")] = "starttls"
    port: Key[int | None, key("587 for starttls, 465 for tls, 25 for none")] = None
    user: Key[str | None, key("to log in with")] = None
    password_file: Key[str | None, key("a file with the password")] = None
    password_env: Key[str | None, key("or the variable that holds it")] = None
    ca_file: Key[str | None, key("certificates to trust instead of the system's")] = None


def letters(settings: Settings, notices: Sequence[Notice], now_s: float) -> list[Letter]:
    """One mail to all."""
    return [Mail(settings, message(settings, notices, now_s))]


class Mail(Struct, frozen=True):
    """A mail and the server that takes it."""

    settings: Settings
    message: EmailMessage

    def shown(self) -> str:
        """The mail, its text only."""
        heads = "\n".join(f"{name}: {self.message[name]}" for name in ("From", "To", "Subject"))
        body = self.message.get_body(("plain",))
        return f"SMTP {self.settings.host} ({self.settings.security})\n{heads}\n\n{body.get_content() if body else ''}"

    def send(self, timeout_s: float) -> None:
        """Hand it to the server."""
        settings = self.settings
        password = secret("password", settings.password_file, settings.password_env)
        port = settings.port if settings.port is not None else PORTS[settings.security]
        try:
            context = ssl.create_default_context(cafile=settings.ca_file)
            if settings.security == "tls":
                server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, port, timeout=timeout_s, context=context)
            else:
                server = smtplib.SMTP(settings.host, port, timeout=timeout_s)
            with server:
                if settings.security == "starttls":
                    server.starttls(context=context)
                if settings.user is not None and password:
                    server.login(settings.user, password)
                server.send_message(self.message)
        except smtplib.SMTPRecipientsRefused as error:
            raise Undelivered(f"{settings.host}: nobody of {', '.join(error.recipients)} is taken") from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise Undelivered(f"{settings.host}:{port}: {said(error)}") from error


def message(settings: Settings, notices: Sequence[Notice], now_s: float) -> EmailMessage:
    """The mail. Nothing of a log can break a header: titles are one line, and the library refuses line breaks."""
    told, rest = named(notices)
    domain = settings.sender.rpartition("@")[2].strip("<> ") or "gctail"
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = settings.sender, ", ".join(settings.to), headline(notices)[:180]
    mail["Date"] = formatdate(now_s)
    ids = "\0".join(notice.finding.id for notice in notices)
    mail["Message-ID"] = f"<{blake2b(ids.encode(), digest_size=12).hexdigest()}@{domain}>"
    mail["References"] = f"<incident-{notices[0].incident}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join([*map(_text, told), *([rest] if rest else [])]) + "\n")
    mail.add_alternative("\n".join(["<!doctype html>", *map(_html, told), f"<p>{escape(rest)}</p>"]), subtype="html")
    return mail


def _text(notice: Notice) -> str:
    facts = [f"  {name}: {value}" for name, value in notice.facts]
    return "\n".join([notice.title, notice.summary, *facts, *(f"  | {line}" for line in notice.lines)])


def _html(notice: Notice) -> str:
    facts = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in notice.facts)
    lines = f"<pre>{escape(chr(10).join(notice.lines))}</pre>" if notice.lines else ""
    title = f'<h3 style="color:{COLOURS[notice.mark]}">{escape(notice.title)}</h3>'
    return f'{title}<p>{escape(notice.summary)}</p><table cellpadding="4">{facts}</table>{lines}'
