"""What somebody has here, feature by feature, as plain values for the copy they take with them (takeout.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from circle.access import Actor
from circle.accounts.models import AuthSession, Block, Consent, FormerName, User
from circle.accounts.queries import MeRow
from circle.circles.models import Application, Circle, Member
from circle.core.db import db
from circle.core.operation import abandon
from circle.core.storage import EXTENSIONS, storage
from circle.home import belongings_checkins as checkins
from circle.home import belongings_points as points
from circle.home import belongings_qa as qa
from circle.home.batches import batches as _batches
from circle.home.batches import rows as _rows
from circle.media.models import Media
from circle.notifications import queries as notice_queries
from circle.notifications.models import NoticeSetting
from circle.posts.models import (
    Comment,
    Draft,
    DraftMedia,
    Favorite,
    Like,
    Poll,
    PollOption,
    PollVote,
    Post,
    PostMedia,
    Revision,
    TopicPost,
    TopicRank,
)
from circle.topics.models import Topic, TopicFollow

Item = dict[str, Any]
#: of any columns
_Select = Any


def profile(me: MeRow) -> Item:
    """Who somebody is."""
    former = select(FormerName.username, FormerName.created_at).where(FormerName.user_id == me.id)
    return {
        "id": str(me.id),
        "username": me.username,
        "nickname": me.nickname,
        "introduction": me.bio,
        "email": me.email,
        "picture": me.avatar_url,
        "joined_at": me.created_at,
        "settings": me.settings,
        "account_deleted_at": me.deleting_at,
        "former_usernames": [{"username": row[0], "until": row[1]} for row in db.session.execute(former)],
    }


def lists(user_id: int) -> Iterator[tuple[str, Iterator[Item]]]:
    """Name -> everything of that kind; each is read only as far as it is asked for."""
    makers: Mapping[str, Callable[[int], Iterator[Item]]] = {
        "agreements": _agreements,
        "sign_ins": _sign_ins,
        "blocked": _blocked,
        "circles": _circles,
        "applications": _applications,
        "posts": _posts,
        "drafts": _drafts,
        "comments": _comments,
        "likes": _likes,
        "favorites": _favorites,
        "topics": _topics,
        "topic_places": _topic_places,
        "votes": _votes,
        "answers": qa.answers,
        "answer_votes": qa.answer_votes,
        "invitations_to_answer": qa.question_invites,
        "campaigns": checkins.campaigns,
        "check_ins": checkins.check_ins,
        "makeup_cards": checkins.makeup_cards,
        "campaign_places": checkins.campaign_places,
        "points": points.accounts,
        "points_statement": points.statement,
        "points_earned": points.sources,
        "levels": points.levels,
        "tasks": points.tasks,
        "points_adjusted": points.adjustments,
        "notification_settings": _notice_settings,
        "files": _file_list,
    }
    for name, made in makers.items():
        yield name, made(user_id)


# ---- accounts ----------------------------------------------------------------------------------------------------


def _agreements(user_id: int) -> Iterator[Item]:
    mine = select(Consent.doc, Consent.version, Consent.created_at).where(Consent.user_id == user_id)
    for row in _rows(mine, Consent.doc, Consent.version):
        yield {"paper": row.doc, "version": row.version, "agreed_at": row.created_at}


def _sign_ins(user_id: int) -> Iterator[Item]:
    """Without what would let anybody in."""
    mine = select(
        AuthSession.id, AuthSession.kind, AuthSession.user_agent, AuthSession.network, AuthSession.created_at,
        AuthSession.last_seen_at, AuthSession.revoked_at,
    ).where(AuthSession.user_id == user_id)  # fmt: skip
    for row in _rows(mine, AuthSession.id):
        yield {
            "kind": row.kind, "device": row.user_agent, "network": row.network, "signed_in_at": row.created_at,
            "last_seen_at": row.last_seen_at, "ended_at": row.revoked_at,
        }  # fmt: skip


def _blocked(user_id: int) -> Iterator[Item]:
    mine = select(Block.blocked_id, User.username, User.nickname, Block.created_at)
    mine = mine.join(User, User.id == Block.blocked_id).where(Block.blocker_id == user_id)
    for row in _rows(mine, Block.blocked_id):
        yield {"username": row.username, "nickname": row.nickname, "since": row.created_at}


# ---- circles -----------------------------------------------------------------------------------------------------


def _circles(user_id: int) -> Iterator[Item]:
    mine = select(
        Member.id, Circle.slug, Circle.name, Member.status, Member.role, Member.joined_at, Member.left_at,
        Member.muted_until,
    ).join(Circle, Circle.id == Member.circle_id).where(Member.user_id == user_id)  # fmt: skip
    for row in _rows(mine, Member.id):
        yield {
            "name": row.name, "address": f"/{row.slug}", "status": row.status, "role": row.role,
            "joined_at": row.joined_at, "left_at": row.left_at, "muted_until": row.muted_until,
        }  # fmt: skip


def _applications(user_id: int) -> Iterator[Item]:
    mine = select(
        Application.id, Circle.slug, Circle.name, Application.answers, Application.status, Application.reason,
        Application.created_at, Application.decided_at,
    ).join(Circle, Circle.id == Application.circle_id).where(Application.user_id == user_id)  # fmt: skip
    for row in _rows(mine, Application.id):
        yield {
            "circle": row.name, "address": f"/{row.slug}", "answers": row.answers, "status": row.status,
            "reason": row.reason, "asked_at": row.created_at, "decided_at": row.decided_at,
        }  # fmt: skip


# ---- posts -------------------------------------------------------------------------------------------------------


def _posts(user_id: int) -> Iterator[Item]:
    mine = select(
        Post.id, Circle.slug, Circle.name, Post.type, Post.status, Post.title, Post.body, Post.published_at,
        Post.edited_at, Post.like_count, Post.comment_count, Post.favorite_count, Post.hidden_reason, Post.anonymous,
        Post.answer_count,
    ).join(Circle, Circle.id == Post.circle_id).where(Post.author_id == user_id)  # fmt: skip
    for batch in _batches(mine, Post.id):
        ids = [row.id for row in batch]
        topics, files = _topics_of(ids), _files_of(PostMedia.post_id, PostMedia, ids)
        polls, former = _polls_of(ids), _revisions_of(ids)
        for row in batch:
            yield {
                "id": str(row.id), "address": f"/{row.slug}/posts/{row.id}", "circle": row.name, "type": row.type,
                "status": row.status, "title": row.title, "body": row.body, "published_at": row.published_at,
                "edited_at": row.edited_at, "topics": topics.get(row.id, []), "files": files.get(row.id, []),
                "poll": polls.get(row.id), "likes": row.like_count, "comments": row.comment_count,
                "kept": row.favorite_count, "answers": row.answer_count if row.type == "question" else None,
                "without_name": row.anonymous, "hidden_because": row.hidden_reason or None,
                "earlier_versions": former.get(row.id, []),
            }  # fmt: skip


def _topics_of(post_ids: Sequence[int]) -> dict[int, list[str]]:
    found = select(TopicPost.post_id, Topic.title).join(Topic, Topic.id == TopicPost.topic_id)
    return _grouped(found.where(TopicPost.post_id.in_(post_ids)).order_by(Topic.id), lambda row: row.title)


def _files_of(key: Any, model: Any, ids: Sequence[int]) -> dict[int, list[Item]]:
    found = select(key, model.media_id, model.alt).where(key.in_(ids)).order_by(model.position)
    return _grouped(found, lambda row: {"id": str(row.media_id), "description": row.alt})


def _revisions_of(post_ids: Sequence[int]) -> dict[int, list[Item]]:
    found = select(Revision.post_id, Revision.title, Revision.body, Revision.since)
    return _grouped(
        found.where(Revision.post_id.in_(post_ids)).order_by(Revision.version),
        lambda row: {"title": row.title, "body": row.body, "since": row.since},
    )


def _polls_of(post_ids: Sequence[int]) -> dict[int, Item]:
    found = select(PollOption.post_id, PollOption.text, PollOption.vote_count)
    options = _grouped(
        found.where(PollOption.post_id.in_(post_ids)).order_by(PollOption.position),
        lambda row: {"text": row.text, "votes": row.vote_count},
    )
    asked = select(Poll.post_id, Poll.question, Poll.max_choices, Poll.closes_at).where(Poll.post_id.in_(post_ids))
    return {
        row.post_id: {
            "question": row.question, "choices_each": row.max_choices, "closes_at": row.closes_at,
            "options": options.get(row.post_id, []),
        }
        for row in db.session.execute(asked)
    }  # fmt: skip


def _grouped(statement: _Select, made: Callable[[Any], Any]) -> dict[int, list[Any]]:
    """What is made of each row, by the row's first column."""
    found: dict[int, list[Any]] = {}
    for row in db.session.execute(statement):
        found.setdefault(row[0], []).append(made(row))
    return found


def _drafts(user_id: int) -> Iterator[Item]:
    mine = select(
        Draft.id, Circle.slug, Circle.name, Draft.title, Draft.body, Draft.extra, Draft.created_at, Draft.updated_at,
        Draft.publish_at,
    ).join(Circle, Circle.id == Draft.circle_id).where(Draft.author_id == user_id)  # fmt: skip
    for batch in _batches(mine, Draft.id):
        files = _files_of(DraftMedia.draft_id, DraftMedia, [row.id for row in batch])
        for row in batch:
            yield {
                "circle": row.name, "title": row.title, "body": row.body, "poll": row.extra.get("poll"),
                "files": files.get(row.id, []), "begun_at": row.created_at, "saved_at": row.updated_at,
                "publish_at": row.publish_at,
            }  # fmt: skip


def _comments(user_id: int) -> Iterator[Item]:
    mine = select(
        Comment.id, Comment.post_id, Circle.slug, Circle.name, Comment.parent_id, Comment.body, Comment.status,
        Comment.created_at, Comment.edited_at, Comment.like_count, Comment.hidden_reason, Comment.anonymous,
    ).join(Circle, Circle.id == Comment.circle_id).where(Comment.author_id == user_id)  # fmt: skip
    for row in _rows(mine, Comment.id):
        yield {
            "id": str(row.id), "address": f"/{row.slug}/posts/{row.post_id}#comment-{row.id}", "circle": row.name,
            "answers": str(row.parent_id) if row.parent_id else None, "body": row.body, "status": row.status,
            "without_name": row.anonymous,
            "written_at": row.created_at, "edited_at": row.edited_at, "likes": row.like_count,
            "hidden_because": row.hidden_reason or None,
        }  # fmt: skip


def _likes(user_id: int) -> Iterator[Item]:
    mine = select(Like.target_type, Like.target_id, Like.created_at).where(Like.user_id == user_id)
    for batch in _batches(mine, Like.target_type, Like.target_id):
        addresses = _addresses(batch)
        for row in batch:
            yield {"what": row.target_type, "address": addresses.get(row.target_id), "liked_at": row.created_at}


def _addresses(likes: Sequence[Any]) -> dict[int, str]:
    """Where what was liked stands. Ids tell posts and comments apart by themselves."""
    ids = [row.target_id for row in likes]
    posts = select(Post.id, Circle.slug).join(Circle, Circle.id == Post.circle_id).where(Post.id.in_(ids))
    comments = select(Comment.id, Comment.post_id, Circle.slug).join(Circle, Circle.id == Comment.circle_id)
    found = {id_: f"/{slug}/posts/{id_}" for id_, slug in db.session.execute(posts)}
    for id_, post_id, slug in db.session.execute(comments.where(Comment.id.in_(ids))):
        found[id_] = f"/{slug}/posts/{post_id}#comment-{id_}"
    return found


def _favorites(user_id: int) -> Iterator[Item]:
    mine = select(Favorite.post_id, Circle.slug, Favorite.created_at).join(Post, Post.id == Favorite.post_id)
    mine = mine.join(Circle, Circle.id == Post.circle_id).where(Favorite.user_id == user_id)
    for row in _rows(mine, Favorite.post_id):
        yield {"address": f"/{row.slug}/posts/{row.post_id}", "kept_at": row.created_at}


def _topics(user_id: int) -> Iterator[Item]:
    mine = select(TopicFollow.topic_id, Topic.title, Topic.slug, Circle.slug.label("circle"), TopicFollow.created_at)
    mine = mine.join(Topic, Topic.id == TopicFollow.topic_id).join(Circle, Circle.id == Topic.circle_id)
    for row in _rows(mine.where(TopicFollow.user_id == user_id), TopicFollow.topic_id):
        yield {"title": row.title, "address": f"/{row.circle}/topics/{row.slug}", "since": row.created_at}


def _topic_places(user_id: int) -> Iterator[Item]:
    """Their places on the weekly boards of topics that were kept."""
    mine = select(
        TopicRank.topic_id, TopicRank.week, TopicRank.rank, TopicRank.score, TopicRank.post_count, Topic.title,
        Circle.slug, Topic.slug.label("topic_slug"),
    )  # fmt: skip
    mine = mine.join(Topic, Topic.id == TopicRank.topic_id).join(Circle, Circle.id == Topic.circle_id)
    for row in _rows(mine.where(TopicRank.user_id == user_id), TopicRank.topic_id, TopicRank.week):
        yield {
            "topic": row.title, "address": f"/{row.slug}/topics/{row.topic_slug}", "week": row.week,
            "place": row.rank, "score": row.score, "posts": row.post_count,
        }  # fmt: skip


def _votes(user_id: int) -> Iterator[Item]:
    mine = select(PollVote.post_id, PollVote.option_id, PollOption.text, Circle.slug, PollVote.created_at)
    mine = mine.join(PollOption, PollOption.id == PollVote.option_id).join(Post, Post.id == PollVote.post_id)
    mine = mine.join(Circle, Circle.id == Post.circle_id).where(PollVote.user_id == user_id)
    for row in _rows(mine, PollVote.post_id, PollVote.option_id):
        yield {"address": f"/{row.slug}/posts/{row.post_id}", "choice": row.text, "voted_at": row.created_at}


# ---- notices -----------------------------------------------------------------------------------------------------


def _notice_settings(user_id: int) -> Iterator[Item]:
    mine = select(NoticeSetting.category, NoticeSetting.inbox, NoticeSetting.mail)
    for row in _rows(mine.where(NoticeSetting.user_id == user_id), NoticeSetting.category):
        yield {"category": row.category, "inbox": row.inbox, "mail": row.mail}


def notices(owner: Actor) -> Iterator[Item]:
    """What somebody was told, last first, in the language that is spoken."""
    cursor: str | None = None
    while True:
        page = notice_queries.inbox(owner, cursor, limit=50)
        for row in page.items:
            yield {
                "text": row.text, "quote": row.quote, "address": row.url,
                "circle": row.circle.name if row.circle else None, "told_at": row.told_at, "read_at": row.read_at,
            }  # fmt: skip
        abandon()
        cursor = page.next_cursor
        if cursor is None:
            return


# ---- media -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """An upload; `path` is its place in the copy, None when the stored file is missing."""

    key: str
    path: str | None
    created_at: datetime


_FILES = (Media.id, Media.storage_key, Media.mime, Media.kind, Media.purpose, Media.name, Media.bytes, Media.created_at)


def files(user_id: int) -> Iterator[File]:
    """Everything somebody uploaded that is still there."""
    for row in _rows(select(*_FILES).where(Media.owner_id == user_id), Media.id):
        yield File(row.storage_key, _path(row), row.created_at)


def _file_list(user_id: int) -> Iterator[Item]:
    for row in _rows(select(*_FILES).where(Media.owner_id == user_id), Media.id):
        yield {
            "id": str(row.id), "file": _path(row), "name": row.name, "kind": row.kind, "used_for": row.purpose,
            "type": row.mime, "bytes": row.bytes, "uploaded_at": row.created_at,
        }  # fmt: skip


def _path(row: Any) -> str | None:
    try:
        storage().size(row.storage_key)
    except FileNotFoundError:
        return None
    return f"files/{row.id}.{EXTENSIONS[row.mime]}"
