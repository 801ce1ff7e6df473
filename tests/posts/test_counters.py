"""Whatever people do in whatever order, every number and copy that is kept beside the truth equals a recount.

The recount here is written from the meaning of each number, with plain statements over the rows; it shares nothing with
the code that keeps them.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from circle.access import SYSTEM, Actor
from circle.circles import operations as circles
from circle.circles import queries as circle_queries
from circle.circles.models import Circle, Member
from circle.core import clock
from circle.core.db import Base, db
from circle.core.errors import CircleError
from circle.media import uploads
from circle.posts import operations as posts
from circle.posts import queries, ranking
from circle.posts.models import (
    Comment,
    Favorite,
    Like,
    Poll,
    PollOption,
    PollVote,
    Post,
    PostMedia,
    TopicPost,
)
from circle.posts.operations import erasing
from circle.topics import operations as topics
from circle.topics.models import Topic, TopicFollow
from tests.factories import Make, Place
from tests.races.together import all_well, together

SEEDS = (2,)
STEPS = 130
#: how often something that is in the right state for the act is chosen, so that most acts succeed
LUCK = 0.85


def rows(model: type[Base]) -> list[Any]:
    """All rows as they stand in the database, whatever the session remembers."""
    return list(db.session.execute(select(*model.__table__.columns)).all())


def wrong_numbers() -> list[str]:
    """Every kept value that differs from its truth, told in words."""
    db.session.rollback()
    recount = Recount()
    recount.all()
    return recount.wrong


class Recount:
    """The rows as they are, and what follows from them."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.posts, self.comments, self.placed, self.files = rows(Post), rows(Comment), rows(TopicPost), rows(PostMedia)
        self.polls, self.options, self.votes = rows(Poll), rows(PollOption), rows(PollVote)
        self.likes: dict[tuple[str, int], set[int]] = defaultdict(set)
        for like in rows(Like):
            self.likes[like.target_type, like.target_id].add(like.user_id)
        self.keepers: dict[int, set[int]] = defaultdict(set)
        for favorite in rows(Favorite):
            self.keepers[favorite.post_id].add(favorite.user_id)
        self.published = {post.id for post in self.posts if post.status == "published"}

    def same(self, what: str, kept: object, true: object) -> None:
        if kept != true:
            self.wrong.append(f"{what}: kept {kept!r}, true {true!r}")

    def all(self) -> None:
        for post in self.posts:
            self.post(post)
            self.parts(post)
        for comment in self.comments:
            below = [c for c in self.comments if c.parent_id == comment.id and c.status == "published"]
            self.same(f"replies to comment {comment.id}", comment.reply_count, len(below))
            self.same(f"likes of comment {comment.id}", comment.like_count, len(self.likes["comment", comment.id]))
        for poll in self.polls:
            self.poll(poll)
        followed = Counter(follow.topic_id for follow in rows(TopicFollow))
        for topic in rows(Topic):
            inside = [one for one in self.placed if one.topic_id == topic.id and one.post_id in self.published]
            self.same(f"posts of topic {topic.id}", topic.post_count, len(inside))
            self.same(f"followers of topic {topic.id}", topic.follower_count, followed[topic.id])
        for circle in rows(Circle):
            self.circle(circle)

    def post(self, post: Any) -> None:
        name = f"of post {post.id} ({post.status})"
        visible = [c for c in self.comments if c.post_id == post.id and c.status == "published"]
        likers, keepers = self.likes["post", post.id], self.keepers[post.id]
        kept = (post.like_count, post.favorite_count, post.comment_count)
        self.same(f"likes, favourites, comments {name}", kept, (len(likers), len(keepers), len(visible)))
        talk = Counter(c.author_id for c in visible if c.author_id != post.author_id)
        worth = len(likers - {post.author_id}) + 4 * len(keepers - {post.author_id})
        worth += 3 * sum(min(3, count) for count in talk.values())
        self.same(f"engagement {name}", post.engagement, worth)
        score = ranking.hot_score(worth, post.published_at, featured=post.featured_at is not None)
        self.same(f"hot score {name}", post.hot_score, score)
        last = max([post.published_at, *(c.created_at for c in visible)])
        self.same(f"last activity {name}", post.last_activity_at, last)
        first = sorted((-c.like_count, c.id) for c in visible if c.parent_id is None)
        self.same(f"comment under the card {name}", post.peek_id, first[0][1] if first else None)
        true = (int(post.id in self.published), post.published_at, last, score, post.featured_at)
        for copy in [one for one in self.placed if one.post_id == post.id]:
            mirrored = (copy.visible, copy.published_at, copy.last_activity_at, copy.hot_score, copy.featured_at)
            self.same(f"copy {name} in topic {copy.topic_id}", mirrored, true)

    def parts(self, post: Any) -> None:
        name, parts = f"in parts of post {post.id} ({post.status})", post.parts
        true = sorted(one.topic_id for one in self.placed if one.post_id == post.id)
        self.same(f"topics {name}", parts["topics"], true)
        files = sorted((one for one in self.files if one.post_id == post.id), key=lambda one: one.position)
        kept = [(file["id"], file["alt"]) for file in parts["media"]]
        self.same(f"files {name}", kept, [(file.media_id, file.alt) for file in files])
        count = len([option for option in self.options if option.post_id == post.id])
        for poll in [poll for poll in self.polls if poll.post_id == post.id]:
            end = poll.closes_at and poll.closes_at.isoformat().replace("+00:00", "Z")
            true_hint = {"question": poll.question, "option_count": count, "closes_at": end}
            self.same(f"poll {name}", parts.get("poll"), true_hint)
        self.same(f"whether there is a poll {name}", "poll" in parts, bool(count))

    def poll(self, poll: Any) -> None:
        cast = [vote for vote in self.votes if vote.post_id == poll.post_id]
        self.same(f"voters of poll {poll.post_id}", poll.voter_count, len({vote.user_id for vote in cast}))
        for option in [option for option in self.options if option.post_id == poll.post_id]:
            true = len([vote for vote in cast if vote.option_id == option.id])
            self.same(f"votes of option {option.id}", option.vote_count, true)

    def circle(self, circle: Any) -> None:
        here = [post for post in self.posts if post.circle_id == circle.id]
        self.same("posts of the circle", circle.post_count, len([post for post in here if post.id in self.published]))
        members = [one for one in rows(Member) if one.circle_id == circle.id and one.status == "active"]
        self.same("members of the circle", circle.member_count, len(members))
        pins = [post for post in here if post.pin_rank is not None]
        self.same("places of pins", sorted(post.pin_rank for post in pins), list(range(1, len(pins) + 1)))
        self.same("pinned but not there", [post.id for post in pins if post.id not in self.published], [])


class Script:
    """People of one circle who do whatever comes to their mind, one thing after another; several scripts may play at
    once about the same things (`beside`)."""

    def __init__(self, place: Place, seed: int, *, beside: Script | None = None) -> None:
        self.chance = random.Random(seed)
        # plain values: rows of the caller's session are not for other threads
        self.slug, self.circle_id, self.owner, self.admin = place.slug, place.circle.id, place.owner, place.admin
        self.people = [place.ann, place.bob, place.mod, place.owner, place.admin]
        self.topics: list[int] = beside.topics if beside else []
        self.posts: list[int] = beside.posts if beside else []
        self.comments: list[int] = beside.comments if beside else []
        if beside is None:
            self.topics += [topics.create_topic(place.owner, place.slug, title=f"话题{n}") for n in range(4)]
        self.done: Counter[str] = Counter()
        self.said: list[str] = []
        self.acts: list[Callable[[], object]] = [
            *[self.publish] * 3, self.publish_poll, self.edit, self.move, self.exchange_files, self.delete, self.hide,
            self.restore, self.remove, self.feature, self.pin, self.unpin, self.drop_pins, self.leave,
            *[self.come_back] * 4, self.ban, *[self.unban] * 3, self.follow, self.unfollow, self.vote, self.vote,
            *[self.like] * 4, *[self.favorite] * 3, *[self.comment] * 4, *[self.reply] * 3, *[self.like_comment] * 4,
            *[self.delete_comment] * 2, self.edit_comment, *[self.hide_comment] * 2, *[self.restore_comment] * 3,
            self.remove_comment, self.move, self.feature, self.end_poll, self.erase_post, self.erase_comment,
            *[self.erase_what_somebody_gave] * 2,
        ]  # fmt: skip

    def step(self) -> None:
        act = self.chance.choice(self.acts if len(self.posts) > 2 else [self.publish])
        try:
            act()
        except CircleError as refusal:
            self.said.append(f"{act.__name__}: {refusal.code}")
        else:
            self.done[act.__name__] += 1
            self.said.append(act.__name__)

    # ---- choosing ------------------------------------------------------------------------------------------------

    def who(self) -> Actor:
        return self.chance.choice(self.people)

    def post(self, status: str = "published") -> int:
        return self.one_of(Post, self.posts[-8:], status)

    def said_before(self, status: str = "published") -> int:
        return self.one_of(Comment, self.comments[-25:], status) if self.comments else 1

    def one_of(self, model: type[Post] | type[Comment], ids: list[int], status: str) -> int:
        fitting = select(model.id).where(model.id.in_(ids), model.status == status)
        if model is Comment:
            fitting = fitting.join(Post, Post.id == Comment.post_id).where(Post.status == "published")
        found = list(db.session.scalars(fitting))
        return self.chance.choice(sorted(found) if found and self.chance.random() < LUCK else ids)

    def some_topics(self) -> list[int]:
        return self.chance.sample(self.topics, self.chance.randint(0, 3))

    def on(self) -> bool:
        return self.chance.random() < 0.65

    def author_of(self, model: type[Post] | type[Comment], id_: int) -> Actor:
        author_id = db.session.scalar(select(model.author_id).where(model.id == id_))
        return next((one for one in self.people if one.id == author_id), self.owner)

    # ---- posts ---------------------------------------------------------------------------------------------------

    def publish(self) -> None:
        self.posts.append(posts.publish_post(self.who(), self.slug, body="早。", topic_ids=self.some_topics()))

    def publish_poll(self) -> None:
        asked = posts.PollContent.of(["清晨", "傍晚", "深夜"], max_choices=self.chance.randint(1, 3))
        topic_ids = self.some_topics()
        self.posts.append(posts.publish_post(self.who(), self.slug, body="何时？", topic_ids=topic_ids, poll=asked))

    def picture(self, actor: Actor) -> int:
        color = f"#{self.chance.randrange(1 << 24):06x}"
        file = FileStorage(BytesIO(Make.picture((8, 8), color)), filename="a.png")
        return uploads.take_upload(actor, file, "post")

    def exchange_files(self) -> None:
        post_id = self.post()
        author = self.author_of(Post, post_id)
        had = list(db.session.scalars(select(PostMedia.media_id).where(PostMedia.post_id == post_id)))
        media_ids = [self.picture(author), *had][: self.chance.randint(0, 3)]
        posts.edit_post(author, post_id, body="有图", media_ids=media_ids, alts=["雾", ""])

    def edit(self) -> None:
        post_id = self.post()
        posts.edit_post(self.author_of(Post, post_id), post_id, body=f"改过 {self.chance.random()}")

    def move(self) -> None:
        post_id = self.post()
        posts.edit_post(self.author_of(Post, post_id), post_id, topic_ids=self.some_topics())

    def delete(self) -> None:
        post_id = self.post()
        posts.delete_post(self.author_of(Post, post_id), post_id)

    def hide(self) -> None:
        posts.hide_post(SYSTEM, self.post(), reason="跑题")

    def restore(self) -> None:
        posts.restore_post(SYSTEM, self.post("hidden"))

    def remove(self) -> None:
        posts.remove_post(SYSTEM, self.post(), reason="广告")

    def feature(self) -> None:
        posts.feature_post(self.owner, self.post(), on=self.on())

    def pin(self) -> None:
        until = clock.now() + timedelta(hours=self.chance.randint(1, 9)) if self.on() else None
        posts.pin_post(self.admin, self.post(), rank=self.chance.randint(1, 5), until=until)

    def unpin(self) -> None:
        posts.unpin_post(self.admin, self.post())

    def drop_pins(self) -> None:
        posts.clear_expired_pins(self.circle_id)

    def like(self) -> None:
        posts.like_post(self.who(), self.post(), on=self.on())

    def favorite(self) -> None:
        posts.favorite_post(self.who(), self.post(), on=self.on())

    def vote(self) -> None:
        asked = db.session.scalars(select(Poll.post_id)).all()
        post_id = self.chance.choice(asked) if asked else 1
        options = db.session.scalars(select(PollOption.id).where(PollOption.post_id == post_id)).all()
        posts.vote(self.who(), post_id, self.chance.sample(options, min(self.chance.randint(0, 2), len(options))))

    def end_poll(self) -> None:
        asked = db.session.scalars(select(Poll.post_id)).all()
        post_id = self.chance.choice(asked) if asked else 1
        posts.end_poll(self.author_of(Post, post_id), post_id)

    # ---- what the deletion of an account takes with it --------------------------------------------------------------

    def erase_post(self) -> None:
        erasing.erase_post(self.post(self.chance.choice(["published", "hidden", "deleted"])))

    def erase_comment(self) -> None:
        erasing.erase_comment(self.said_before(self.chance.choice(["published", "hidden"])))

    def erase_what_somebody_gave(self) -> None:
        user_id, post_id = self.who().person_id, self.post()
        erasing.erase_like(user_id, "post", post_id)
        erasing.erase_like(user_id, "comment", self.said_before())
        erasing.erase_favorite(user_id, post_id)
        asked = db.session.scalars(select(PollVote.post_id)).all()
        erasing.erase_vote(user_id, self.chance.choice(asked) if asked else 1)

    # ---- comments ------------------------------------------------------------------------------------------------

    def comment(self) -> None:
        self.comments.append(posts.write_comment(self.who(), self.post(), body="真好。"))

    def reply(self) -> None:
        parent = self.said_before()
        post_id = db.session.scalar(select(Comment.post_id).where(Comment.id == parent)) or 1
        self.comments.append(posts.write_comment(self.who(), post_id, body="是啊", parent_id=parent))

    def edit_comment(self) -> None:
        comment_id = self.said_before()
        posts.edit_comment(self.author_of(Comment, comment_id), comment_id, body="改过")

    def like_comment(self) -> None:
        posts.like_comment(self.who(), self.said_before(), on=self.on())

    def delete_comment(self) -> None:
        comment_id = self.said_before()
        posts.delete_comment(self.author_of(Comment, comment_id), comment_id)

    def hide_comment(self) -> None:
        posts.hide_comment(SYSTEM, self.said_before(), reason="跑题")

    def restore_comment(self) -> None:
        posts.restore_comment(SYSTEM, self.said_before("hidden"))

    def remove_comment(self) -> None:
        posts.remove_comment(SYSTEM, self.said_before(), reason="广告")

    # ---- people --------------------------------------------------------------------------------------------------

    def leave(self) -> None:
        circles.leave_circle(self.who(), self.slug)

    def come_back(self) -> None:
        circles.join_circle(self.who(), self.slug)

    def ban(self) -> None:
        circles.ban_member(self.owner, self.slug, self.who().person_id)

    def unban(self) -> None:
        banned = db.session.scalars(select(Member.user_id).where(Member.status == "banned")).all()
        circles.unban_member(self.owner, self.slug, self.chance.choice(banned) if banned else 1)

    def follow(self) -> None:
        topics.follow_topic(self.who(), self.chance.choice(self.topics))

    def unfollow(self) -> None:
        topics.unfollow_topic(self.who(), self.chance.choice(self.topics))


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_people_do_every_number_equals_a_recount(app: Flask, make: Make, seed: int) -> None:
    script, start = Script(make.place(join_mode="open"), seed), clock.now()
    for number in range(STEPS):
        with clock.at(start + timedelta(minutes=7 * number)):
            script.step()
        if number % 26 == 25:
            assert wrong_numbers() == [], f"after step {number}: {script.said[-10:]}"
    assert len(script.done) > 18, script.done  # nearly everything happened


def test_whatever_people_do_at_once_every_number_equals_a_recount(app: Flask, make: Make) -> None:
    place = make.place(join_mode="open")
    first = Script(place, 1)
    for _number in range(12):
        first.publish()
        first.comment()
    scripts = [first, *(Script(place, seed, beside=first) for seed in range(2, 6))]

    def play(script: Script) -> None:
        for _number in range(30):
            script.step()

    all_well(together(app, [lambda script=script: play(script) for script in scripts]))
    assert wrong_numbers() == []
    assert sum(sum(script.done.values()) for script in scripts) > 60


def test_a_featured_post_is_featured_in_the_topics_it_comes_to_later(app: Flask, make: Make) -> None:
    place = make.place()
    old, new = (topics.create_topic(place.owner, place.slug, title=title) for title in ("早安", "读书"))
    post_id = make.post(place, topic_ids=[old])
    posts.feature_post(place.owner, post_id, on=True)
    posts.edit_post(place.ann, post_id, topic_ids=[new])
    circle = circle_queries.readable_circle(place.bob, place.slug)
    assert [post.id for post in queries.topic_feed(place.bob, circle, new, sort="featured").items] == [post_id]
    assert wrong_numbers() == []


def test_the_first_comment_is_back_under_the_card_when_it_is_shown_again(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    first, second = (posts.write_comment(place.bob, post_id, body=body) for body in ("第一", "第二"))
    posts.hide_comment(SYSTEM, first, reason="跑题")
    assert db.session.scalar(select(Post.peek_id)) == second
    posts.restore_comment(SYSTEM, first)
    assert wrong_numbers() == []
