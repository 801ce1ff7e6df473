"""What the ledger does by itself."""

from __future__ import annotations
