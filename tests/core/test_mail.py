"""How a mail looks on the wire, and what becomes of it when the server does not take it."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from circle.config import SettingsError, load, mail_server
from circle.core import mail
from circle.core.mail import Mail, MailDelayed, MailRefused, SmtpMailer, make_mailer
from tests.mailserver import MailServer, text_of
from tests.mailserver import mail_server as running


@pytest.fixture
def box() -> Iterator[MailServer]:
    with running() as server:
        yield server


@pytest.fixture
def site(plain_app: Flask, box: MailServer) -> Iterator[Flask]:
    """The application, sending to the test's server."""
    before = plain_app.extensions["circle_mailer"]
    plain_app.extensions["circle_mailer"] = make_mailer(box.url)
    with plain_app.app_context():
        yield plain_app
    plain_app.extensions["circle_mailer"] = before


def letter(**values: str) -> Mail:
    return Mail(
        **(
            {"to": "ann@example.org", "subject": "文燕回复了你", "text": "早安\n", "html": "<p>早安</p>", "key": "1"}
            | values
        )
    )


def test_a_mail_is_text_and_html_with_a_chinese_subject(site: Flask, box: MailServer) -> None:
    mail.send(letter(unsubscribe="http://localhost/unsubscribe/x"))
    message = box.newest()
    assert message["Subject"] == "文燕回复了你"
    assert message["From"].addresses[0].addr_spec == "no-reply@localhost"
    assert message["From"].addresses[0].display_name == "粉丝圈"
    assert message["To"] == "ann@example.org"
    assert box.recipients == ["ann@example.org"]
    assert text_of(message) == "早安\n"
    html = message.get_body(("html",))
    assert html is not None
    assert html.get_content().strip() == "<p>早安</p>"
    assert message.get_content_type() == "multipart/alternative"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == "<http://localhost/unsubscribe/x>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Date"]
    assert message["Message-ID"].endswith("@localhost>")


def test_the_same_mail_has_the_same_id_another_one_another(site: Flask, box: MailServer) -> None:
    for key in ("1", "1", "2"):
        mail.send(letter(key=key))
    first, again, other = (message["Message-ID"] for message in box.received)
    assert first == again != other


@pytest.mark.parametrize(
    "hostile",
    [
        "a\r\nBcc: eve@example.org",
        "a\nBcc: eve@example.org",
        "a\r\n\r\nbody",
        "a\x0bBcc: x",
        "a\u2028Bcc: eve@example.org",
        "\r\n.\r\nQUIT",
    ],
)
def test_nothing_in_a_subject_or_text_becomes_a_header_or_a_command(site: Flask, box: MailServer, hostile: str) -> None:
    mail.send(letter(subject=hostile, text=f"{hostile}\n.\r\nRCPT TO:<eve@example.org>\r\n", html=hostile))
    message = box.newest()
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]
    assert box.recipients == ["ann@example.org"]
    assert len(box.received) == 1


@pytest.mark.parametrize(
    "to", ["ann@example.org\r\nBcc: eve@example.org", "ann@example.org, eve@example.org", "ann", ""]
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(site: Flask, box: MailServer, to: str) -> None:
    with pytest.raises(Exception, match=r".*"):
        mail.send(letter(to=to))
    assert box.received == []


@pytest.mark.parametrize(
    ("command", "answer", "error"),
    [
        ("RCPT", "550 no such person", MailRefused),
        ("RCPT", "451 later", MailDelayed),
        ("MAIL", "553 not you", MailRefused),
        (".", "554 spam", MailRefused),
        (".", "452 full", MailDelayed),
        ("DATA", "421 closing", MailDelayed),
        ("EHLO", "421 busy", MailDelayed),
    ],
)
def test_what_the_server_says_decides_whether_it_is_tried_again(
    site: Flask, box: MailServer, command: str, answer: str, error: type[Exception]
) -> None:
    box.answers[command] = answer
    if command == "EHLO":
        box.answers["HELO"] = answer
    with pytest.raises(error):
        mail.send(letter())
    assert box.received == []


def test_a_server_that_hangs_up_or_is_not_there_is_tried_again(site: Flask, box: MailServer) -> None:
    box.hang_up_at.add("DATA")
    with pytest.raises(MailDelayed):
        mail.send(letter())
    site.extensions["circle_mailer"] = make_mailer("smtp://127.0.0.1:1?tls=none")
    with pytest.raises(MailDelayed):
        mail.send(letter())


def test_how_the_server_says_goodbye_does_not_matter(site: Flask, box: MailServer) -> None:
    box.hang_up_at.add("QUIT")
    mail.send(letter())
    assert len(box.received) == 1


def test_a_wrong_password_is_the_operators_to_mend_and_mails_wait(site: Flask, box: MailServer) -> None:
    box.answers["AUTH"] = "535 wrong"
    site.extensions["circle_mailer"] = make_mailer(f"smtp://us%40er:p%2Fw@127.0.0.1:{box.port}?tls=none")
    with pytest.raises(MailDelayed):
        mail.send(letter())
    box.answers.clear()
    mail.send(letter())
    assert len(box.received) == 1


def test_a_server_without_tls_is_not_trusted_when_tls_is_asked_for(site: Flask, box: MailServer) -> None:
    site.extensions["circle_mailer"] = make_mailer(f"smtp://127.0.0.1:{box.port}?tls=starttls")
    with pytest.raises(MailDelayed):
        mail.send(letter())
    assert box.received == []


def test_a_certificate_nobody_vouches_for_is_refused(site: Flask, tmp_path: Path) -> None:
    key, crt = tmp_path / "key.pem", tmp_path / "crt.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    try:
        command += ["-keyout", str(key), "-out", str(crt)]
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    except FileNotFoundError:
        pytest.skip("no openssl command")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    with running() as server, _tls_in_front(server, context) as port:
        site.extensions["circle_mailer"] = make_mailer(f"smtp://localhost:{port}?tls=ssl")
        with pytest.raises(MailDelayed, match="CERTIFICATE"):
            mail.send(letter())
        assert server.received == []
        trusting = ssl.create_default_context(cafile=str(crt))
        known = mail_server(f"smtp://localhost:{port}?tls=ssl")
        assert known is not None
        site.extensions["circle_mailer"] = SmtpMailer(known, context=trusting)
        mail.send(letter())
        assert len(server.received) == 1


def test_the_console_shows_the_text_and_off_shows_nothing(site: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    site.extensions["circle_mailer"] = make_mailer("console:")
    assert mail.sends_mail()
    mail.send(letter())
    assert "早安" in capsys.readouterr().out
    site.extensions["circle_mailer"] = make_mailer("off:")
    assert not mail.sends_mail()
    mail.send(letter())
    assert "早安" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("smtp://mail.example.org", "mail.example.org", 587, "starttls"),
        ("smtp://u:p@mail.example.org:2525?tls=ssl", "mail.example.org", 2525, "ssl"),
        ("smtp://mail.example.org?tls=ssl", "mail.example.org", 465, "ssl"),
        ("smtp://127.0.0.1?tls=none", "127.0.0.1", 25, "none"),
    ],
)
def test_the_address_of_a_mail_server_is_read(url: str, host: str, port: int, tls: str) -> None:
    server = mail_server(url)
    assert server is not None
    assert (server.host, server.port, server.tls) == (host, port, tls)


@pytest.mark.parametrize(
    "url",
    ["smtp:", "smtp://", "http://mail.example.org", "smtp://h?tls=maybe", "smtp://h:x", "smtp://h/path", "console",
     "smtp://u:p@mail.example.org?tls=none", "smtp://[::1"],
)  # fmt: skip
def test_an_address_that_makes_no_sense_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="CIRCLE_MAIL_URL"):
        load({"CIRCLE_MAIL_URL": url, "CIRCLE_ENV": "test", "CIRCLE_SECRET_KEY": "x" * 32})


def test_production_sends_nothing_unless_told_how(tmp_path: Path) -> None:
    env = {"CIRCLE_ENV": "production", "CIRCLE_SECRET_KEY": "x" * 32, "CIRCLE_BASE_URL": "https://circle.example"}
    settings = load({**env, "CIRCLE_DATA_DIR": str(tmp_path)})
    assert (settings.mail_url, settings.mail_from) == ("off:", "no-reply@circle.example")
    with pytest.raises(SettingsError, match="CIRCLE_MAIL_FROM"):
        load({**env, "CIRCLE_MAIL_FROM": "a@b\r\nBcc: c@d"})


def _tls_in_front(server: MailServer, context: ssl.SSLContext):  # type: ignore[no-untyped-def]
    """A port that speaks TLS and hands what it hears to the server."""
    import socket
    import threading
    from contextlib import contextmanager, suppress

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                raw, _address = listener.accept()
            except OSError:
                return
            try:
                outside = context.wrap_socket(raw, server_side=True)
            except (ssl.SSLError, OSError):
                raw.close()
                continue
            inside = socket.create_connection(("127.0.0.1", server.port))
            threading.Thread(target=pump, args=(inside, outside), daemon=True).start()
            pump(outside, inside)
            inside.close()
            outside.close()

    @contextmanager
    def run() -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=serve, args=(listener,), daemon=True).start()
            yield listener.getsockname()[1]

    return run()
