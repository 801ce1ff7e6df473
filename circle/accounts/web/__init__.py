"""Pages of accounts: the `door` and a `forgotten` password, `settings`, `security`, `email`, and the `papers`."""

from __future__ import annotations

from circle.accounts.web import door, email, forgotten, papers, security, settings
from circle.accounts.web.blueprint import bp, load_browser_user

__all__ = ["bp", "door", "email", "forgotten", "load_browser_user", "papers", "security", "settings"]
