"""Settings, read once from environment variables `CIRCLE_*`.

Development, test and production differ here and nowhere else: no other module reads the environment (but for the
port of `flask serve`, an option of that command).
`docs/operations.md` lists every variable; a test compares that table with `Settings`.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("development", "production", "test")
#: languages with a catalogue; the first is the default
LOCALES = ("zh_Hans_CN", "en")


class SettingsError(RuntimeError):
    """A setting is missing or makes no sense; the message names the variable."""


@dataclass(frozen=True)
class Settings:
    """Everything the operator decides. Durations are seconds, sizes bytes."""

    env: str
    secret_key: str
    database_url: str
    data_dir: Path
    media_dir: Path
    #: s3://key:secret@host/bucket?…; files live there instead of in media_dir
    s3_url: str | None
    #: send browsers to the bucket itself for pictures, voice and video
    s3_presign: bool
    #: how much all files of one member may have together; 0 is as much as fits
    media_quota_mb: int
    redis_url: str | None
    base_url: str
    rate_limits: bool
    locale: str
    node: int
    proxies: int
    site_name: str
    #: fonts beside our own for pictures that we draw, for names in rare characters
    font_paths: tuple[Path, ...]
    #: console:, off:, or smtp://user:password@host:port?tls=starttls|ssl|none
    mail_url: str
    mail_from: str
    #: open pages of one process that are told at once; all others ask every half minute
    live_streams: int

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def testing(self) -> bool:
        return self.env == "test"


def _flag(value: str, name: str) -> bool:
    lowered = value.strip().lower()
    if lowered in {"1", "on", "true", "yes"}:
        return True
    if lowered in {"0", "off", "false", "no"}:
        return False
    raise SettingsError(f"{name} must be on or off, not {value!r}")


def _number(value: str, name: str, low: int, high: int) -> int:
    if not value.isdecimal() or not low <= int(value) <= high:
        raise SettingsError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return int(value)


def _secret_key(env: Mapping[str, str], environment: str, data_dir: Path) -> str:
    """The signing key. Outside production one is made and kept, so that restarts do not sign everybody out."""
    if key := env.get("CIRCLE_SECRET_KEY"):
        if len(key) < 32:
            raise SettingsError("CIRCLE_SECRET_KEY must have at least 32 characters")
        return key
    if environment == "production":
        raise SettingsError("CIRCLE_SECRET_KEY must be set in production")
    path = data_dir / "secret_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        # exclusive create: two processes starting together must agree on one key
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass
    return path.read_text().strip()


def _locale(value: str) -> str:
    if value not in LOCALES:
        raise SettingsError(f"CIRCLE_LOCALE must be one of {', '.join(LOCALES)}, not {value!r}")
    return value


def _database_url(value: str) -> str:
    """Accept the spellings that hosting providers hand out."""
    return "postgresql://" + value.removeprefix("postgres://") if value.startswith("postgres://") else value


def _font_paths(value: str) -> tuple[Path, ...]:
    paths = tuple(Path(part) for part in value.split(os.pathsep) if part.strip())
    for path in paths:
        if not path.is_file():
            raise SettingsError(f"CIRCLE_FONT_PATHS names a font that is not there: {path}")
    return paths


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over; `tls` is starttls, ssl or none."""

    host: str
    port: int
    tls: str
    user: str
    password: str = field(repr=False)


_MAIL_PORTS = {"starttls": 587, "ssl": 465, "none": 25}


def mail_server(url: str) -> MailServer | None:
    """The server that CIRCLE_MAIL_URL names; None for console: and off:. Raises SettingsError."""
    if url in {"console:", "off:"}:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    tls = parse_qs(parts.query).get("tls", ["starttls"])[-1]
    if parts.scheme != "smtp" or not host or tls not in _MAIL_PORTS or parts.path.strip("/"):
        raise SettingsError(
            "CIRCLE_MAIL_URL must be console:, off: or smtp://user:password@host:port?tls=starttls (or ssl, or none)"
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user and tls == "none" and host not in {"localhost", "127.0.0.1", "::1"}:
        raise SettingsError("CIRCLE_MAIL_URL would send its password unprotected: use tls=starttls or tls=ssl")
    return MailServer(host, port or _MAIL_PORTS[tls], tls, user, password)


_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


def _mail(env: Mapping[str, str], environment: str, base_url: str) -> dict[str, str]:
    # printing codes that open accounts is for developing; a site that was told nothing sends nothing
    url = env.get("CIRCLE_MAIL_URL") or ("off:" if environment == "production" else "console:")
    mail_server(url)
    host = urlsplit(base_url).hostname or ""
    sender = env.get("CIRCLE_MAIL_FROM") or f"no-reply@{host if host and ':' not in host else 'localhost'}"
    if not _MAIL_ADDRESS.fullmatch(sender):
        raise SettingsError(f"CIRCLE_MAIL_FROM must be an e-mail address, not {sender!r}")
    return {"mail_url": url, "mail_from": sender}


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `env` (default: the process environment).

    Raises SettingsError with a sentence that names the variable at fault.
    """
    env = os.environ if env is None else env
    environment = env.get("CIRCLE_ENV", "development")
    if environment not in ENVIRONMENTS:
        raise SettingsError(f"CIRCLE_ENV must be one of {', '.join(ENVIRONMENTS)}, not {environment!r}")
    data_dir = Path(env.get("CIRCLE_DATA_DIR") or ROOT / "var").resolve()
    database_url = _database_url(env.get("CIRCLE_DATABASE_URL") or f"sqlite:///{data_dir / 'circle.db'}")
    if not database_url.startswith(("sqlite:", "postgresql:", "postgresql+psycopg:")):
        raise SettingsError("CIRCLE_DATABASE_URL must be an sqlite: or postgresql: address")
    base_url = (env.get("CIRCLE_BASE_URL") or "http://127.0.0.1:8000").rstrip("/")
    if not base_url.startswith(("http://", "https://")):
        raise SettingsError("CIRCLE_BASE_URL must start with http:// or https://")
    return Settings(
        env=environment,
        secret_key=_secret_key(env, environment, data_dir),
        database_url=database_url,
        data_dir=data_dir,
        media_dir=Path(env.get("CIRCLE_MEDIA_DIR") or data_dir / "media").resolve(),
        s3_url=env.get("CIRCLE_S3_URL") or None,
        s3_presign=_flag(env.get("CIRCLE_S3_PRESIGN") or "off", "CIRCLE_S3_PRESIGN"),
        media_quota_mb=_number(env.get("CIRCLE_MEDIA_QUOTA_MB") or "2048", "CIRCLE_MEDIA_QUOTA_MB", 0, 1_000_000),
        redis_url=env.get("CIRCLE_REDIS_URL") or None,
        base_url=base_url,
        rate_limits=_flag(env.get("CIRCLE_RATE_LIMITS") or "on", "CIRCLE_RATE_LIMITS"),
        locale=_locale(env.get("CIRCLE_LOCALE") or LOCALES[0]),
        node=_number(env.get("CIRCLE_NODE") or "0", "CIRCLE_NODE", 0, 31),
        proxies=_number(env.get("CIRCLE_PROXIES") or "0", "CIRCLE_PROXIES", 0, 5),
        site_name=env.get("CIRCLE_SITE_NAME") or "粉丝圈",
        font_paths=_font_paths(env.get("CIRCLE_FONT_PATHS") or ""),
        **_mail(env, environment, base_url),
        live_streams=_number(env.get("CIRCLE_LIVE_STREAMS") or "20", "CIRCLE_LIVE_STREAMS", 0, 1000),
    )
