"""The papers everybody agrees to, by the day their text was published.

Whoever changes a text (templates/accounts/terms.html, privacy.html) so that it means something else changes its day
here: then everybody is asked once more, and what they agree to is kept with that day.
"""

from __future__ import annotations

from collections.abc import Mapping

PAPERS: Mapping[str, str] = {"terms": "2026-11-22", "privacy": "2026-11-22"}
