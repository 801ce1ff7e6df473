"""E-mail: one message at a time, sent by jobs only, as it takes long and may fail.

`CIRCLE_MAIL_URL` says how: `console:` prints (development), `off:` drops, `smtp://` sends. What a server refuses for
good raises `MailRefused`, and nobody tries again; everything else raises `MailDelayed`, and the job engine does.

    mail.send(Mail(to="ann@example.org", subject=_("…"), text="…", html="…", key=f"reset:{…}"))

Headers are made by the standard library's policy, which refuses line breaks in any value, so nothing that a member
wrote can become a header.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
import sys
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol

import structlog
from flask import current_app

from circle.config import MailServer, mail_server
from circle.core import clock

log = structlog.get_logger(__name__)

#: seconds to wait for a mail server; shorter than the lease of a job
TIMEOUT = 15.0
#: longer subjects are cut off by most programs anyway
_SUBJECT_MAX = 120


class MailRefused(Exception):
    """The server said no for good (5xx): this mail will never get there."""


class MailDelayed(Exception):
    """The server was not there, or said to come again (4xx)."""


@dataclass(frozen=True)
class Mail:
    """One mail to one person. `key` tells it from all others: sent again under the same key, it is the same mail."""

    to: str
    subject: str
    text: str
    html: str
    key: str
    #: address that stops such mails with one POST (RFC 8058)
    unsubscribe: str | None = None


class Mailer(Protocol):
    """Sends one message, or raises MailRefused or MailDelayed."""

    def send(self, message: EmailMessage) -> None: ...


class NoMailer:
    """A site that sends no mail."""

    def send(self, message: EmailMessage) -> None:
        log.info("mail dropped, CIRCLE_MAIL_URL is off:", subject=str(message["Subject"]))


class ConsoleMailer:
    """Prints the plain text, so that links can be followed while developing."""

    def send(self, message: EmailMessage) -> None:
        body = message.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        sys.stdout.write(f"\n--- mail to {message['To']}: {message['Subject']}\n{text}---\n")
        sys.stdout.flush()


class SmtpMailer:
    """Hands messages to a mail server, each over a connection of its own."""

    def __init__(self, server: MailServer, *, context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._context = context or ssl.create_default_context()

    def send(self, message: EmailMessage) -> None:
        try:
            connection = self._connect(str(message["From"].addresses[0].domain))
            try:
                self._hand_over(connection, message)
                with suppress(smtplib.SMTPException, OSError):  # it has the mail; how it says goodbye is all one
                    connection.quit()
            finally:
                connection.close()
        except (smtplib.SMTPException, OSError) as error:
            raise MailDelayed(f"{type(error).__name__}: {error}") from error

    def _connect(self, name: str) -> smtplib.SMTP:
        server = self._server
        if server.tls == "ssl":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=name, timeout=TIMEOUT, context=self._context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=TIMEOUT)
        try:
            if server.tls == "starttls":
                connection.starttls(context=self._context)
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _hand_over(connection: smtplib.SMTP, message: EmailMessage) -> None:
        # a wrong password or certificate (raised before) is the operator's to mend, and mails wait for it; only what
        # the server says to this very mail can be the last word
        try:
            connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            _judge(code, answer)
        except smtplib.SMTPResponseException as error:
            _judge(error.smtp_code, error.smtp_error)


def _judge(code: int, answer: bytes | str) -> None:
    said = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    raise (MailRefused if 500 <= code < 600 else MailDelayed)(f"{code} {said}")


def make_mailer(url: str) -> Mailer:
    """The mailer of a site with this CIRCLE_MAIL_URL."""
    server = mail_server(url)
    if server is None:
        return NoMailer() if url == "off:" else ConsoleMailer()
    return SmtpMailer(server)


def sends_mail() -> bool:
    """Whether this site sends mail at all; pages that promise one ask first."""
    return not isinstance(current_app.extensions["circle_mailer"], NoMailer)


def send(mail: Mail) -> None:
    """Send one mail now; for jobs. Raises MailRefused, MailDelayed."""
    mailer: Mailer = current_app.extensions["circle_mailer"]
    mailer.send(compose(mail))


def compose(mail: Mail) -> EmailMessage:
    """The mail as it goes over the wire: plain text and HTML, in the site's name."""
    settings = current_app.config["SETTINGS"]
    domain = settings.mail_from.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(one_line(settings.site_name), addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = one_line(mail.subject)[:_SUBJECT_MAX]
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{hashlib.sha256(mail.key.encode()).hexdigest()[:32]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe is not None:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # base64: Chinese text stays intact on servers without 8BITMIME, and no line is too long
    message.set_content(mail.text, cte="base64")
    message.add_alternative(mail.html, subtype="html", cte="base64")
    return message


def one_line(text: str) -> str:
    """A text as a header can hold it."""
    return " ".join(text.split())
