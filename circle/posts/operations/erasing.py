"""What becomes of posts, comments, drafts, likes and mentions when somebody's account is deleted.

Called by the job of the deletion, after the account is closed: nobody asks for these but the person who is gone. Each
operation is about one row, so none of them holds anything for long, and each does nothing the second time.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select, update

from circle.core import markup
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.posts import rules
from circle.posts.events import CommentDeleted, NameErased, PostDeleted
from circle.posts.models import Comment, Mention, Poll, PollOption, PollVote, Post, PostMedia, Revision
from circle.posts.operations.comment import parent_of
from circle.posts.operations.counting import count_comment, mirror, topic_ids_of
from circle.posts.operations.favorite import set_favorite
from circle.posts.operations.like import set_comment_like, set_post_like
from circle.posts.operations.mentions import forget_mentions
from circle.posts.operations.pins import drop_pin, locked_for_pins
from circle.posts.renaming import Renewed


@dataclass(frozen=True)
class Unnamed:
    """A text with `label` in place of the `names` of somebody who is gone."""

    text: Renewed
    names: frozenset[str]
    label: str


@operation
def erase_post(post_id: int) -> None:
    """Take a post back for good, whatever its state: its words, files, poll and earlier versions. Raises NotFound."""
    post = locked_for_pins(post_id)
    counted = post.status == "published"
    db.session.execute(delete(PostMedia).where(PostMedia.post_id == post_id))
    db.session.execute(delete(Revision).where(Revision.post_id == post_id))
    db.session.execute(delete(Poll).where(Poll.post_id == post_id))
    drop_pin(post)
    post.status = "deleted"
    post.title = post.body = post.body_html = post.excerpt = post.hidden_reason = ""
    kept = {"question": {**post.parts["question"], "peek": ""}} if "question" in post.parts else {}
    post.parts = {"media": [], "topics": sorted(topic_ids_of(post_id)), **kept}
    post.version += 1
    mirror(post)
    forget_mentions("post", post_id)
    if counted:
        emit(PostDeleted(post.id, post.circle_id, post.author_id, None, topic_ids_of(post_id)))


@operation
def erase_comment(comment_id: int) -> None:
    """Take a comment back for good, whatever its state; replies to it stay. Raises NotFound."""
    post, comment = _locked_comment(comment_id)
    counted = comment.status == "published"
    comment.status = "deleted"
    comment.body = comment.body_html = comment.hidden_reason = ""
    comment.version += 1
    db.session.flush()
    forget_mentions("comment", comment_id)
    if counted:
        count_comment(post, parent_of(comment), comment, -1)
        emit(CommentDeleted(comment.id, comment.post_id, comment.circle_id, comment.author_id, None))


@operation
def erase_like(user_id: int, target_type: str, target_id: int) -> None:
    """Take back what somebody liked. Raises NotFound."""
    if target_type == "post":
        set_post_like(lock(Post, target_id), user_id, False)
    else:
        set_comment_like(*_locked_comment(target_id), user_id, False)


@operation
def erase_favorite(user_id: int, post_id: int) -> None:
    """Let go what somebody kept. Raises NotFound."""
    set_favorite(lock(Post, post_id), user_id, False)


@operation
def erase_vote(user_id: int, post_id: int) -> None:
    """Take somebody's vote out of a poll, also when it is over. Raises NotFound."""
    poll = lock(Poll, post_id)
    mine = (PollVote.post_id == post_id, PollVote.user_id == user_id)
    chosen = db.session.scalars(select(PollVote.option_id).where(*mine)).all()
    if not chosen:
        return
    db.session.execute(delete(PollVote).where(*mine))
    fewer = update(PollOption).where(PollOption.id.in_(chosen)).values(vote_count=PollOption.vote_count - 1)
    db.session.execute(fewer.execution_options(synchronize_session=False))
    poll.voter_count -= 1


@operation
def store_unnamed(user_id: int, target: tuple[str, int], version: int, now: Unnamed) -> bool:
    """Let a text that named somebody read as `now`; False when it was edited since it was read as `version`."""
    target_type, target_id = target
    try:
        row: Post | Comment = lock(Post, target_id) if target_type == "post" else lock(Comment, target_id)
    except NotFound:
        return True
    if row.version != version:
        return False
    row.body, row.body_html = now.text.body, now.text.html  # the version stays: for readers this is no edit
    if isinstance(row, Post):
        row.excerpt = markup.excerpt(now.text.html, rules.EXCERPT)
    db.session.execute(
        delete(Mention).where(
            Mention.target_type == target_type, Mention.target_id == target_id, Mention.user_id == user_id
        )
    )
    about = (row.id, None) if isinstance(row, Post) else (row.post_id, row.id)
    emit(NameErased(about[0], about[1], tuple(sorted(now.names)), now.label))
    return True


@operation
def store_unnamed_revision(revision_id: int, now: Renewed) -> None:
    """Let an earlier version of a post, which nobody edits any more, read as `now`."""
    changed = update(Revision).where(Revision.id == revision_id).values(body=now.body, body_html=now.html)
    db.session.execute(changed.execution_options(synchronize_session=False))


def _locked_comment(comment_id: int) -> tuple[Post, Comment]:
    post_id = db.session.scalar(select(Comment.post_id).where(Comment.id == comment_id))
    if post_id is None:
        raise NotFound
    return lock(Post, post_id), lock(Comment, comment_id)
