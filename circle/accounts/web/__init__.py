"""Pages of accounts: the `door` and a `forgotten` password, `settings`, `security`, `email`, `blocks`, one's `data`,
the `deletion` of an account, and the `papers`."""

from __future__ import annotations

from circle.accounts.web import blocks, data, deletion, door, email, forgotten, papers, security, settings
from circle.accounts.web.blueprint import bp, load_browser_user

__all__ = [
    "blocks",
    "bp",
    "data",
    "deletion",
    "door",
    "email",
    "forgotten",
    "load_browser_user",
    "papers",
    "security",
    "settings",
]
