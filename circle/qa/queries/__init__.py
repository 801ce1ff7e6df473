"""Every read of questions and answers: what this actor may see, as view rows."""

from __future__ import annotations
