"""Somebody who moves points without end and says what was done, to be killed in the middle of it.

A line `begin <name> <what>` is written before an operation and `done <name> <what>` after its commit, each straight to
the file. What has begun and is not done may have happened or not; what is done has happened.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from io import FileIO
from itertools import count
from pathlib import Path

from circle.access import SYSTEM
from circle.core.db import db
from circle.core.errors import Conflict, Refused
from circle.ledger import operations as ledger
from circle.ledger.operations import Why
from circle.points.operations import Cause, reward, set_earned
from circle.posts import operations as posts

ACTS = ("earn", "unearn", "reward", "spend", "hide", "restore")
#: points of a reward, of a spending
REWARD, PRICE = 5, 4


@dataclass(frozen=True)
class Mover:
    """Whose points are moved, and the post that is hidden and restored."""

    circle_id: int
    member_id: int
    user_id: int
    post_id: int

    def go_on(self, path: Path, round_: int) -> None:
        """Do one thing after the other until killed."""
        chance = random.Random(round_)
        with FileIO(path, "a") as file:
            for number in count(1):
                what, name = chance.choice(ACTS), f"{round_}.{number}"
                file.write(f"begin {name} {what}\n".encode())
                try:
                    self._do(what, name, chance)
                except (Refused, Conflict):
                    what = "refused"
                db.session.remove()
                file.write(f"done {name} {what}\n".encode())

    def _do(self, what: str, name: str, chance: random.Random) -> None:
        if what in ("earn", "unearn"):
            # what is taken back was earned by whoever was killed before, perhaps
            if what == "unearn":
                name = f"{int(name.partition('.')[0]) - chance.randint(0, 3)}.{chance.randint(1, 9)}"
            cause = Cause(f"kill:{name}", "content.featured", f"kill:{name}")
            set_earned(self.circle_id, self.user_id, cause, on=what == "earn")
        elif what == "reward":
            reward(self.member_id, Why("task", f"reward:{name}"), points=REWARD, growth=1)
        elif what == "spend":
            ledger.spend(self.circle_id, self.member_id, PRICE, Why("spend", f"spend:{name}"))
        elif what == "hide":
            posts.hide_post(SYSTEM, self.post_id, reason="off topic")
        else:
            posts.restore_post(SYSTEM, self.post_id)
