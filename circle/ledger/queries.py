"""What may be read of the books. These know nothing of who asks: `circle.points.queries` decides that."""

from __future__ import annotations
