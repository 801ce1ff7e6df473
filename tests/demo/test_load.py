"""The demo circle is made by the operations that members use, and is whole or not there."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from zlib import crc32

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.accounts.models import User
from circle.checkins.checking import campaigns_of, check_campaign
from circle.checkins.models import Campaign, CampaignRank, CheckinRecord, Enrollment, Team
from circle.circles.models import Circle, Member
from circle.core import clock
from circle.core.db import db
from circle.demo import campaigns, load, questions
from circle.demo.avatars import avatar_svg
from circle.demo.pictures import picture_size, picture_svg
from circle.points.checking import check_books
from circle.points.models import EarnSource
from circle.posts.models import Comment, Draft, Favorite, Mention, Poll, Post, PostMedia
from circle.posts.operations.counting import recount
from circle.qa.models import Answer, Question, QuestionInvite
from circle.qa.operations import recount_votes
from circle.topics.models import Topic
from tests.factories import Make


def quiet(_text: str) -> None:
    return None


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def plain_picture(name: str, seed: int = 0) -> bytes:
    """In the shape of the drawing, of one colour. Unknown names are refused as ever."""
    picture_svg(name, seed)
    width, height = picture_size(name)
    return Make.picture((width // 10, height // 10), color_of(f"{name}{seed}"))


def plain_face(spec: dict[str, Any]) -> bytes:
    return Make.picture((40, 40), color_of(avatar_svg(spec)))


def color_of(what: str) -> str:
    return f"#{crc32(what.encode()) % 2**24:06x}"


@pytest.fixture
def plain_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """test_pictures draws every one; here they would be most of the work."""
    monkeypatch.setattr(load, "draw_picture", plain_picture)
    monkeypatch.setattr(load, "draw_avatar", plain_face)


#: what few threads have
_RARE = {"pinned", "featured", "poll", "voice", "kept_by", "edited_after_minutes"}


@pytest.fixture
def less_on_postgres(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it is loaded on SQLite, as `make run` does. On PostgreSQL it would be the same operations many times
    over: there each thing gets two likes, and of the threads that are like any other every third is loaded."""
    if db.engine.dialect.name != "postgresql":
        return
    everybody, texts = load.some, load.content

    def some_content(name: str) -> list[dict[str, Any]]:
        found = texts(name)
        if name != "posts":
            return found
        return [thread for number, thread in enumerate(found) if number % 3 == 0 or _RARE & thread.keys()]

    monkeypatch.setattr(load, "content", some_content)
    for module in (load, campaigns, questions):
        monkeypatch.setattr(module, "some", lambda people, number, salt: everybody(people, min(number, 2), salt))


@pytest.mark.slow
@pytest.mark.usefixtures("plain_pictures", "less_on_postgres")
def test_the_demo_is_lively_consistent_and_loaded_once(
    app: Flask, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, late = load._write_thread, len(load.content("posts")) * 9 // 10
    written = []

    def interrupted(*arguments: Any) -> None:
        if len(written) == late:
            raise KeyboardInterrupt
        written.append(threads(*arguments))

    monkeypatch.setattr(load, "_write_thread", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load.load_demo(quiet)
    monkeypatch.setattr(load, "_write_thread", threads)

    assert load.load_demo(quiet) is True
    assert load.load_demo(quiet) is False
    assert (count(User), count(Circle)) == (32, 3)
    share = 1 if db.engine.dialect.name == "sqlite" else 3
    assert count(Post) >= 120
    assert count(Comment) >= 300 // share
    assert count(PostMedia) >= 60
    main = db.session.scalars(select(Circle).where(Circle.slug == "morning")).one()
    posts = db.session.scalars(select(Post).where(Post.circle_id == main.id)).all()
    assert main.post_count == len(posts)
    assert main.member_count == db.session.scalar(
        select(func.count()).where(Member.circle_id == main.id, Member.status == "active")
    )
    assert len(db.session.scalars(select(Topic).where(Topic.circle_id == main.id)).all()) == 5
    assert max(post.published_at for post in posts) <= clock.now()
    for post in [*posts[::10], *(post for post in posts if post.type == "question")]:
        answers = db.session.scalars(select(Answer).where(Answer.question_id == post.id)).all()
        others = sum(answer.author_id != post.author_id for answer in answers)
        counted = recount(post.id, answers=others)
        assert (post.like_count, post.comment_count, post.engagement, post.answer_count) == (
            counted.like_count, counted.comment_count, counted.engagement, len(answers)
        )  # fmt: skip
    assert_questions()
    assert_campaigns()
    pinned = select(Post.pin_rank).where(Post.circle_id == main.id, Post.pin_rank.is_not(None))
    assert sorted(db.session.scalars(pinned.order_by(Post.pin_rank))) == [1, 2]
    assert sum(post.featured_at is not None for post in posts) >= 10
    assert [count(model) for model in (Draft, Poll)] == [4, 4]
    assert count(Mention) >= 10 // share
    assert count(Favorite) >= 100 // share
    for username, _nickname, _role in load.sign_ins():
        me = db.session.scalars(select(User).where(User.username == username)).one()
        mine = [select(model).where(column == me.id) for model, column in (
            (Favorite, Favorite.user_id), (Mention, Mention.user_id), (Draft, Draft.author_id),
        )]  # fmt: skip
        assert all(db.session.scalars(each).first() is not None for each in mine)
        visitor = browser()
        answer = visitor.post("/login", {"username": username, "password": load.PASSWORD})
        assert answer.status_code == 303
        assert visitor.get("/morning").status_code == 200


def assert_questions() -> None:
    """They are asked and answered in every circle, and stand where questions can."""
    questions = db.session.execute(
        select(Post, Question).join(Question, Question.post_id == Post.id).order_by(Post.published_at)
    ).all()  # fmt: skip
    assert len(questions) == 25 and len({post.circle_id for post, _question in questions}) == 3
    assert Counter(question.status for _post, question in questions) == {"open": 23, "closed": 1, "duplicate": 1}
    assert sum(post.anonymous for post, _question in questions) == 2
    assert sum(not post.answer_count for post, _question in questions) >= 4
    answers = db.session.scalars(select(Answer)).all()
    assert len(answers) == 66
    assert sum(answer.accepted_at is not None for answer in answers) >= 15
    assert all((answer.up, answer.down) == (counted.up, counted.down)
               for answer in answers for counted in [recount_votes(answer.id)])  # fmt: skip
    assert any(answer.down for answer in answers)
    unnamed = select(func.count()).where(Comment.anonymous)
    assert db.session.scalar(unnamed) == sum(
        comment.author_id == post.author_id
        for post, _question in questions if post.anonymous
        for comment in db.session.scalars(select(Comment).where(Comment.post_id == post.id))
    )  # fmt: skip
    invites = Counter(db.session.scalars(select(QuestionInvite.status)))
    assert (invites["answered"], invites["declined"], invites["invited"]) == (4, 2, 2)
    newest = max(answer.created_at for answer in answers)
    assert newest <= clock.now() and newest - min(answer.created_at for answer in answers) > timedelta(days=25)


def assert_campaigns() -> None:
    """One is settled, two run, one is to begin; what is promised of them holds, also in the books."""
    found = db.session.scalars(select(Campaign).order_by(Campaign.opens_at)).all()
    assert [campaign.status for campaign in found] == ["closed", "published", "published", "published"]
    sounds, _roll, window, book = found
    assert (book.teams, book.opens_at > clock.now()) == (True, True)
    assert window.opens_at < clock.now() < window.closes_at
    assert [team.member_count for team in db.session.scalars(select(Team).order_by(Team.created_at))] == [4, 3, 2]
    places = select(func.count()).where(CampaignRank.campaign_id == sounds.id, CampaignRank.board == "diligence")
    assert db.session.scalar(places) == sounds.enrolled_count == 10
    ended = select(Enrollment.status).where(Enrollment.campaign_id == sounds.id)
    assert Counter(db.session.scalars(ended)) == {"completed": 8, "failed": 2}
    paid = select(func.count()).where(EarnSource.rule_code == "campaign", EarnSource.state == "on")
    assert (db.session.scalar(paid) or 0) >= 8
    kinds = Counter(map(tuple, db.session.execute(select(CheckinRecord.source, CheckinRecord.status))))
    assert kinds["makeup", "approved"] == 2 and kinds["normal", "pending"] == 2 and kinds["normal", "rejected"] == 1
    me = db.session.scalars(select(User.id).where(User.username == load.MEMBER)).one()
    mine = select(CheckinRecord.idx).where(CheckinRecord.campaign_id == window.id, CheckinRecord.user_id == me)
    assert sorted(db.session.scalars(mine)) == [1, 2, 4, 5]
    for circle_id in db.session.scalars(select(Circle.id)):
        assert not any(check_campaign(campaign_id).violations for campaign_id in campaigns_of(circle_id))
        assert not check_books(circle_id).violations


def test_a_database_of_somebody_else_is_left_alone(app: Flask, make: Make) -> None:
    make.place()
    users = count(User)
    assert load.load_demo(quiet) is False
    assert count(User) == users
