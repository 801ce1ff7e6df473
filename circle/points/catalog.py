"""What a circle begins with: rules, tasks, and the words for why something earned less. Circles get copies of these
(operations/beginning.py), so a change here concerns circles that begin later.

The amounts are those of the domain specification §1 (defaults) and §2.
"""

from __future__ import annotations

from typing import NamedTuple

from circle.core.i18n import LazyString, lazy

#: the row that holds the caps over all rules together
EVERYTHING = "*"


class RuleDefault(NamedTuple):
    points: int = 0
    growth: int = 0
    daily_count_cap: int | None = None
    daily_point_cap: int | None = None
    weekly_point_cap: int | None = None
    giver_daily_cap: int | None = None
    min_len: int | None = None


RULES: dict[str, RuleDefault] = {
    "post.text": RuleDefault(2, 2, daily_count_cap=5),
    "post.media": RuleDefault(5, 5, daily_count_cap=3),
    "comment": RuleDefault(1, 1, daily_count_cap=10),
    "like.received": RuleDefault(1, 1, daily_count_cap=20, giver_daily_cap=3),
    "answer": RuleDefault(3, 3, daily_count_cap=5),
    "answer.accepted": RuleDefault(20, 20, daily_count_cap=5),
    "checkin": RuleDefault(5, 5),
    "content.featured": RuleDefault(30, 30),
    EVERYTHING: RuleDefault(daily_point_cap=200, weekly_point_cap=1000),
}
CODES = tuple(RULES)

RULE_NAMES: dict[str, LazyString] = {
    "post.text": lazy("Post with words only"),
    "post.media": lazy("Post with pictures, voice or video"),
    "comment": lazy("Comment"),
    "like.received": lazy("Like on a post of one's own"),
    "answer": lazy("Answer to a question"),
    "answer.accepted": lazy("Answer that was accepted"),
    "checkin": lazy("Check-in"),
    "content.featured": lazy("Post chosen as a highlight"),
    EVERYTHING: lazy("Everything together"),
}

#: what is given as it was promised, by no rule
GRANT_NAMES: dict[str, LazyString] = {
    "campaign": lazy("Campaign completed"),
    "campaign.team": lazy("Campaign completed as a team"),
}


def name_of(code: str) -> str:
    """What a rule, or a promise, is called; the code itself for one that is known no more."""
    return str(RULE_NAMES.get(code) or GRANT_NAMES.get(code) or code)


#: why something earned less than its rule says; the sentences are in explaining.py
REASONS = (
    "count_cap", "giver_cap", "point_cap", "total_cap", "too_short", "disabled", "not_member", "own", "anonymous",
)  # fmt: skip


class TaskDefault(NamedTuple):
    cadence: str
    event: str
    target: int
    points: int
    growth: int


TASKS: dict[str, TaskDefault] = {
    "daily_post": TaskDefault("daily", "post", 1, 3, 3),
    "daily_comment": TaskDefault("daily", "comment_others", 3, 3, 3),
    "daily_like": TaskDefault("daily", "like", 3, 1, 1),
    "weekly_media": TaskDefault("weekly", "post_media", 3, 10, 10),
    "weekly_welcome": TaskDefault("weekly", "comment_newcomer", 2, 15, 15),
    "weekly_answer": TaskDefault("weekly", "answer", 2, 10, 10),
    "first_post": TaskDefault("newcomer", "post", 1, 10, 10),
    "first_comments": TaskDefault("newcomer", "comment_others", 2, 5, 5),
    "first_topic": TaskDefault("newcomer", "topic_follow", 1, 5, 5),
}
TASK_NAMES: dict[str, LazyString] = {
    "daily_post": lazy("Write a post"),
    "daily_comment": lazy("Answer others"),
    "daily_like": lazy("Like what others wrote"),
    "weekly_media": lazy("Share pictures, voice or video"),
    "weekly_welcome": lazy("Answer newcomers"),
    "weekly_answer": lazy("Answer questions"),
    "first_post": lazy("Your first post"),
    "first_comments": lazy("Your first comments"),
    "first_topic": lazy("Follow a topic"),
}
TASK_EVENTS: dict[str, LazyString] = {
    "post": lazy("Publish a post"),
    "post_media": lazy("Publish a post with pictures, voice or video"),
    "comment_others": lazy("Comment on a post of somebody else"),
    "comment_newcomer": lazy("Comment on a post of a newcomer"),
    "ask": lazy("Ask a question"),
    "answer": lazy("Answer a question of somebody else"),
    "checkin": lazy("Check in to a campaign"),
    "like": lazy("Like a post of somebody else"),
    "topic_follow": lazy("Follow a topic"),
}
#: for how many days after joining somebody is a newcomer: has newcomer tasks, and is welcomed by others
NEWCOMER_DAYS = 7
#: what was reached in a newcomer task can be claimed so long
CLAIM_DAYS = 30
