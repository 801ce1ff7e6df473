"""How large and how long uploads may be, by what they are. docs/operations.md lists them."""

from __future__ import annotations

_MB = 1024 * 1024

MAX_IMAGE = 10 * _MB
MAX_AUDIO = 10 * _MB
MAX_VIDEO = 100 * _MB
MAX_FILE = 50 * _MB
#: of one file of any kind
MAX_ANY = MAX_VIDEO
#: of voice and video, in milliseconds
LONGEST_MS = 5 * 60 * 1000
