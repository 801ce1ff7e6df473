"""The small world that the browser tests walk through, made by operations before the server starts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask

from circle.accounts import operations as accounts
from circle.accounts import passwords
from circle.accounts.models import User
from circle.checkins import jobs as checkin_jobs
from circle.checkins import operations as checkins
from circle.checkins.operations import Plan
from circle.circles import operations as circles
from circle.circles.models import Circle, Invite
from circle.core import clock
from circle.core.db import db
from circle.media import uploads
from circle.media.files import Upload, put_missing
from circle.media.images import process_image
from circle.notifications import operations as notifications
from circle.notifications.unsubscribing import unsubscribe_path
from circle.points import operations as points
from circle.posts import operations as posts
from circle.qa import operations as qa
from circle.topics import operations as topics
from tests.clients import Browser
from tests.factories import PASSWORD, Make, actor_of

#: as long as names may be: what a page does with them is what it does at its worst
LONG_NAME = "写了一半的小说家和她从不走动的闹钟先生"
LONG_LATIN = "Maximiliane_Featherst"[:20]
LONG_TOPIC = "一个名字长到二十个字的话题也要放得下才行"
LONG_TITLE = "一条很长的标题：" + "今天早上的雾比昨天早上的雾更像雾" * 3
_TONES = ("#c7462a", "#1f7659", "#4355ad", "#e6ad3f", "#94406d")
#: more than one page of a feed, and more than one page of comments
POSTS = 34
COMMENTS = 24


@dataclass(frozen=True)
class World:
    """Names, addresses and ids that the tests need; `cookies` sign in by role.

    The member and the owner are looked at; the reader is for journeys.
    """

    slug: str
    studio: str
    garden: str
    topic: str
    post: int
    own_post: int
    draft: int
    hidden_post: int
    #: asked by the member, anonymously
    unnamed: int
    #: asked by the reader, with an answer of the owner and the member's, edited and accepted; and the same again
    question: int
    answer: int
    asked_again: int
    talk: int
    task: int
    own_comment: int
    thread: int
    #: campaigns: one of this week in which the member has missed a day, one of months with reviews, one of weeks that
    #: is to come, one that is settled, one that was cancelled, and a draft
    campaign: int
    long_campaign: int
    next_campaign: int
    past_campaign: int
    cancelled_campaign: int
    draft_campaign: int
    #: one with a team of the member's that runs, and that team
    team_campaign: int
    team: int
    #: the day of the first that the member has missed, and a campaign that gives nobody a make-up card
    missed: int
    cardless: int
    invite: str
    spent_invite: str
    person: str
    confirm_code: str
    reset_code: str
    unsubscribe: str
    cookies: dict[str, str]


class _Builder:
    def __init__(self, app: Flask) -> None:
        self.app = app
        self.make = Make()
        self.password = passwords.hash_password(PASSWORD)  # slow on purpose, so once for all

    def person(self, username: str, nickname: str, **values: str) -> User:
        user_id = accounts.create_user(username, nickname=nickname, password_hash=self.password, **values)
        return db.session.get_one(User, user_id)

    def picture(self, user: User, purpose: str, color: str, size: tuple[int, int] = (320, 240)) -> int:
        image = process_image(Make.picture(size, color, "PNG"))
        upload = Upload.of_image(image, purpose, "picture.png")
        put_missing(upload.files)
        return uploads.store_upload(actor_of(user), upload)

    def cookie(self, user: User) -> str:
        found = Browser(self.app, user).http.get_cookie("circle")
        assert found
        return found.value


def build(app: Flask) -> World:
    """Fill an empty database. Needs an application context; takes about two seconds."""
    builder = _Builder(app)
    owner = builder.person("yuqing", "林予晴", bio="改了十几年别人的稿子。\n现在给大家出日历纸。")
    ann = builder.person("wenyan", "温言")
    ben = builder.person(LONG_LATIN, LONG_NAME, bio="https://example.com/" + "very-long-path-segment-" * 6)
    boss = actor_of(owner)
    circles.create_circle(boss, slug="morning", name="早安读写圈", intro="每天早上一个小题目，写完互相回一声。")
    circles.set_cover(boss, "morning", builder.picture(owner, "cover", _TONES[0], (1200, 420)))
    accounts.set_avatar(boss, builder.picture(owner, "avatar", _TONES[1], (200, 200)))
    for user in (ann, ben):
        circles.join_circle(actor_of(user), "morning")
    circles.change_role(boss, "morning", ben.id, "moderator")
    named = dict(_topics(owner))
    shown = _posts(builder, owner, ann, ben, list(named.values()))
    studio, garden = _other_circles(builder, owner, ann, ben)
    invite, spent = _invites(owner)
    muted = builder.person("quiet", "安静的人")
    circles.join_circle(actor_of(muted), "morning")
    circles.mute_member(boss, "morning", muted.id, duration_s=86400, reason="休息一下")
    _notices(ann, owner)
    accounts.block_user(actor_of(ann), muted.id)
    reader = builder.person("reader", "只读不写的人")
    circles.join_circle(actor_of(reader), "morning")
    cookies = {"member": builder.cookie(ann), "owner": builder.cookie(owner), "reader": builder.cookie(reader)}
    return World(
        slug="morning", studio=studio, garden=garden, topic="notes", invite=invite, spent_invite=spent,
        person=ben.username, cookies=cookies, task=_task(owner), **_codes(builder), **shown,
        **_campaigns(owner, ann, ben),
    )  # fmt: skip


def _task(owner: User) -> int:
    """One of the circle's own, with the longest name there may be."""
    return points.create_task(
        actor_of(owner), "morning", title=(LONG_TOPIC * 2)[:30], event="comment_others", cadence="weekly", target=1000,
        points=1000, growth=1000,
    )  # fmt: skip


def _topics(owner: User) -> list[tuple[str, int]]:
    boss = actor_of(owner)
    wanted = (
        ("notes", "读书笔记", "合上书，用自己的话写三句。"),
        ("long", LONG_TOPIC, ""),
    )
    made = [(slug, topics.create_topic(boss, "morning", title=t, slug=slug, intro=i)) for slug, t, i in wanted]
    old = topics.create_topic(boss, "morning", title="往期活动", slug="past")
    topics.update_topic(boss, old, status="archived")
    return made


def _posts(builder: _Builder, owner: User, ann: User, ben: User, topic_ids: list[int]) -> dict[str, int]:
    for number in range(POSTS - 4):
        posts.publish_post(actor_of(ben), "morning", body=f"第 {number} 天。今天有雾。", topic_ids=topic_ids[:1])
    hidden = posts.publish_post(actor_of(ann), "morning", body="这一条会被藏起来。")
    posts.hide_post(actor_of(owner), hidden, reason="请不要发广告")
    talk = posts.publish_post(actor_of(ann), "morning", title="很多人说话的一条", body="说说你今天看见了什么。")
    for number in range(COMMENTS):
        posts.write_comment(actor_of(ben), talk, body=f"第 {number} 个人说：看见了雾。")
    pictures = [builder.picture(owner, "post", color) for color in _TONES]
    rich = posts.publish_post(
        actor_of(owner), "morning", title=LONG_TITLE, media_ids=pictures, alts=["窗外的雾", "", "书桌"],
        topic_ids=topic_ids, body=_BODY,
    )  # fmt: skip
    thread = posts.write_comment(actor_of(ben), rich, body="看见了。" + "这一句没有空格" * 30)
    for number in range(6):
        posts.write_comment(actor_of(ann), rich, body=f"回你第 {number} 次。", parent_id=thread)
    mine = posts.write_comment(actor_of(ann), rich, body="我也看见了 https://example.com/" + "a" * 90)
    own = posts.publish_post(actor_of(ann), "morning", body="今天早上六点半，窗外有雾。")
    unnamed = posts.publish_post(
        actor_of(ann), "morning", type="question", anonymous=True, title="写不下去的时候，该停还是该硬写？", body=""
    )
    questions = _questions(owner, ann, ben)
    posts.like_post(actor_of(ben), own, on=True)
    posts.pin_post(actor_of(owner), talk, rank=1)
    posts.feature_post(actor_of(ben), own, on=True)
    posts.favorite_post(actor_of(ann), rich, on=True)
    with clock.at(clock.now() + timedelta(minutes=31)):
        posts.edit_post(actor_of(ann), own, title="雾", body="今天早上七点半，窗外有大雾。\n\n走到桥边才看见人。")
    window = builder.picture(ann, "post", _TONES[0])
    kept = posts.DraftContent.of(title="还没写完", body="窗外的雾散了一半。", media_ids=[window])
    draft = posts.new_draft(actor_of(ann), "morning", kept).id
    later = posts.DraftContent.of(body="明天早上七点见。")
    posts.new_draft(actor_of(ann), "morning", later, plan=posts.Plan(clock.now() + timedelta(days=30)))
    return {"post": rich, "own_post": own, "hidden_post": hidden, "talk": talk, "thread": thread, "own_comment": mine,
            "draft": draft, "unnamed": unnamed, **questions}  # fmt: skip


def _questions(owner: User, ann: User, ben: User) -> dict[str, int]:
    asked = posts.publish_post(
        actor_of(ben), "morning", type="question", title="晨读怎样才能坚持下来？" + "试过很多办法都" * 4,
        body="闹钟、早睡、打卡都试过，最多**十天**。\n\n大家是怎么做的？",
    )  # fmt: skip
    qa.write_answer(actor_of(owner), asked, body="先把书放在枕头边。" + "慢慢来" * 40)
    answer = qa.write_answer(actor_of(ann), asked, body="只读一页。\n\n1. 坐下\n2. 翻开\n3. 读完就合上")
    qa.vote(actor_of(ben), answer, value=1)
    qa.accept_answer(actor_of(ben), asked, answer_id=answer, version=1)
    with clock.at(clock.now() + timedelta(minutes=31)):
        qa.edit_answer(actor_of(ann), answer, body="只读一页，多一页也不读。\n\n1. 坐下\n2. 翻开\n3. 读完就合上")
    again = posts.publish_post(actor_of(ben), "morning", type="question", title="早起读书怎么坚持？", body="")
    qa.mark_duplicate(actor_of(owner), again, of=asked)
    with clock.at(clock.now() - timedelta(hours=30)):
        title = "有没有适合睡前读的短篇？"
        waiting = posts.publish_post(actor_of(ann), "morning", type="question", title=title, body="")
        qa.invite(actor_of(ann), waiting, user_id=owner.id)
    return {"question": asked, "answer": answer, "asked_again": again}


def _campaigns(owner: User, ann: User, ben: User) -> dict[str, int]:
    now = clock.now()
    today = clock.local_date(now, "Asia/Shanghai")
    boss, member, other = actor_of(owner), actor_of(ann), actor_of(ben)
    team_ids: list[int] = []

    def planned(title: str, start: int, length: int, **values: Any) -> int:
        plan = {"start_date": today + timedelta(days=start), "end_date": today + timedelta(days=start + length - 1)}
        return checkins.create_campaign(boss, "morning", Plan(title=title, **plan, **values))

    def published(title: str, start: int, length: int, **values: Any) -> int:
        with clock.at(now + timedelta(days=min(start, 0) - 1)):
            campaign_id = planned(title, start, length, **values)
            checkins.publish_campaign(boss, campaign_id)
            for person in (member, other):
                checkins.enroll(person, campaign_id)
            if values.get("teams"):
                team_ids.append(checkins.create_team(member, campaign_id, name="写完再睡的人"))
                checkins.join_team(other, team_ids[-1])
        return campaign_id

    def check_in(campaign_id: int, ago: int, body: str = "窗外的雾散了一半。") -> None:
        for person in (member, other):
            with clock.at(now - timedelta(days=ago)):
                checkins.submit(person, campaign_id, body=body)

    week = published(
        "早安七天", -4, 7, need_n=5, reward_points=20, reward_growth=30, min_len=5, card_price=20,
        prompts=("窗外有什么？",) * 7, intro="每天早上写几句。", intro_html="<p>每天早上写几句。</p>",
    )  # fmt: skip
    for ago in (4, 2, 1):
        check_in(week, ago)
    months = published(
        LONG_TITLE[:40], -20, 90, need_type="streak", need_n=10, review="manual", lookback=5, level_min=1
    )
    check_in(months, 1)
    check_in(months, 0)
    weeks = published("每周一篇长文", 10, 30, cadence="weekly", need_n=3, teams=True, team_points=50)
    teamed = published("一起读完一本书", -3, 7, teams=True, team_points=50, team_growth=20)
    check_in(teamed, 3)
    check_in(teamed, 2)
    with clock.at(now):
        checkins.submit(other, teamed, body="读到第三章。")
    past = published("晚安三天", -12, 3, need_n=2, reward_points=20)
    check_in(past, 11)
    check_in(past, 12)
    checkin_jobs.settle(past)
    gone = published("临时取消的一周", -1, 7)
    cardless = published("没有补签卡的几天", -1, 9, need_n=2, free_cards=0, card_price=20, min_len=10, min_images=1)
    checkins.cancel_campaign(boss, gone, reason="场地临时变了，改到下个月再办")
    return {
        "campaign": week, "long_campaign": months, "next_campaign": weeks, "past_campaign": past,
        "cancelled_campaign": gone, "draft_campaign": planned("还没写完的活动", 3, 7), "missed": 2,
        "cardless": cardless, "team_campaign": teamed, "team": team_ids[-1],
    }  # fmt: skip


_BODY = """昨晚重读《夜航西飞》，折角的那页写着：*不要慢慢地离开一个地方*。

> The house had learned to be quiet.

- 第一句
- **第二句**，和一个[链接](https://example.com/)

```
一行没有换行的代码 = "abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz"
```

Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft
"""


def _other_circles(builder: _Builder, owner: User, ann: User, ben: User) -> tuple[str, str]:
    """One joined by application (somebody waits), one private behind a passphrase."""
    circles.create_circle(
        actor_of(owner), slug="studio", name="周末胶片社", join_mode="application", accent="indigo",
        questions=["你为什么想来？", "你最近拍了什么？"],
    )  # fmt: skip
    waiting = builder.person("waiting", "等在门口的人")
    for user in (waiting, ben):
        circles.join_circle(actor_of(user), "studio", answers=["想和你们一起拍照。" * 8, "一张窗。"])
    circles.create_circle(
        actor_of(ben), slug="garden", name="阳台种菜小组", join_mode="passphrase", passphrase="番茄番茄", accent="pine",
        visibility="private",
    )  # fmt: skip
    return "studio", "garden"


def _invites(owner: User) -> tuple[str, str]:
    good, spent = (circles.create_invite(actor_of(owner), "morning", max_uses=9) for _number in range(2))
    circles.revoke_invite(actor_of(owner), spent)
    return db.session.get_one(Invite, good).token, db.session.get_one(Invite, spent).token


def _codes(builder: _Builder) -> dict[str, str]:
    """What stands in the links of mails."""
    found = {}
    for purpose in ("confirm", "reset"):
        user = builder.person(f"mail-{purpose}", "收信的人")
        accounts.ask_address(actor_of(user), f"{purpose}@example.org", old_hash=builder.password)
        letter = accounts.make_code(user.id, "confirm")
        assert letter is not None
        if purpose == "reset":
            accounts.confirm_address(letter.code)
            accounts.ask_reset(user.username)
            letter = accounts.make_code(user.id, "reset")
            assert letter is not None
        found[f"{purpose}_code"] = letter.code
    return {**found, "unsubscribe": unsubscribe_path(user.id, "replies").rpartition("/")[2]}


def _notices(ann: User, owner: User) -> None:
    """One of each look, beside those that the posts above gave."""
    circle_id = db.session.query(Circle.id).filter_by(slug="morning").scalar()
    notifications.mark_read(actor_of(ann))
    told: list[tuple[str, dict[str, object]]] = [("member.unmuted", {}), ("application.submitted", {"by": owner.id})]
    for kind, data in told:
        notifications.notify(ann.id, kind, circle_id=circle_id, dedupe_key="look", data=data)


__all__ = ["PASSWORD", "World", "build"]
