"""What questions and answers leave for later."""

from __future__ import annotations
