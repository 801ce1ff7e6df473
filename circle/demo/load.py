"""Loading the demo circle: the texts in `content/`, the drawings of `drawing/`, and the operations members use.

Everything happens "when it happened": the clock is set to each moment of the last weeks, relative to today. Loading
twice changes nothing, and a load that was interrupted goes on where it stopped, so there is never half a demo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime, time, timedelta
from functools import partial
from io import BytesIO
from typing import Any

from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from circle.access import SYSTEM, Actor
from circle.accounts import operations as accounts
from circle.accounts import passwords
from circle.accounts.models import User
from circle.accounts.usernames import username_key
from circle.circles import operations as circles
from circle.circles.models import Application, Circle, Member
from circle.core import audit, clock
from circle.core.db import db
from circle.core.operation import operation
from circle.demo import campaigns, points, questions
from circle.demo.avatars import draw_avatar
from circle.demo.pictures import draw_picture
from circle.demo.questions import Act
from circle.demo.sounds import draw_sound
from circle.demo.state import TZ, Loaded, content, post_of, seed_of, some, store
from circle.media import uploads
from circle.media.images import ProcessedImage, process_image
from circle.notifications.models import Notice
from circle.notifications.operations import mark_read
from circle.posts import operations as posts
from circle.posts.models import Draft, PollOption
from circle.topics import operations as topics
from circle.topics.models import Topic, TopicFollow

PASSWORD = "zaoan-2026"  # noqa: S105  # printed at start; the demo is refused in production
#: the ordinary member a newcomer may sign in as
MEMBER = "wenyan"
_COVERS = {"morning": "cover", "film": "cover_film", "balcony": "cover_balcony"}
_DONE = "demo.loaded"

Echo = Callable[[str], None]


def load_demo(echo: Echo) -> bool:
    """Load the demo circle into an empty database, or finish a load that was interrupted.

    Returns False, changing nothing, when the database holds anything else or the whole demo already.
    """
    people, some_circles = content("members"), content("circles")
    if not _is_ours(people[0]) or _is_done():
        return False
    loaded = Loaded(_today(some_circles[0]), points={each["circle"]: each for each in content("points")})
    echo("drawing pictures …")
    faces = _draw(loaded, people)
    echo("inviting members …")
    _load_people(loaded, people, some_circles, faces)
    _load_circles(loaded, some_circles, people)
    _load_topics(loaded)
    threads = content("posts")
    written = ((loaded.begins(thread), partial(_load_thread, loaded, thread)) for thread in threads)
    by_hand = _adjustments(loaded)
    happened: list[Act] = [*written, *questions.acts_of(loaded), *campaigns.acts_of(loaded)]
    acts = sorted(happened, key=lambda each: each[0])
    for number, (at, act) in enumerate(acts, 1):
        _load_adjustments(loaded, by_hand, at)
        act()
        if number % 100 == 0:
            echo(f"{number} of {len(acts)} posts and answers …")
    _load_adjustments(loaded, by_hand, clock.now())
    points.check(loaded.slugs.values())
    _load_pins(loaded, threads)
    _load_drafts(loaded)
    _read_old_notices(loaded)
    _mark_done()
    return True


def sign_ins() -> list[tuple[str, str, str]]:
    """(user name, nickname, role in the main circle) of the people a newcomer is told to sign in as."""
    main = content("circles")[0]
    people = {person["key"]: person for person in content("members")}
    return [
        (people[key]["username"], people[key]["nickname"], people[key]["circles"][main["key"]])
        for key in (main["owner"], MEMBER)
    ]


def _is_ours(first: dict[str, Any]) -> bool:
    """Whether the database is empty, or what it holds began with our first person."""
    if db.session.scalar(select(func.count()).select_from(User)) == 0:
        return True
    oldest = db.session.scalar(select(User.username_key).order_by(User.id).limit(1))
    return oldest == username_key(first["username"])


def _is_done() -> bool:
    return db.session.scalar(select(audit.AuditEntry.id).where(audit.AuditEntry.action == _DONE)) is not None


@operation
def _mark_done() -> None:
    audit.record(SYSTEM, _DONE, "site:demo")


def _read_old_notices(loaded: Loaded) -> None:
    """Everybody looked at their inbox the evening before; only what is new since then is unread."""
    evening = loaded.moment(1, "20:00")
    for actor in loaded.users.values():
        seen = select(Notice.id).where(Notice.user_id == actor.id, Notice.created_at < evening)
        with clock.at(evening):
            mark_read(actor, list(db.session.scalars(seen)))


def _today(first: dict[str, Any]) -> date:
    """Today; when an earlier load is finished on a later day, the day it began."""
    began = db.session.scalar(select(Circle.created_at).where(Circle.slug == first["slug"]))
    if began is not None:
        return began.astimezone(TZ).date() + timedelta(days=first["days_old"])
    now = clock.now().astimezone(TZ)
    # content of "today" is from the early morning; before nine it would lie in the future
    return now.date() if now.time() >= time(9) else now.date() - timedelta(days=1)


# ---- drawings ------------------------------------------------------------------------------------------------


def _picture(wanted: tuple[str, int]) -> ProcessedImage:
    name, seed = wanted
    shape: dict[str, Any] = {"ratio": (16, 7)} if name.startswith("cover") and seed == 0 else {}
    return process_image(draw_picture(name, seed), **shape)


def _face(spec: dict[str, Any]) -> ProcessedImage:
    return process_image(draw_avatar(spec), square=400)


def _draw(loaded: Loaded, people: Sequence[dict[str, Any]]) -> list[ProcessedImage]:
    """Draw and encode everything, on all processors: it is most of the work of a load."""
    wanted = {(name, seed_of(post["key"] + name)) for post in content("posts") for name in post.get("images", [])}
    wanted |= {(name, 0) for name in _COVERS.values()} | set(campaigns.pictures())
    ordered = sorted(wanted)
    with ProcessPoolExecutor() as pool:
        loaded.pictures = dict(zip(ordered, pool.map(_picture, ordered, chunksize=4), strict=True))
        return list(pool.map(_face, [person["avatar"] for person in people], chunksize=4))


# ---- people and places ---------------------------------------------------------------------------------------


def _load_people(
    loaded: Loaded,
    people: Sequence[dict[str, Any]],
    some_circles: Sequence[dict[str, Any]],
    faces: Sequence[ProcessedImage],
) -> None:
    password_hash = passwords.hash_password(PASSWORD)  # slow on purpose, so once for all
    oldest = max(circle["days_old"] for circle in some_circles)
    for person, face in zip(people, faces, strict=True):
        days = max([person["joined_days_ago"], *([oldest] if person["key"] in _owners(some_circles) else [])])
        with clock.at(loaded.moment(days + 1, "08:00")):
            user = db.session.scalar(select(User).where(User.username_key == username_key(person["username"])))
            user_id = user.id if user else accounts.create_user(
                person["username"], nickname=person["nickname"], bio=person["bio"], password_hash=password_hash
            )  # fmt: skip
            actor = Actor(id=user_id, username=person["username"], nickname=person["nickname"])
            if user is None or user.avatar_id is None:
                accounts.set_avatar(actor, store(actor, face, "avatar", f"{person['key']}.png"))
            loaded.users[person["key"]] = actor


def _owners(some_circles: Sequence[dict[str, Any]]) -> set[str]:
    return {circle["owner"] for circle in some_circles}


def _load_circles(loaded: Loaded, some_circles: Sequence[dict[str, Any]], people: Sequence[dict[str, Any]]) -> None:
    for each in some_circles:
        slug, owner = each["slug"], loaded.users[each["owner"]]
        loaded.slugs[each["key"]] = slug
        if db.session.scalar(select(Circle.id).where(Circle.slug == slug)) is None:
            with clock.at(loaded.moment(each["days_old"], "07:00")):
                _create_circle(owner, each)
                cover = loaded.pictures[(_COVERS[each["key"]], 0)]
                circles.set_cover(owner, slug, store(owner, cover, "cover", "cover.png"))
                points.begin(owner, slug, loaded.points[each["key"]])
        joined = [person for person in people if each["key"] in person["circles"]]
        loaded.members[each["key"]] = [person["key"] for person in joined]
        for person in joined:
            with clock.at(loaded.moment(min(person["joined_days_ago"], each["days_old"]), "07:30")):
                _join(loaded, each, person, owner)


def _create_circle(owner: Actor, each: dict[str, Any]) -> None:
    names = ("name", "slug", "intro", "tz", "visibility", "join_mode", "questions", "passphrase", "accent")
    circles.create_circle(owner, **{name: each[name] for name in names if each.get(name)})


def _join(loaded: Loaded, each: dict[str, Any], person: dict[str, Any], owner: Actor) -> None:
    """Let somebody in the way this circle lets people in, and give them their role."""
    actor, slug, role = loaded.users[person["key"]], each["slug"], person["circles"][each["key"]]
    if role == "owner" or _is_member(slug, actor):
        return
    if each["join_mode"] == "application":
        answers = ["喜欢这里的人说话的样子。" for _question in each["questions"]]
        circles.join_circle(actor, slug, answers=answers)
        circles.approve_application(owner, _pending_application(slug, actor))
    else:
        circles.join_circle(actor, slug, passphrase=each.get("passphrase"))
    if role != "member":
        circles.change_role(owner, slug, actor.id or 0, role)


def _is_member(slug: str, actor: Actor) -> bool:
    statement = select(Member.id).join(Circle, Circle.id == Member.circle_id)
    return db.session.scalar(statement.where(Circle.slug == slug, Member.user_id == actor.id)) is not None


def _pending_application(slug: str, actor: Actor) -> int:
    statement = select(Application.id).join(Circle, Circle.id == Application.circle_id)
    wanted = statement.where(Circle.slug == slug, Application.user_id == actor.id, Application.status == "pending")
    return db.session.scalars(wanted).one()


def _load_topics(loaded: Loaded) -> None:
    for each in content("topics"):
        slug, key = loaded.slugs[each["circle"]], (each["circle"], each["key"])
        known = db.session.scalar(
            select(Topic.id).join(Circle, Circle.id == Topic.circle_id)
            .where(Circle.slug == slug, Topic.slug == each["slug"])
        )  # fmt: skip
        with clock.at(loaded.moment(40, "07:10")):
            owner = next(loaded.users[person] for person in loaded.members[each["circle"]]
                         if _role(loaded, each["circle"], person) == "owner")  # fmt: skip
            loaded.topics[key] = known or topics.create_topic(
                owner, slug, title=each["title"], slug=each["slug"], intro=each["intro"]
            )
        followers = list(some(loaded.members[each["circle"]], each["follows"], each["key"]))
        already = set(db.session.scalars(select(TopicFollow.user_id).where(TopicFollow.topic_id == loaded.topics[key])))
        for person in followers:
            if loaded.users[person].id not in already:
                topics.follow_topic(loaded.users[person], loaded.topics[key])


def _role(loaded: Loaded, circle: str, person: str) -> str:
    return str(next(each["circles"][circle] for each in content("members") if each["key"] == person))


# ---- what they wrote -----------------------------------------------------------------------------------------


def _load_thread(loaded: Loaded, thread: dict[str, Any]) -> None:
    """One post with its comments and likes, in one transaction: it is there as a whole or not at all."""
    at = loaded.begins(thread)
    author = loaded.users[thread["author"]]
    if post_of(loaded, thread) is not None:
        return
    images = thread.get("images", [])
    with clock.at(at):
        media_ids = [
            store(author, loaded.pictures[(name, seed_of(thread["key"] + name))], "post", f"{name}.png")
            for name in images
        ]
        if sound := thread.get("voice"):
            media_ids.append(
                uploads.take_upload(author, FileStorage(BytesIO(draw_sound(sound)), f"{sound}.wav"), "post")
            )
    last = max([0, *(each["after_minutes"] for each in _all_comments(thread))])
    with clock.at(at + timedelta(minutes=last)):
        _write_thread(loaded, thread, author, at, media_ids)


def _all_comments(thread: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for comment in thread.get("comments", []):
        yield comment
        yield from comment.get("replies", [])


@operation
def _write_thread(
    loaded: Loaded, thread: dict[str, Any], author: Actor, at: datetime, media_ids: Sequence[int]
) -> None:
    circle = thread["circle"]
    with clock.at(at):
        post_id = posts.publish_post(
            author, loaded.slugs[circle], body=thread.get("first_body", thread["body"]), title=thread.get("title", ""),
            topic_ids=[loaded.topics[(circle, key)] for key in thread.get("topics", [])], media_ids=media_ids,
            alts=thread.get("alts", []), poll=_poll(thread.get("poll")),
        )  # fmt: skip
    others = [person for person in loaded.members[circle] if person != thread["author"]]
    for person in some(others, thread.get("likes", 0), thread["key"]):
        posts.like_post(loaded.users[person], post_id, on=True)
    for person in {*some(others, thread.get("favorites", 0), thread["key"] + "*"), *thread.get("kept_by", [])}:
        posts.favorite_post(loaded.users[person], post_id, on=True)
    liked: list[tuple[int, str]] = []
    for comment in thread.get("comments", []):
        written = {comment["author"]: _write(loaded, post_id, at, comment, None)}
        liked += _likers(others, written[comment["author"]], comment)
        first = written[comment["author"]]
        for reply in comment.get("replies", []):
            answered = written.get(reply.get("to") or comment["author"], first)
            written[reply["author"]] = _write(loaded, post_id, at, reply, answered)
            liked += _likers(others, written[reply["author"]], reply)
    if minutes := thread.get("edited_after_minutes"):
        with clock.at(at + timedelta(minutes=minutes)):
            posts.edit_post(author, post_id, body=thread["body"])
    for comment_id, person in sorted(liked):
        posts.like_comment(loaded.users[person], comment_id, on=True)
    if featured := thread.get("featured"):
        with clock.at(at + timedelta(minutes=featured["after_minutes"])):
            posts.feature_post(loaded.users[featured["by"]], post_id, on=True)
    _claim(loaded, thread)
    if poll := thread.get("poll"):
        voters = [person for person in others if person not in poll.get("abstain", [])]
        _vote(loaded, post_id, poll, list(some(voters, poll["votes"], thread["body"])))


def _claim(loaded: Loaded, thread: dict[str, Any]) -> None:
    """Who did something here takes what it brought them; what was finished today still waits."""
    if thread["days_ago"]:
        slug, share = loaded.slugs[thread["circle"]], loaded.points[thread["circle"]]["claims"]
        points.claim([loaded.users[person] for person in loaded.members[thread["circle"]]], slug, share)


def _poll(asked: dict[str, Any] | None) -> posts.PollContent | None:
    names = ("question", "options", "max_choices", "results", "closes_in_h")
    return posts.PollContent.of(**{name: asked[name] for name in names}) if asked else None


def _vote(loaded: Loaded, post_id: int, poll: dict[str, Any], people: Sequence[str]) -> None:
    """What people chose goes round in `chosen`, by the places of the options."""
    of_post = select(PollOption.id).where(PollOption.post_id == post_id).order_by(PollOption.position)
    options = db.session.scalars(of_post).all()
    for number, person in enumerate(people):
        chosen = poll["chosen"][number % len(poll["chosen"])]
        posts.vote(loaded.users[person], post_id, [options[place] for place in chosen])


def _write(loaded: Loaded, post_id: int, at: datetime, comment: dict[str, Any], answered: int | None) -> int:
    with clock.at(at + timedelta(minutes=comment["after_minutes"])):
        return posts.write_comment(loaded.users[comment["author"]], post_id, body=comment["body"], parent_id=answered)


def _likers(people: Sequence[str], comment_id: int, comment: dict[str, Any]) -> list[tuple[int, str]]:
    others = [person for person in people if person != comment["author"]]
    return [(comment_id, person) for person in some(others, comment.get("likes", 0), comment["body"])]


def _adjustments(loaded: Loaded) -> list[tuple[datetime, str, dict[str, Any]]]:
    """What is given and taken by hand, in the order in which it happens."""
    planned = [
        (loaded.moment(each["days_ago"], each["at"]), loaded.slugs[circle], each)
        for circle, plan in loaded.points.items()
        for each in plan["adjustments"]
    ]
    return sorted(planned, key=lambda each: each[0])


def _load_adjustments(loaded: Loaded, waiting: list[tuple[datetime, str, dict[str, Any]]], until: datetime) -> None:
    while waiting and waiting[0][0] <= until:
        at, slug, each = waiting.pop(0)
        points.adjust(loaded.users, slug, at, each)


# ---- what stands on top, and what is still being written --------------------------------------------------------


def _load_pins(loaded: Loaded, threads: Sequence[dict[str, Any]]) -> None:
    """The owner of each circle pins what belongs on top, in order. Doing it twice is doing it once."""
    owners = {circle["key"]: loaded.users[circle["owner"]] for circle in content("circles")}
    for thread in sorted((each for each in threads if "pinned" in each), key=lambda each: int(each["pinned"])):
        with clock.at(loaded.moment(1, "12:30")):
            posts.pin_post(owners[thread["circle"]], post_of(loaded, thread) or 0, rank=thread["pinned"])


def _load_drafts(loaded: Loaded) -> None:
    """Half written posts, and some that are planned for the next morning that comes."""
    for each in content("drafts"):
        author, slug = loaded.users[each["author"]], loaded.slugs[each["circle"]]
        if db.session.scalar(select(Draft.id).where(Draft.author_id == author.id, Draft.body == each["body"])):
            continue
        words = posts.DraftContent.of(
            body=each["body"], title=each["title"], poll=each.get("poll"),
            topic_ids=[loaded.topics[(each["circle"], key)] for key in each["topics"]],
        )  # fmt: skip
        if "at" in each:
            tomorrow = clock.now().astimezone(TZ).date() + timedelta(days=1)
            plan = posts.Plan(datetime.combine(tomorrow, time.fromisoformat(each["at"]), TZ))
            posts.new_draft(author, slug, words, plan=plan)
        else:
            with clock.at(clock.now() - timedelta(hours=each["hours_ago"])):
                posts.new_draft(author, slug, words)
