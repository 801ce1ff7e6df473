"""What may be read of points."""

from __future__ import annotations
