"""A small mail server of our own for tests: takes what it is given, or refuses as it is told."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any


@dataclass
class MailServer:
    """`received` are the messages in order; `answers` maps a command to what the server says instead of yes."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    #: commands at which the connection is cut
    hang_up_at: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def newest(self) -> EmailMessage:
        return self.received[-1]


def text_of(message: EmailMessage) -> str:
    """The plain part."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


class _Handler(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        box: MailServer = self.server.box
        self._say("220 here")
        while line := self.rfile.readline():
            words = line.decode("latin-1").strip()
            command = words[:4].upper()
            box.commands.append(words)
            if command in box.hang_up_at:
                return
            if command in box.answers:
                self._say(box.answers[command])
            elif command == "EHLO":
                self._say("250-here\r\n250-AUTH PLAIN\r\n250 SIZE 1000000")
            elif command == "AUTH":
                self._say("235 welcome")
            elif command == "RCPT":
                box.recipients.append(words.partition("<")[2].partition(">")[0])
                self._say("250 fine")
            elif command == "DATA":
                self._data(box)
            elif command == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _data(self, box: MailServer) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        if "." in box.answers:
            self._say(box.answers["."])
            return
        raw = b"".join(lines)
        box.received.append(message_from_bytes(raw, policy=SMTP))  # type: ignore[arg-type]
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A running server on a port of its own."""
    box = MailServer()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        server.box = box  # type: ignore[attr-defined]
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield box
        server.shutdown()
