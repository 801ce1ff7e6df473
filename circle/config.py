"""Settings, read once from environment variables `CIRCLE_*`.

Development, test and production differ here and nowhere else: no other module reads the environment (but for the
port of `flask serve`, an option of that command).
`docs/operations.md` lists every variable; a test compares that table with `Settings`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
    redis_url: str | None
    base_url: str
    rate_limits: bool
    locale: str
    node: int
    proxies: int
    site_name: str

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
        redis_url=env.get("CIRCLE_REDIS_URL") or None,
        base_url=base_url,
        rate_limits=_flag(env.get("CIRCLE_RATE_LIMITS") or "on", "CIRCLE_RATE_LIMITS"),
        locale=_locale(env.get("CIRCLE_LOCALE") or LOCALES[0]),
        node=_number(env.get("CIRCLE_NODE") or "0", "CIRCLE_NODE", 0, 31),
        proxies=_number(env.get("CIRCLE_PROXIES") or "0", "CIRCLE_PROXIES", 0, 5),
        site_name=env.get("CIRCLE_SITE_NAME") or "粉丝圈",
    )
