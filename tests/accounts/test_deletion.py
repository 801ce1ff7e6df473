"""Leaving for good: seven days to think, then nothing in the database or the storage says who it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import BigInteger, String, cast, func, select, text
from werkzeug.datastructures import FileStorage

from circle.access import SYSTEM, Actor
from circle.accounts import leaving, operations, recovery
from circle.accounts.credentials import sign_in_browser
from circle.accounts.models import AuthSession, Block, Consent, FormerName, User
from circle.accounts.operations import DELETION_DELAY, open_browser_session
from circle.accounts.passwords import hash_password
from circle.accounts.usernames import username_key
from circle.circles import operations as circles
from circle.circles.models import Application, Circle, Member
from circle.core import audit, clock, jobs
from circle.core.db import Base, db
from circle.core.errors import CircleError, NotFound, Refused
from circle.core.storage import storage
from circle.home import erasure
from circle.home import jobs as home_jobs
from circle.media import uploads
from circle.media.models import Media
from circle.notifications.models import Notice
from circle.notifications.queries import inbox
from circle.points import operations as points
from circle.points.models import Task
from circle.posts import operations as posts
from circle.posts import queries as post_queries
from circle.posts.models import Comment, Draft, Favorite, Like, Mention, Poll, PollOption, PollVote, Post, Revision
from circle.posts.operations.counting import recount
from circle.topics import operations as topics
from circle.topics.models import Topic
from tests.clients import ApiClient, Browser
from tests.factories import PASSWORD, Make, Place, actor_of
from tests.races.together import together

NAME, NICKNAME, ADDRESS, BIO = "lu.xiaoan", "陆小安安", "lu.xiaoan@example.org", "清晨写三页纸的人"
FORMER = "morningpages"
WORDS = "竹影扫阶"


@dataclass
class Life:
    """A person who has been everywhere, and what they left."""

    place: Place
    user: User
    post_id: int
    comment_id: int
    others_post_id: int
    others_comment_id: int

    @property
    def actor(self) -> Actor:
        return Actor(id=self.user.id, username=self.user.username, nickname=self.user.nickname)


def upload(actor: Actor, make: Make, color: str, purpose: str = "post") -> int:
    file = FileStorage(BytesIO(make.picture(color=color)), f"{NICKNAME}的照片.png")
    return uploads.take_upload(actor, file, purpose)


@cache
def hashed() -> str:
    return hash_password(PASSWORD)  # slow on purpose, so once for all


@pytest.fixture
def life(make: Make) -> Life:
    place = make.place()
    user = make.user(
        FORMER, nickname=NICKNAME, bio=BIO, email=ADDRESS, email_key=ADDRESS, email_confirmed_at=clock.now(),
        password_hash=hashed(),
    )  # fmt: skip
    make.member(place.circle, "expert", user)
    me = actor_of(user)
    lived(make, place, me)
    others = make.post(place, "bob", body=f"@{FORMER} 早，`@{FORMER}` 也早。")
    operations.change_username(me, NAME)
    post_id = posts.publish_post(
        me, place.slug, body=f"{WORDS} 我是 @{NAME}", title=WORDS, media_ids=[upload(me, make, "#112233")],
        alts=[WORDS], poll=posts.PollContent.of([WORDS, "不"]),
    )  # fmt: skip
    points.ask_adjustment(place.owner, place.slug, user.id, asset="POINTS", amount=50, reason="整理了上周的读书笔记")
    points.claim_task(me, db.session.scalars(select(Task.id).where(Task.code == "daily_post")).one())
    with clock.at(clock.now() + timedelta(hours=2)):
        posts.edit_post(me, post_id, body=f"{WORDS}又 @{NAME}")
        posts.edit_post(place.bob, others, body=f"@{NAME} 早安，还有@文燕。")
    comment_id = posts.write_comment(me, others, body=f"{WORDS}，真好 @{NAME}")
    reply = posts.write_comment(place.bob, others, body=f"谢谢@{NAME}。", parent_id=comment_id)
    posts.write_comment(place.ann, post_id, body=f"@{NAME.upper()} 你也是")
    return Life(place, user, post_id, comment_id, others, reply)


def lived(make: Make, place: Place, me: Actor) -> None:
    """All the small things that leave a row."""
    operations.set_avatar(me, upload(me, make, "#445566", "avatar"))
    assert me.id
    operations.block_user(me, place.users["mod"].id)
    operations.block_user(place.mod, me.id)
    operations.unblock_user(place.mod, me.id)
    topics.follow_topic(me, topics.create_topic(SYSTEM, place.slug, title="早读"))
    theirs = make.post(place, "ann", poll=posts.PollContent.of(["茶", "咖啡"]))
    posts.like_post(me, theirs, on=True)
    posts.favorite_post(me, theirs, on=True)
    option = select(PollOption.id).where(PollOption.post_id == theirs, PollOption.position == 0)
    posts.vote(me, theirs, [db.session.scalars(option).one()])
    posts.like_comment(me, posts.write_comment(place.ann, theirs, body="嗯"), on=True)
    taken_back = posts.publish_post(me, place.slug, body=f"{WORDS} 写错了 {NICKNAME}")
    posts.delete_post(me, taken_back)
    posts.delete_comment(me, posts.write_comment(me, theirs, body=f"{NICKNAME} 也错了"))
    content = posts.DraftContent.of(body=f"{NICKNAME} 的草稿", media_ids=[upload(me, make, "#778899")])
    posts.new_draft(me, place.slug, content)
    asked = make.circle(make.user(), join_mode="application", questions=["你是谁？"])
    circles.join_circle(me, asked.slug, answers=[f"我叫{NICKNAME}"])
    with pytest.raises(CircleError):
        sign_in_browser(username=NAME, password="wrong password", user_agent=f"{NAME}-phone", address="10.1.2.3")
    open_browser_session(me.id, user_agent=f"{NAME}-phone", address="10.1.2.3")


def leave(life: Life, *, keep: bool) -> None:
    recovery.delete_account(life.actor, current_password=PASSWORD, keep_content=keep, forfeit_points=True)
    jobs.run_due()
    with clock.at(clock.now() + DELETION_DELAY + timedelta(minutes=1)):
        home_jobs.close_accounts()
        jobs.run_due()
    db.session.expire_all()


def texts() -> Iterator[tuple[str, str]]:
    """Every value of every table that may hold words, JSON included."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, BigInteger):
                continue
            for value in db.session.scalars(select(cast(column, String)).where(column.is_not(None))):
                yield f"{table.name}.{column.name}", str(value)


def found(*wanted: str) -> list[tuple[str, str]]:
    """Where these words still stand, as they are and as JSON escapes them."""
    forms = {form.casefold() for word in wanted for form in (word, word.encode("unicode_escape").decode())}
    return sorted({(place, value) for place, value in texts() if any(form in value.casefold() for form in forms)})


def assert_counts_are_true() -> None:
    for post_id in db.session.scalars(select(Post.id)).all():
        row, counted = db.session.get_one(Post, post_id), recount(post_id)
        assert (row.like_count, row.favorite_count, row.engagement) == (
            counted.like_count, counted.favorite_count, counted.engagement,
        )  # fmt: skip
        if row.status == "published":
            assert row.comment_count == counted.comment_count
    for circle in db.session.scalars(select(Circle)):
        members = select(func.count()).where(Member.circle_id == circle.id, Member.status == "active")
        published = select(func.count()).where(Post.circle_id == circle.id, Post.status == "published")
        assert (circle.member_count, circle.post_count) == (db.session.scalar(members), db.session.scalar(published))
    for option in db.session.scalars(select(PollOption)):
        assert option.vote_count == db.session.scalar(select(func.count()).where(PollVote.option_id == option.id))
    for poll in db.session.scalars(select(Poll)):
        voters = select(func.count(PollVote.user_id.distinct())).where(PollVote.post_id == poll.post_id)
        assert poll.voter_count == db.session.scalar(voters)
    assert db.session.scalars(select(Topic.follower_count)).all() == [0]


# ---- what is left ------------------------------------------------------------------------------------------------


def test_nothing_anywhere_says_who_it_was_when_the_content_is_deleted(life: Life) -> None:
    keys = {row.storage_key for row in db.session.scalars(select(Media).where(Media.owner_id == life.user.id))}
    assert len(keys) == 3
    leave(life, keep=False)
    code = (f"`@{FORMER}`",)  # quoted as code it is no name of anybody
    left = [(place, value) for place, value in found(NAME, NICKNAME, ADDRESS, BIO, FORMER, WORDS)]
    assert [(place, value) for place, value in left if not any(word in value for word in code)
            and "<code>" not in value] == []  # fmt: skip
    assert {stored.key for stored in storage().list()} & keys == set()
    assert db.session.scalar(select(func.count()).where(Media.owner_id == life.user.id)) == 0
    for model in (Draft, Like, Favorite, PollVote, Mention, Notice, Block, AuthSession):
        column = getattr(model, "author_id", None) or getattr(model, "user_id", None) or Block.blocker_id
        assert db.session.scalar(select(func.count()).select_from(model).where(column == life.user.id)) == 0, model
    assert_counts_are_true()
    assert audit.verify("site") is None


def test_kept_content_stays_as_that_of_nobody(life: Life) -> None:
    leave(life, keep=True)
    left = [(place, value) for place, value in found(NAME, ADDRESS, BIO) if "<code>" not in value]
    assert left == []
    # the nickname stands only where the person gave it to a file that they chose to leave
    assert {place for place, _value in found(NICKNAME)} <= {"media.name", "posts.parts"}
    post = post_queries.get_post(life.place.ann, life.post_id)
    assert (post.author.username, post.author.url, WORDS in post.body) == ("", None, True)
    assert len(post.images) == 1
    assert storage().size(db.session.get_one(Media, post.images[0].id).storage_key)
    comment = db.session.get_one(Comment, life.comment_id)
    assert (comment.status, WORDS in comment.body) == ("published", True)
    assert db.session.scalar(select(func.count()).where(Like.user_id == life.user.id)) == 2
    assert db.session.scalar(select(func.count()).where(Favorite.user_id == life.user.id)) == 0
    # what was taken back before goes in any case
    gone = db.session.scalars(select(Post.body).where(Post.author_id == life.user.id, Post.status == "deleted")).all()
    assert gone == [""]
    assert_counts_are_true()


@pytest.mark.parametrize("keep", [True, False])
def test_others_read_a_deleted_account_where_they_named_the_person(life: Life, keep: bool) -> None:
    leave(life, keep=keep)
    others = db.session.get_one(Post, life.others_post_id)
    assert others.body == "@已注销用户 早安，还有@文燕。"
    assert "已注销用户" in others.excerpt and "lu." not in others.body_html
    assert db.session.get_one(Comment, life.others_comment_id).body == "谢谢@已注销用户。"
    former = db.session.scalars(select(Revision).where(Revision.post_id == others.id)).one()
    assert former.body.startswith("@已注销用户 早")
    assert f"/@{FORMER}" not in former.body_html


def test_what_others_were_told_names_nobody(life: Life) -> None:
    leave(life, keep=True)
    told = [notice for user in life.place.users.values() for notice in inbox(actor_of(user)).items]
    about = [notice for notice in told if notice.by is not None and notice.by.id == life.user.id]
    assert about and all(NICKNAME not in notice.text and notice.by.url is None for notice in about)
    assert all(NAME not in (notice.quote or "") for notice in told)


def test_the_name_stays_taken_and_tells_itself_to_nobody(life: Life, make: Make) -> None:
    leave(life, keep=True)
    for name in (NAME, FORMER):
        with pytest.raises(Refused):
            operations.create_user(name, nickname="", password_hash="x")
    assert db.session.scalars(select(FormerName.username)).all() == [""]
    assert username_key(NAME) not in set(db.session.scalars(select(User.username_key)))


def test_the_person_is_out_of_every_circle_and_their_answers_are_gone(life: Life) -> None:
    leave(life, keep=True)
    assert set(db.session.scalars(select(Member.status).where(Member.user_id == life.user.id))) == {"left"}
    application = db.session.scalars(select(Application)).one()
    assert (application.status, application.answers) == ("withdrawn", [])


def test_what_they_agreed_to_stays_on_record_under_a_number(life: Life, make: Make) -> None:
    operations.agree(life.actor)
    leave(life, keep=True)
    assert db.session.scalar(select(func.count()).where(Consent.user_id == life.user.id)) == 2


def test_an_erasure_that_is_killed_half_way_is_finished_later(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_user_id: int) -> None:
        raise KeyboardInterrupt

    recovery.delete_account(life.actor, current_password=PASSWORD, keep_content=False, forfeit_points=True)
    with clock.at(clock.now() + DELETION_DELAY + timedelta(minutes=1)):
        home_jobs.close_accounts()
        monkeypatch.setattr(erasure.topics, "forget_follows", killed)
        with pytest.raises(KeyboardInterrupt):
            erasure.erase_account(life.user.id)
        monkeypatch.undo()
        assert leaving.unfinished_accounts(10) == [life.user.id]
        home_jobs.close_accounts()
        jobs.run_due()
    assert leaving.unfinished_accounts(10) == []
    assert [each for each in found(NAME, NICKNAME, WORDS) if "<code>" not in each[1]] == []
    assert_counts_are_true()


def test_erasing_twice_is_erasing_once(life: Life) -> None:
    leave(life, keep=False)
    before = list(texts())
    erasure.erase_account(life.user.id)
    assert list(texts()) == before


def test_nobody_else_is_erased(life: Life, make: Make) -> None:
    erasure.erase_account(life.user.id)
    erasure.erase_account(1)
    assert db.session.get_one(User, life.user.id).username == NAME
    assert db.session.get_one(Post, life.post_id).status == "published"


# ---- seven days --------------------------------------------------------------------------------------------------


def test_until_the_day_comes_nothing_changes_and_it_can_be_taken_back(
    life: Life, browser: Callable[..., Browser]
) -> None:
    mine = browser(life.user)
    page = mine.post("/settings/deletion", {"current_password": PASSWORD, "content": "keep", "forfeit_points": "1"})
    assert page.status_code == 303
    with clock.at(clock.now() + DELETION_DELAY - timedelta(minutes=1)):
        home_jobs.close_accounts()
    assert "/settings/deletion/cancel" in mine.get("/settings").text
    assert mine.get(f"/{life.place.slug}").status_code == 200
    assert db.session.get_one(User, life.user.id).status == "deleting"
    kinds = [notice.kind for notice in inbox(life.actor).items if notice.category == "account"]
    assert kinds[0] == "account.deletion_asked"
    assert mine.post("/settings/deletion/cancel", {}).status_code == 303
    assert "/settings/deletion/cancel" not in mine.get("/settings").text
    with clock.at(clock.now() + DELETION_DELAY * 2):
        home_jobs.close_accounts()
    db.session.expire_all()
    assert db.session.get_one(User, life.user.id).status == "active"


def test_the_password_is_asked_and_nothing_happens_without_it(life: Life, browser: Callable[..., Browser]) -> None:
    form = {"current_password": "something else", "content": "keep", "forfeit_points": "1"}
    page = browser(life.user).post("/settings/deletion", form)
    assert page.status_code == 422
    assert leaving.deletion_of(life.actor) is None


def test_who_owns_a_circle_hands_it_over_first(make: Make, browser: Callable[..., Browser]) -> None:
    owner = make.user(password_hash=hashed())
    circle = make.circle(owner, name="晨间写作")
    page = browser(owner).post("/settings/deletion", {"current_password": PASSWORD, "content": "keep"})
    assert page.status_code == 422 and "晨间写作" in page.text
    heir = make.member(circle)
    circles.transfer_ownership(actor_of(owner), circle.slug, heir.id)
    page = browser(owner).post("/settings/deletion", {"current_password": PASSWORD, "content": "keep"})
    assert page.status_code == 303


def test_who_got_a_circle_meanwhile_is_told_and_stays_for_now(life: Life) -> None:
    recovery.delete_account(life.actor, current_password=PASSWORD, keep_content=True, forfeit_points=True)
    circles.transfer_ownership(life.place.owner, life.place.slug, life.user.id)
    with clock.at(clock.now() + DELETION_DELAY + timedelta(minutes=1)):
        home_jobs.close_accounts()
        jobs.run_due()
        assert leaving.deletion_of(life.actor) is not None
        told = inbox(life.actor).items[0]
        assert (told.kind, told.quote) == ("account.deletion_postponed", life.place.circle.name)


def test_a_closed_account_signs_in_nowhere_and_gets_no_circle(life: Life, browser: Callable[..., Browser]) -> None:
    mine = browser(life.user)
    recovery.delete_account(life.actor, current_password=PASSWORD, keep_content=True, forfeit_points=True)
    with clock.at(clock.now() + DELETION_DELAY + timedelta(minutes=1)):
        assert operations.close_account(life.user.id)
        assert not operations.close_account(life.user.id)
        assert mine.get("/settings").status_code == 303
        with pytest.raises(CircleError):
            sign_in_browser(username=NAME, password=PASSWORD, user_agent="", address="")
        with pytest.raises(NotFound):
            circles.transfer_ownership(life.place.owner, life.place.slug, life.user.id)
        operations.cancel_deletion(life.actor)
    db.session.expire_all()
    assert db.session.get_one(User, life.user.id).status == "deleted"
    assert browser().get(f"/@{NAME}").status_code == 404


@pytest.mark.parametrize("time", range(3))
def test_taken_back_in_the_moment_it_is_due_it_is_one_or_the_other(app: Flask, life: Life, time: int) -> None:
    recovery.delete_account(life.actor, current_password=PASSWORD, keep_content=True, forfeit_points=True)
    actor, user_id = life.actor, life.user.id
    with clock.at(clock.now() + DELETION_DELAY):
        closed, _kept = together(
            app, [lambda: operations.close_account(user_id), lambda: operations.cancel_deletion(actor)]
        )
    db.session.expire_all()
    row = db.session.get_one(User, user_id)
    assert (row.status, row.deleting_at is None) == (("deleted", False) if closed else ("active", True))


def test_two_workers_at_once_erase_it_once(app: Flask, life: Life) -> None:
    recovery.delete_account(life.actor, current_password=PASSWORD, keep_content=False, forfeit_points=True)
    with clock.at(clock.now() + DELETION_DELAY + timedelta(minutes=1)):
        operations.close_account(life.user.id)
    user_id = life.user.id
    outcomes = together(app, [lambda: erasure.erase_account(user_id)] * 2)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    db.session.expire_all()
    assert_counts_are_true()


def test_the_api_says_when_and_takes_it_back(life: Life, api: Callable[..., ApiClient]) -> None:
    mine = api(life.user)
    wrong = mine.post("/me/deletion", {"password": "wrong one", "keep_content": True, "forfeit_points": True})
    assert wrong.get_json()["code"] == "PASSWORD_WRONG"
    answer = mine.post("/me/deletion", {"password": PASSWORD, "keep_content": False, "forfeit_points": True})
    assert answer.status_code == 200 and answer.get_json()["keep_content"] is False
    assert mine.get("/me").get_json()["deleting_at"] == answer.get_json()["deleting_at"]
    assert mine.delete("/me/deletion").status_code == 204
    assert mine.get("/me").get_json()["deleting_at"] is None


def test_the_operator_deletes_an_account_at_once(app: Flask, life: Life) -> None:
    user_id = life.user.id
    db.session.remove()
    ran = app.test_cli_runner().invoke(args=["accounts", "delete", NAME.upper(), "--delete-content"])
    assert ran.exit_code == 0, ran.output
    jobs.run_due()
    assert db.session.get_one(User, user_id).nickname == ""
    assert app.test_cli_runner().invoke(args=["accounts", "delete", NAME, "--keep-content"]).exit_code == 1
    assert app.test_cli_runner().invoke(args=["accounts", "delete", NAME]).exit_code == 2


def test_the_operator_cannot_leave_a_circle_without_an_owner(app: Flask, life: Life) -> None:
    name = life.place.owner_user.username
    db.session.execute(text("SELECT 1"))
    ran = app.test_cli_runner().invoke(args=["accounts", "delete", name, "--keep-content"])
    assert ran.exit_code == 1 and life.place.circle.name in ran.output
