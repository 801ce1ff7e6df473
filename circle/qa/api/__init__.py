"""Questions and answers over the API. Importing the modules adds their endpoints to `bp`."""

from __future__ import annotations

from circle.qa.api.blueprint import bp

__all__ = ["bp"]
