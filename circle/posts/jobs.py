"""What posts do by themselves: planned posts appear, old drafts go, pins fall off, polls end, names change."""

from __future__ import annotations

from datetime import datetime, timedelta

from circle.core import clock
from circle.core.jobs import enqueue, job
from circle.core.storage import storage
from circle.posts import operations, queries, rules, share, texts

_BATCH = 200
KEEP_CARDS = timedelta(days=7)


@job("posts.publish_planned")
def publish_planned(draft_id: int) -> None:
    """Publish a draft whose time has come; does nothing for one that was published, deleted or planned otherwise."""
    operations.publish_planned(draft_id)


@job("posts.publish_due", every=timedelta(minutes=5))
def publish_due() -> None:
    """See that no planned post is forgotten, whatever became of its own job."""
    for draft_id in queries.due_drafts(_BATCH):
        enqueue(publish_planned, draft_id, key=f"{publish_planned.name}:{draft_id}")


@job("posts.forget_drafts", every=timedelta(days=1))
def forget_drafts() -> None:
    """Remove drafts that nobody touched for 180 days; what is planned stays."""
    before = clock.now() - rules.KEEP_DRAFTS
    while operations.forget_drafts(queries.untouched_drafts(before, _BATCH), before):
        pass


@job("posts.forget_share_cards", every=timedelta(days=1))
def forget_share_cards() -> None:
    """Remove drawn cards that are a week old; those still asked for are drawn anew, those of former words are not."""
    before = clock.now() - KEEP_CARDS
    for card in storage().list(share.FOLDER):
        if card.modified < before:
            storage().delete(card.key)


@job("posts.drop_expired_pins", every=timedelta(minutes=10))
def drop_expired_pins() -> None:
    """Close the gaps that pins leave when their time is over (readers do not see those any more)."""
    for circle_id in queries.circles_with_expired_pins():
        operations.clear_expired_pins(circle_id)


@job("posts.freeze_topic_weeks", every=timedelta(minutes=10))
def freeze_topic_weeks() -> None:
    """Keep the leaderboards of topics whose week is over, from ten past midnight on Monday in their circle's time
    zone; and those of the weeks in which no worker ran."""
    while batch := queries.topics_to_freeze(_BATCH):
        frozen = [operations.freeze_topic_week(topic_id, week) for topic_id, week in batch]
        if not any(frozen):
            return  # gone or frozen meanwhile: nothing is lost by looking again later


@job("posts.rename_mentions")
def rename_mentions(user_id: int) -> None:
    """Let every text that names somebody show the name they have now; one that is up to date is not touched."""
    after: tuple[str, int] | None = None
    while batch := texts.outdated_mentions(user_id, after, _BATCH):
        for target_type, target_id in batch:
            operations.renew_mention(user_id, target_type, target_id)
        after = batch[-1]


@job("posts.close_poll")
def close_poll(post_id: int, planned: str) -> None:
    """Tell that the time of a poll is over, which was to be at `planned`; one that runs longer is looked at again."""
    left = operations.close_poll(post_id, datetime.fromisoformat(planned))
    if left is not None:
        enqueue(close_poll, post_id, planned, delay=left)
