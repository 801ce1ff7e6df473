"""One circle with everybody who may come near it, and fresh things to act on: for tests that walk over all routes.

`World.path("/{slug}/posts/{post}/edit", "author")` makes what the names in braces need and fills them in, so a route
can be written down once (tests/test_access_matrix.py) and be sent well by one test and badly by another.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy import delete, select
from werkzeug.datastructures import FileStorage

from circle.access import SYSTEM, Actor
from circle.accounts import operations as accounts
from circle.accounts.models import MailCode, Takeout, User
from circle.accounts.operations import open_api_session, open_browser_session
from circle.accounts.passwords import hash_password
from circle.accounts.queries import browser_user_of_token
from circle.checkins import operations as checkins
from circle.checkins.models import CheckinRecord, Team
from circle.checkins.operations import Plan
from circle.circles import operations as circles
from circle.circles.models import Application, Circle, Invite, Member
from circle.core import clock
from circle.core.db import db
from circle.core.operation import in_transaction
from circle.home import takeout
from circle.ledger.operations import Why
from circle.media import uploads
from circle.notifications import operations, queries
from circle.notifications.unsubscribing import unsubscribe_path
from circle.points import operations as points
from circle.points.ladder import USUAL
from circle.points.models import Task
from circle.posts import operations as posts
from circle.posts import queries as post_queries
from circle.posts.models import PollOption, Post
from circle.qa import operations as qa
from circle.qa.models import Answer
from circle.topics import operations as topics
from circle.topics.models import Topic
from tests.clients import ApiClient, Browser
from tests.factories import PASSWORD, Make, actor_of
from tests.openings import opening

if TYPE_CHECKING:
    from tests.conftest import Engine

#: `stranger` owns another circle; `author` is the member who wrote what the route is about
ROLES = (
    "visitor", "stranger", "banned", "muted", "member", "expert", "author", "moderator", "admin", "owner",
)  # fmt: skip
_JOINED = {"banned": "member", "muted": "member", "member": "member", "expert": "expert", "author": "member",
           "moderator": "moderator", "admin": "admin"}  # fmt: skip
_numbers = count(1)
NAME = re.compile(r"\{(\w+)\}")


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


def _sign_ins(user_id: int) -> tuple[str, str]:
    """The tokens of a new browser and a new app."""
    where = {"user_agent": "test", "address": "127.0.0.1"}
    return open_browser_session(user_id, **where), open_api_session(user_id, **where).access_token


class World:
    """The circle `slug` (public or private), one person per role in `users`, and makers of fresh targets."""

    def __init__(self, app: Flask, *, visibility: str = "public") -> None:
        self.app, self.make = app, Make()
        #: who takes part in what is made for everybody here
        self.taking_part = tuple(role for role in ROLES if role not in {"visitor", "stranger", "banned"})
        opened = opening(f"world {visibility}", lambda: self._opened(visibility))
        self.slug, self.circle_id, self.users, self._sign_ins = opened
        self._browsers: dict[str, Browser] = {}
        self._clients: dict[str, ApiClient] = {}

    def _opened(self, visibility: str) -> tuple[str, int, dict[str, Actor], dict[str, tuple[str, str]]]:
        """The circle, its people, and what a browser and an app of theirs are signed in with."""
        slug, circle_id, users = in_transaction(lambda: self._people(visibility))
        accounts.ask_takeout(users["author"])
        return slug, circle_id, users, {role: _sign_ins(user.person_id) for role, user in users.items()}

    def _people(self, visibility: str) -> tuple[str, int, dict[str, Actor]]:
        stranger, owner = self._person_named(), self._person_named()
        self.make.circle(stranger)
        circle = self.make.circle(owner, visibility=visibility)
        # the usual levels, but for what would make rows depend on how many came before them: the posts of one day
        circle.levels = [{**level, "privileges": {**level["privileges"], "posts_per_day": None}} for level in USUAL]
        people = {role: self.make.member(circle, rank, self._person_named()) for role, rank in _JOINED.items()}
        people |= {"stranger": stranger, "owner": owner}
        circles.mute_member(SYSTEM, circle.slug, people["muted"].id, duration_s=86400)
        circles.ban_member(SYSTEM, circle.slug, people["banned"].id)
        return circle.slug, circle.id, {role: actor_of(user) for role, user in people.items()}

    def _person_named(self) -> User:
        return self.make.user(password_hash=_password_hash())

    # ---- people --------------------------------------------------------------------------------------------------

    def browser(self, role: str) -> Browser:
        """The browser of the person in this role, signed in (but for the visitor's)."""
        if role not in self._browsers:
            self._browsers[role] = Browser(self.app, self._sign_ins.get(role, (None, None))[0])
        return self._browsers[role]

    def csrf_token(self, role: str) -> str:
        """The token of that browser's forms."""
        return self.browser(role).csrf_token()

    def api(self, role: str) -> ApiClient:
        """The app of the person in this role, with a token (but for the visitor's)."""
        if role not in self._clients:
            self._clients[role] = ApiClient(self.app, self._sign_ins.get(role, (None, None))[1])
        return self._clients[role]

    # ---- filling in ----------------------------------------------------------------------------------------------

    def path(self, template: str, role: str) -> str:
        """The address with a fresh target for each name in braces."""
        return NAME.sub(lambda match: str(self.value(match[1], role)), template)

    def fields(self, template: dict[str, Any], role: str) -> dict[str, Any]:
        """The form or JSON object with its names in braces filled in; `{picture}` becomes a file."""
        return {name: self._filled(value, role) for name, value in template.items()}

    def _filled(self, value: Any, role: str) -> Any:
        if isinstance(value, list):
            return [self._filled(each, role) for each in value]
        if not isinstance(value, str):
            return value
        if value == "{picture}":
            return (BytesIO(self.make.picture()), "picture.png")
        return self.path(value, role)

    def value(self, name: str, role: str) -> Any:
        """What stands for a name in braces; `role` is who will use it."""
        maker: Callable[[str], Any] = getattr(self, f"_{name}", lambda _role: getattr(self, name))
        return maker(role)

    # ---- targets: one method per name in braces ------------------------------------------------------------------

    def _post(self, _role: str) -> int:
        return posts.publish_post(self.users["author"], self.slug, body="早安，今天有雾。")

    def _edited_post(self, role: str) -> int:
        """One whose former words were kept."""
        post_id = self._post(role)
        with clock.at(clock.now() + timedelta(hours=1)):
            posts.edit_post(self.users["author"], post_id, body="早安，雾散了。")
        return post_id

    def _post_to_pin(self, role: str) -> int:
        """One for which there is room, however many others were pinned here."""
        pinned = select(Post.id).where(Post.circle_id == self.circle_id, Post.pin_rank.is_not(None))
        for post_id in db.session.scalars(pinned).all():
            posts.unpin_post(SYSTEM, post_id)
        return self._post(role)

    def _poll(self, _role: str) -> int:
        """A post with a poll; `{option}` is the first choice of the newest one."""
        asked = posts.PollContent.of(["清晨", "傍晚"])
        return posts.publish_post(self.users["author"], self.slug, body="什么时候读书？", poll=asked)

    def _option(self, role: str) -> int:
        newest = select(PollOption.id).where(PollOption.position == 0).order_by(PollOption.post_id.desc()).limit(1)
        if not db.session.scalars(newest).first():
            self._poll(role)
        return db.session.scalars(newest).one()

    def _hidden_post(self, role: str) -> int:
        post_id = self._post(role)
        posts.hide_post(SYSTEM, post_id, reason="off topic")
        return post_id

    def _comment(self, role: str) -> int:
        return posts.write_comment(self.users["author"], self._post(role), body="真好。")

    def _hidden_comment(self, role: str) -> int:
        comment_id = self._comment(role)
        posts.hide_comment(SYSTEM, comment_id, reason="off topic")
        return comment_id

    # ---- questions: `question` is the author's, `answer` is the author's to somebody else's question

    def _question(self, _role: str) -> int:
        return self._asked_by(self.users["author"])

    def _question_unnamed(self, _role: str) -> int:
        return self._asked_by(self.users["author"], anonymous=True)

    def _other_question(self, _role: str) -> int:
        """A question of a member who has no other part in this."""
        return self._asked_by(self._somebody())

    def _asked_by(self, asker: Actor, *, anonymous: bool = False) -> int:
        title = f"第 {next(_numbers)} 个问题：晨读从哪一篇开始？"
        return posts.publish_post(
            asker, self.slug, type="question", title=title, body="想听听大家的建议。", anonymous=anonymous
        )

    def _somebody(self) -> Actor:
        return actor_of(self.make.member(db.session.get_one(Circle, self.circle_id)))

    def _question_invited(self, role: str) -> int:
        """One that everybody here was invited to answer who may be."""
        question_id, asker = self._question(role), self._somebody()
        for invited in ("expert", "moderator", "admin", "owner"):
            qa.invite(asker, question_id, user_id=self.users[invited].id or 0)
        return question_id

    def _expert_to_ask(self, _role: str) -> int:
        return self.make.member(db.session.get_one(Circle, self.circle_id), "expert", self._person_named()).id

    def _closed_question(self, role: str) -> int:
        question_id = self._question(role)
        qa.close_question(SYSTEM, question_id, reason="resolved")
        return question_id

    def _duplicate_question(self, role: str) -> int:
        question_id = self._question(role)
        qa.mark_duplicate(SYSTEM, question_id, of=self._other_question(role))
        return question_id

    def _answer(self, role: str) -> int:
        return qa.write_answer(self.users["author"], self._other_question(role), body="从最短的一篇开始。")

    def _hidden_answer(self, role: str) -> int:
        answer_id = self._answer(role)
        qa.hide_answer(SYSTEM, answer_id, reason="off topic")
        return answer_id

    def _edited_answer(self, role: str) -> int:
        """One whose former words were kept."""
        answer_id = self._answer(role)
        with clock.at(clock.now() + timedelta(hours=1)):
            qa.edit_answer(self.users["author"], answer_id, body="从最喜欢的一篇开始。")
        return answer_id

    def _answered_question(self, role: str) -> int:
        """A question of the author's with an answer of somebody else: `{its_answer}`, which is named after it."""
        question_id = self._question(role)
        qa.write_answer(self._somebody(), question_id, body="从序言开始。")
        return question_id

    def _its_answer(self, role: str) -> int:
        asked = select(Post.id).where(Post.author_id == self.users["author"].id)
        newest = select(Answer.id).where(Answer.question_id.in_(asked)).order_by(Answer.id.desc()).limit(1)
        if not db.session.scalars(newest).first():
            self._answered_question(role)
        return db.session.scalars(newest).one()

    # ---- campaigns: people join and check in to fresh ones

    def _draft_campaign(self, _role: str) -> int:
        """A week that began this morning, wherever that is; not published yet."""
        today = clock.local_date(clock.now(), "Asia/Shanghai")
        plan = Plan(
            title=f"早安七天 {next(_numbers)}", start_date=today, end_date=today + timedelta(days=6), need_n=3,
            intro="每天写几句。", intro_html="<p>每天写几句。</p>", prompts=("窗外有什么？",),
        )  # fmt: skip
        return checkins.create_campaign(self.users["owner"], self.slug, plan)

    def _campaign(self, role: str) -> int:
        """One that runs, in which the author takes part."""
        campaign_id = self._draft_campaign(role)
        checkins.publish_campaign(self.users["owner"], campaign_id)
        checkins.enroll(self.users["author"], campaign_id)
        return campaign_id

    def _joined(self, role: str) -> int:
        """One that runs, in which everybody here takes part."""
        campaign_id = self._campaign(role)
        in_transaction(lambda: self._enroll_all(campaign_id))
        return campaign_id

    def _enroll_all(self, campaign_id: int) -> None:
        for role in self.taking_part:
            checkins.enroll(self.users[role], campaign_id)

    def _campaign_given(self, role: str) -> int:
        """One that runs, and the first day of it was given to the author."""
        campaign_id = self._campaign(role)
        author = self.users["author"].person_id
        checkins.give_checkin(self.users["owner"], campaign_id, author, 1, reason="上传失败")
        return campaign_id

    def _enrolled(self, _role: str) -> int:
        """Who takes part in each `campaign`."""
        return self.users["author"].person_id

    def _running(self, _role: str) -> int:
        """One of which two days are over, in which all who are here take part and have points for a card."""
        return in_transaction(self._begun)

    def _begun(self) -> int:
        start = clock.local_date(clock.now(), "Asia/Shanghai") - timedelta(days=2)
        plan = Plan(title=f"早安 {next(_numbers)}", start_date=start, end_date=start + timedelta(days=6), card_price=5)
        with clock.at(clock.now() - timedelta(days=2)):
            campaign_id = checkins.create_campaign(self.users["owner"], self.slug, plan)
            checkins.publish_campaign(self.users["owner"], campaign_id)
        self._enroll_all(campaign_id)
        here = select(Member.id, Member.user_id).where(Member.circle_id == self.circle_id)
        places = {row.user_id: row.id for row in db.session.execute(here)}
        for role in self.taking_part:
            why = Why("adjust", f"world:{campaign_id}:{role}")
            points.reward(places[self.users[role].id or 0], why, points=5, growth=0)
        return campaign_id

    def _forming(self, _role: str) -> int:
        """One with teams that is to begin; all who are here take part in it."""
        return in_transaction(self._planned)

    def _planned(self) -> int:
        start = clock.local_date(clock.now(), "Asia/Shanghai") + timedelta(days=2)
        plan = Plan(title=f"一起写 {next(_numbers)}", start_date=start, end_date=start + timedelta(days=6), teams=True)
        campaign_id = checkins.create_campaign(self.users["owner"], self.slug, plan)
        checkins.publish_campaign(self.users["owner"], campaign_id)
        self._enroll_all(campaign_id)
        return campaign_id

    def _team(self, role: str) -> int:
        """A team of the author's in it."""
        return checkins.create_team(self.users["author"], self._forming(role), name=f"小队 {next(_numbers)}")

    def _teamed(self, role: str) -> int:
        """The campaign of such a team: `{its_team}`, which is named after it."""
        return db.session.get_one(Team, self._team(role)).campaign_id

    def _its_team(self, role: str) -> int:
        newest = select(Team.id).where(Team.captain_id == self.users["author"].id).order_by(Team.id.desc()).limit(1)
        if not db.session.scalars(newest).first():
            self._team(role)
        return db.session.scalars(newest).one()

    def _record(self, role: str) -> int:
        """A check-in of the author's that waits for a reviewer."""
        self._reviewed(role)
        return self._its_record(role)

    def _reviewed(self, _role: str) -> int:
        """A campaign with such a check-in (`{its_record}`, which is named after it)."""
        return in_transaction(self._waiting)

    def _waiting(self) -> int:
        today, author = clock.local_date(clock.now(), "Asia/Shanghai"), self.users["author"]
        plan = Plan(title=f"有人看的 {next(_numbers)}", start_date=today, end_date=today, need_n=1, review="manual")
        campaign_id = checkins.create_campaign(self.users["owner"], self.slug, plan)
        checkins.publish_campaign(self.users["owner"], campaign_id)
        checkins.enroll(author, campaign_id)
        checkins.submit(author, campaign_id, body="今天也写下来。")
        return campaign_id

    def _its_record(self, role: str) -> int:
        mine = (CheckinRecord.user_id == self.users["author"].id, CheckinRecord.status == "pending")
        newest = select(CheckinRecord.id).where(*mine).order_by(CheckinRecord.id.desc()).limit(1)
        if not db.session.scalars(newest).first():
            self._reviewed(role)
        return db.session.scalars(newest).one()

    def _topic_id(self, _role: str) -> int:
        return topics.create_topic(SYSTEM, self.slug, title=f"Topic {next(_numbers)}")

    def _topic(self, role: str) -> str:
        return db.session.get_one(Topic, self._topic_id(role)).slug

    def _person(self, _role: str) -> int:
        return self.make.member(db.session.get_one(Circle, self.circle_id)).id

    def _adjustment(self, _role: str) -> int:
        """A large gift that somebody else asked for, and that waits."""
        return self._asked(5000)

    def _applied_adjustment(self, _role: str) -> int:
        """A small gift that was given at once."""
        return self._asked(5)

    def _asked(self, amount: int) -> int:
        asker = actor_of(self.make.member(db.session.get_one(Circle, self.circle_id), "admin", self._person_named()))
        reason, author = "for the lovely meeting", self.users["author"].id or 0
        return points.ask_adjustment(asker, self.slug, author, asset="POINTS", amount=amount, reason=reason)

    def _task(self, _role: str) -> int:
        """A task that everybody here has finished and nobody has claimed."""
        task = Task(
            circle_id=self.circle_id, title="关注一个话题", cadence="weekly", event="topic_follow", target=1, points=3,
            growth=3, position=next(_numbers),
        )  # fmt: skip
        in_transaction(lambda: db.session.add(task))
        for person in self.users.values():
            points.count_task_events(self.circle_id, person.id or 0, ("topic_follow",), f"topic:{task.id}")
        return task.id

    def _muted_person(self, role: str) -> int:
        user_id = self._person(role)
        circles.mute_member(SYSTEM, self.slug, user_id, until=clock.now() + timedelta(days=1))
        return user_id

    def _banned_person(self, role: str) -> int:
        user_id = self._person(role)
        circles.ban_member(SYSTEM, self.slug, user_id)
        return user_id

    def _application(self, _role: str) -> int:
        circles.update_circle(SYSTEM, self.slug, join_mode="application")
        applicant = self.make.user()
        circles.join_circle(actor_of(applicant), self.slug)
        circles.update_circle(SYSTEM, self.slug, join_mode="open")
        return db.session.scalars(select(Application.id).where(Application.user_id == applicant.id)).one()

    def _invite(self, _role: str) -> int:
        return circles.create_invite(SYSTEM, self.slug)

    def _token(self, role: str) -> str:
        return db.session.get_one(Invite, self._invite(role)).token

    def _user(self, _role: str) -> int:
        return self.users["author"].id or 0

    def _username(self, _role: str) -> str:
        return self.users["author"].username

    def _new_name(self, _role: str) -> str:
        return f"fresh{next(_numbers)}"

    def _new_slug(self, _role: str) -> str:
        return f"fresh-{next(_numbers)}"

    def _takeout(self, _role: str) -> int:
        """A fresh copy of all the author has, ready to be fetched."""
        author = self.users["author"]
        in_transaction(lambda: db.session.execute(delete(Takeout).where(Takeout.user_id == author.id)))
        takeout_id = accounts.ask_takeout(author)
        takeout.make(takeout_id)
        return takeout_id

    def _refresh_token(self, _role: str) -> str:
        return open_api_session(self.users["author"].id or 0, user_agent="test", address="127.0.0.1").refresh_token

    def _session(self, role: str) -> int:
        """Another sign-in of the same person."""
        if role not in self.users:
            return 1
        token = open_browser_session(self.users[role].id or 0, user_agent="another", address="127.0.0.1")
        user = browser_user_of_token(token)
        assert user is not None
        return user.actor.session_id or 0

    def _draft(self, _role: str) -> int:
        """A fresh draft of the author's; the ones before go, or there were too many."""
        author = self.users["author"]
        for old in post_queries.drafts(author, limit=50).items:
            posts.delete_draft(author, old.id)
        return posts.new_draft(author, self.slug, posts.DraftContent.of(body="还没写完")).id

    def _media(self, _role: str) -> int:
        """An upload of the author that is shown nowhere."""
        return self._upload("author", "post")

    def _avatar(self, _role: str) -> int:
        return self._upload("author", "avatar")

    def _upload(self, role: str, purpose: str) -> int:
        picture = FileStorage(BytesIO(self.make.picture()), filename="picture.png")
        return uploads.take_upload(self.users[role], picture, purpose)

    def _posted_media(self, _role: str) -> int:
        """A picture in a post of the circle."""
        media_id = self._upload("author", "post")
        posts.publish_post(self.users["author"], self.slug, body="", media_ids=[media_id])
        return media_id

    # ---- mail --------------------------------------------------------------------------------------------------------

    def _code(self, user: Any, purpose: str) -> str:
        # however many were asked for before
        in_transaction(lambda: db.session.execute(delete(MailCode).where(MailCode.user_id == user.id)))
        accounts.ask_address(user, f"mail{next(_numbers)}@example.org", old_hash=_password_hash())
        letter = accounts.make_code(user.id, "confirm")
        if letter is not None and purpose == "reset":
            accounts.confirm_address(letter.code)
            accounts.ask_reset(user.username)
            letter = accounts.make_code(user.id, "reset")
        assert letter is not None
        return letter.code

    def _confirm_code(self, _role: str) -> str:
        """Of somebody nobody knows."""
        return self._code(actor_of(self._person_named()), "confirm")

    def _reset_code(self, _role: str) -> str:
        return self._code(actor_of(self._person_named()), "reset")

    def _own_code(self, role: str) -> str:
        return self._code(self.users.get(role) or self.users["author"], "confirm")

    def _notice(self, _role: str) -> int:
        """One that the author was told."""
        author = self.users["author"]
        operations.notify(author.id or 0, "member.unmuted", dedupe_key=str(next(_numbers)), data={})
        return queries.inbox(author, limit=1).items[0].id

    def _unsubscribe_token(self, _role: str) -> str:
        return unsubscribe_path(self.users["author"].id or 0, "replies").rpartition("/")[2]


_shared: dict[str, dict[str, World]] = {}


def _worn(worlds: Iterable[World]) -> bool:
    """Whether another test has emptied the database, or so many have been here that a circle nears its limits."""
    for world in worlds:
        if db.session.get(Circle, world.circle_id) is None:
            return True
        if len(db.session.scalars(select(Topic.id).where(Topic.circle_id == world.circle_id)).all()) > 50:
            return True
    return False


def shared_world(engine: Engine, visibility: str = "public") -> World:
    """A circle for all who leave its people as they are. Needs the context of the engine's application, and not the
    fixture `app`, which empties the database."""
    kept = _shared.get(engine.name)
    if kept is None or _worn(kept.values()):
        _empty(engine)
        kept = {each: World(engine.app, visibility=each) for each in ("public", "private")}
        _shared[engine.name] = kept
    return kept[visibility]


def own_world(engine: Engine, visibility: str = "public") -> World:
    """A circle where nobody was before and nobody else will be. It needs what `shared_world` needs."""
    _shared.pop(engine.name, None)
    _empty(engine)
    return World(engine.app, visibility=visibility)


def _empty(engine: Engine) -> None:
    db.session.remove()
    engine.reset()
    shutil.rmtree(engine.app.config["SETTINGS"].media_dir, ignore_errors=True)
