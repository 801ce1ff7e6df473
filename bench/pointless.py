"""The site with one thing less: a post earns nothing and counts for no task. What points cost is the difference."""

from __future__ import annotations

from circle import reactions
from circle.app import create_app
from circle.core import events
from circle.posts.events import PostPublished

POINTS = {"earn_by_post", "count_post_for_tasks"}

app = create_app()
_follows = reactions.REACTIONS[PostPublished]
_rest = [reaction for reaction in _follows if reaction.__name__ not in POINTS]
if len(_rest) != len(_follows) - len(POINTS):
    raise RuntimeError("what gives points for a post is called otherwise now")
events.install({**reactions.REACTIONS, PostPublished: _rest})
