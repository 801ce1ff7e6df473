"""A circle in which somebody asked without a name, with everything that can happen to such a question, and everybody
who could look: for tests that nobody finds out who it was (Q5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any

from flask import Flask
from werkzeug.datastructures import FileStorage

from circle.access import SYSTEM, Actor
from circle.accounts import operations as accounts
from circle.accounts.models import User
from circle.checkins import operations as checkins
from circle.checkins.operations import Plan
from circle.circles import operations as circles
from circle.core import clock, jobs
from circle.core.db import db
from circle.core.operation import in_transaction
from circle.home import belongings
from circle.media import uploads
from circle.notifications.operations import MAIL_DELAY
from circle.posts import operations as posts
from circle.qa import operations as qa
from circle.topics import operations as topics
from tests.clients import ApiClient, Browser
from tests.factories import Make, actor_of

USERNAME, NICKNAME = "quietowl7391", "夜航的猫头鹰"
#: words of what was asked without a name: where they stand, nothing of the asker may
WORDS = ("匿名试探海盐", "藏起来的紫檀", "拿走了的芦苇")
#: who looks; `blocker` has blocked the asker, `blocked` was blocked by them
READERS = (
    "visitor", "stranger", "member", "muted", "expert", "answerer", "blocker", "blocked", "moderator", "admin", "owner",
)  # fmt: skip
_ROLES = {"member": "member", "muted": "member", "expert": "expert", "answerer": "member", "blocker": "member",
          "blocked": "member", "moderator": "moderator", "admin": "admin"}  # fmt: skip


@dataclass
class Veil:
    """The circle `slug`; the question `question` and what stands below it; `elsewhere`, where the asker has a name."""

    app: Flask
    asker: Actor
    avatar: int
    slug: str
    elsewhere: str
    topic_slug: str
    topic: int
    people: dict[str, Actor]
    ids: dict[str, int] = field(default_factory=dict)
    media: list[int] = field(default_factory=list)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be found."""
        return (str(self.asker.id), USERNAME, NICKNAME, f"/media/{self.avatar}/")

    def actor(self, reader: str) -> Actor:
        return self.people.get(reader, Actor(id=None))

    def browser(self, reader: str) -> Browser:
        return Browser(self.app, self.people.get(reader))

    def api(self, reader: str) -> ApiClient:
        return ApiClient(self.app, self.people.get(reader))

    def found_in(self, text: str) -> list[str]:
        """The secrets that stand in a text, also as JSON and addresses spell them."""
        spelled = {secret: (secret, json.dumps(secret)[1:-1], secret.encode().hex()) for secret in self.secrets}
        return [secret for secret, ways in spelled.items() if any(way in text for way in ways)]

    def tells_of_question(self, text: str) -> bool:
        """Whether a text is about something asked without a name."""
        return any(word in text for word in WORDS)

    def takeout(self, reader: str) -> str:
        """What somebody takes with them when they ask for their data."""
        me = self.people[reader]
        lists: Any = [[name, list(items)] for name, items in belongings.lists(me.person_id)]
        return json.dumps([lists, list(belongings.notices(me))], default=str, ensure_ascii=False)


def build(app: Flask, make: Make) -> Veil:
    """Everything that may happen to an anonymous question has happened."""
    people = {name: make.user() for name in ("stranger", "owner", *_ROLES)}
    circle, other = make.circle(people["owner"]), make.circle(people["stranger"])
    for name, role in _ROLES.items():
        make.member(circle, role, people[name])
    asker = make.user(USERNAME, nickname=NICKNAME)
    me = actor_of(asker)
    make.member(circle, user=asker)
    make.member(other, user=asker)
    for name, user in people.items():
        _give_address(user, f"{name}@example.org")
    avatar = _upload(make, me, "avatar", "#123456")
    accounts.set_avatar(me, avatar)
    topic = topics.create_topic(actor_of(people["owner"]), circle.slug, title="海盐话题", slug="salt")
    actors = {name: actor_of(user) for name, user in people.items()}
    veil = Veil(app, me, avatar, circle.slug, other.slug, "salt", topic, actors)
    for name in ("member", "blocker", "blocked"):
        topics.follow_topic(veil.actor(name), topic)
    circles.mute_member(SYSTEM, circle.slug, people["muted"].id, duration_s=7 * 86400)
    accounts.block_user(veil.actor("blocker"), asker.id)
    accounts.block_user(me, people["blocked"].id)
    veil.ids["named"] = posts.publish_post(me, other.slug, body="我在别处用自己的名字说话。")
    _ask(veil, make)
    _talk(veil)
    _curate(veil)
    _other_questions(veil)
    _check_in(veil)
    return veil


def _check_in(veil: Veil) -> None:
    """A campaign under way, of which whoever asked is no part: its pages have nothing to say of them."""
    now, owner, member = clock.now(), veil.actor("owner"), veil.actor("member")
    start = clock.local_date(now, "Asia/Shanghai") - timedelta(days=2)
    plan = Plan(title="早安七天", start_date=start, end_date=start + timedelta(days=6), teams=True)
    with clock.at(now - timedelta(days=3)):
        veil.ids["campaign"] = checkins.create_campaign(owner, veil.slug, plan)
        checkins.publish_campaign(owner, veil.ids["campaign"])
        for person in (owner, member):
            checkins.enroll(person, veil.ids["campaign"])
        veil.ids["team"] = checkins.create_team(member, veil.ids["campaign"], name="晨光小队")
    with clock.at(now - timedelta(days=1)):
        checkins.submit(member, veil.ids["campaign"], body="河边的柳树发芽了。")


def _give_address(user: User, address: str) -> None:
    def write() -> None:
        row = db.session.get_one(User, user.id)
        row.email, row.email_key, row.email_confirmed_at, row.locale = address, address, clock.now(), "zh_Hans_CN"

    in_transaction(write)


def _upload(make: Make, actor: Actor, purpose: str, color: str) -> int:
    file = FileStorage(BytesIO(make.picture((80, 60), color)), filename=f"{USERNAME}.png")
    return uploads.take_upload(actor, file, purpose)


def _ask(veil: Veil, make: Make) -> None:
    veil.media = [_upload(make, veil.asker, "post", color) for color in ("#aa0000", "#00aa00")]
    named = [f"@{veil.people[name].username}" for name in ("member", "blocker", "blocked")]
    veil.ids["question"] = posts.publish_post(
        veil.asker, veil.slug, type="question", anonymous=True, title=f"{WORDS[0]}：该不该说？",
        body=f"想问问大家，也问问 {' '.join(named)}", media_ids=veil.media, topic_ids=[veil.topic],
    )  # fmt: skip


def _talk(veil: Veil) -> None:
    question, ids, me = veil.ids["question"], veil.ids, veil.asker
    for name in ("member", "expert", "moderator"):
        posts.like_post(veil.actor(name), question, on=True)
        posts.favorite_post(veil.actor(name), question, on=True)
    ids["comment"] = posts.write_comment(me, question, body="补充一点背景")
    ids["theirs"] = posts.write_comment(veil.actor("member"), question, body="先想清楚再说")
    ids["reply"] = posts.write_comment(me, question, body="谢谢，我再想想", parent_id=ids["theirs"])
    ids["reply_to_asker"] = posts.write_comment(veil.actor("blocked"), question, body="加油", parent_id=ids["comment"])
    ids["again"] = posts.write_comment(veil.actor("blocker"), question, body="支持你", parent_id=ids["reply"])
    for name in ("member", "owner"):
        posts.like_comment(veil.actor(name), ids["comment"], on=True)
    posts.edit_comment(me, ids["comment"], body=f"补充一点背景，@{veil.people['expert'].username} 怎么看")
    ids["second"] = posts.write_comment(me, question, body="想好了", parent_id=ids["theirs"])
    ids["answer"] = qa.write_answer(veil.actor("answerer"), question, body="说，但先写下来。")
    ids["own_answer"] = qa.write_answer(me, question, body=f"后来我说了。@{veil.people['moderator'].username}")
    qa.vote(veil.actor("member"), ids["own_answer"], value=1)
    qa.vote(veil.actor("member"), ids["answer"], value=1)
    qa.invite(me, question, user_id=veil.people["expert"].id)
    with clock.at(clock.now() + timedelta(hours=1)):
        posts.edit_post(me, question, body="想问问大家，说出来会不会更好？")
        qa.edit_answer(me, ids["own_answer"], body="后来我说了，挺好。")
    qa.accept_answer(me, question, answer_id=ids["answer"], version=1)


def _curate(veil: Veil) -> None:
    question = veil.ids["question"]
    posts.feature_post(veil.actor("moderator"), question, on=True)
    posts.pin_post(veil.actor("owner"), question, rank=1)
    posts.hide_comment(veil.actor("moderator"), veil.ids["reply"], reason="先看一看")
    posts.restore_comment(veil.actor("moderator"), veil.ids["reply"])
    qa.hide_answer(veil.actor("moderator"), veil.ids["own_answer"], reason="先看一看")
    qa.restore_answer(veil.actor("moderator"), veil.ids["own_answer"])


def _other_questions(veil: Veil) -> None:
    """One that is hidden, one that was taken back after an edit, one closed as a repetition, one in the feed."""
    hidden, gone, repeated, plain = (
        posts.publish_post(veil.asker, veil.slug, type="question", anonymous=True, title=f"{word}：怎么办？", body="")
        for word in (WORDS[1], WORDS[2], f"{WORDS[0]}又一次", f"{WORDS[0]}普通")
    )
    below = posts.write_comment(veil.asker, plain, body="最新的一句")  # its card shows it
    posts.hide_post(veil.actor("moderator"), hidden, reason="先看一看")
    with clock.at(clock.now() + timedelta(hours=1)):
        posts.edit_post(veil.asker, gone, body=f"{WORDS[2]}，算了")
    posts.delete_post(veil.asker, gone)
    posts.hide_post(veil.actor("moderator"), plain, reason="先看一看")
    posts.restore_post(veil.actor("moderator"), plain)
    qa.mark_duplicate(veil.actor("moderator"), repeated, of=veil.ids["question"])
    qa.close_question(veil.asker, plain, reason="resolved")
    veil.ids |= {"hidden": hidden, "gone": gone, "repeated": repeated, "plain": plain, "below": below}


def tell_all() -> None:
    """Run what waits: followers are told, and mails go out."""
    jobs.run_due()
    with clock.at(clock.now() + MAIL_DELAY + timedelta(seconds=1)):
        jobs.run_due()


def each_reader(veil: Veil) -> Iterator[tuple[str, Callable[[str], Any], Callable[[str], Any]]]:
    """(who, how they open a page, how they ask the API)"""
    for reader in READERS:
        yield reader, veil.browser(reader).get, veil.api(reader).get
