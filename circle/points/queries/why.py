"""Why something gave points, fewer than expected, or none: told from what was recorded, with its transactions.

Whatever may have earned has a row (`EarnSource`) that says under which rule, and what came of it. A thing of one's own
without such a row gets an honest answer too; what is not one's own is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, String, and_, case, column, func, or_, select, table

from circle.access import Actor, Permission, require
from circle.circles.levels import tag_at
from circle.circles.models import Circle
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import BigInt, db
from circle.core.errors import NotFound
from circle.core.i18n import _, day_in_words
from circle.core.ids import MAX_ID
from circle.ledger import queries as ledger
from circle.ledger.accounts import points_of
from circle.ledger.queries import Movement
from circle.points import periods, telling
from circle.points.catalog import EVERYTHING, name_of
from circle.points.explaining import Cap, RuleThen, Step, afterwards, headline_of, reasons_of, step_of, total_of
from circle.points.ladder import MAX_LEVELS
from circle.points.models import EarnRule, EarnSource, LevelGift, PointAdjustment, Task, TaskProgress
from circle.points.queries import campaigns
from circle.points.queries.mine import Standing, standing_of
from circle.points.queries.tasks import title_of

_KEY = re.compile(r"[a-z]{1,16}(?:\.[a-z]{1,16})?(?::[A-Za-z0-9._+-]{1,64}){1,3}")
_ID = re.compile(r"[1-9][0-9]{0,18}")
SOURCE_MAX = 120
#: points knows neither posts nor what stands below them, only whose they are and where
_WHOSE = ("id", "circle_id", "author_id")


def _things(name: str, *more: Any) -> Any:
    return table(name, *(column(each, BigInt) for each in _WHOSE), column("anonymous", Boolean), *more)


_POSTS = _things("posts", column("type", String))
_COMMENTS = _things("comments", column("post_id", BigInt))
_ANSWERS = _things("answers", column("question_id", BigInt))
#: first word of a source -> what it names; of `accept` the answer comes last
_TABLES = {
    "post": _POSTS, "like": _POSTS, "featured": _POSTS, "comment": _COMMENTS, "answer": _ANSWERS, "accept": _ANSWERS,
}  # fmt: skip


@dataclass(frozen=True)
class Why:
    """The answer: `outcome` is earned, reduced, nothing, taken_back, moved (no rule decides) or unrecorded."""

    source: str
    title: str
    outcome: str
    #: the answer in one sentence, then what belongs to it
    headline: str
    sentences: tuple[str, ...] = ()
    #: why less than the rule gives: a word of catalog.REASONS, else empty
    reason: str = ""
    url: str | None = None
    happened_at: datetime | None = None
    rule: RuleThen | None = None
    cap: Cap | None = None
    #: what of it stands now
    points: int = 0
    growth: int = 0
    movements: tuple[Movement, ...] = ()

    @property
    def steps(self) -> list[Step]:
        """What happened, in order."""
        return [step_of(each) for each in self.movements]


def explain(actor: Actor, circle: CircleRow, source: str, *, user_id: int | None = None) -> Why:
    """Why something of one's own gave what it gave; of another member's, for those who may adjust points.

    Raises NotFound for what is not theirs, and for what never was; Forbidden for another member without the right.
    """
    whose = actor.id
    if user_id is not None and user_id != actor.id:
        require(actor, Permission.POINTS_ADJUST, circle.standing)
        whose = user_id
    here = standing_of(circle, whose)
    if len(source) > SOURCE_MAX or not _KEY.fullmatch(source):
        raise NotFound
    told = _told(circle, here, whose or 0, source)
    if whose != actor.id and any(_is_anonymous(each) for each in (source, *(one.source for one in told.movements))):
        raise NotFound  # whose it is, is what nobody may learn this way
    return told


def _told(circle: CircleRow, here: Standing, user_id: int, source: str) -> Why:
    recorded = db.session.get(EarnSource, source, populate_existing=True)
    if recorded is not None:
        if (recorded.circle_id, recorded.member_id) != (circle.id, here.member_id):
            raise NotFound
        return _of_source(circle, recorded)
    word, *numbers = source.split(":")
    ids = [int(number) for number in numbers if _ID.fullmatch(number)]
    told = _OTHERS.get(word, _of_anything)
    if told is not _of_anything and (len(ids) < len(numbers) or any(id_ > MAX_ID for id_ in ids)):
        raise NotFound
    return told(circle, here, user_id, source, ids)


def _is_anonymous(source: str | None) -> bool:
    """Whether it is of something whose author does not show."""
    word, *numbers = (source or "").split(":")
    things, number = _TABLES.get(word), numbers[-1 if word == "accept" else 0] if numbers else ""
    if things is None or not _ID.fullmatch(number):
        return False
    return bool(db.session.scalar(select(things.c.anonymous).where(things.c.id == int(number))))


# ---- what a rule decided ---------------------------------------------------------------------------------------------


def _of_source(circle: CircleRow, source: EarnSource) -> Why:
    rules = _rules_then(source)
    rule, total = rules.get(source.rule_code), rules.get(EVERYTHING)
    cap = _cap(circle, source, rule, total) if rule and source.reason.endswith("_cap") else None
    movements = ledger.movements_of_source(circle.id, source.member_id, source.source_key)
    expired = ledger.expired_of_source(source.source_key) if source.granted_points else 0
    url, title = _thing(circle, source.source_key)
    outcome = {"on": "reduced" if source.reason else "earned", "off": "taken_back"}.get(source.state, "nothing")
    return Why(
        source=source.source_key, title=title, outcome=outcome, headline=headline_of(source),
        sentences=(*reasons_of(source, rule, cap), *afterwards(source, expired)), reason=source.reason, url=url,
        happened_at=source.effective_at, rule=_rule_then(rule), cap=cap,
        points=source.active_points if source.state == "on" else 0,
        growth=source.active_growth if source.state == "on" else 0, movements=tuple(movements),
    )  # fmt: skip


def _rules_then(source: EarnSource) -> dict[str, EarnRule]:
    """The version of the rule by which it was judged, and the caps over everything that held then."""
    mine = and_(EarnRule.code == source.rule_code, EarnRule.version == source.rule_version)
    # a circle's first rules are made in the moment when they are first asked, which may be a little later
    over_all = and_(
        EarnRule.code == EVERYTHING, or_(EarnRule.replaced_at.is_(None), EarnRule.replaced_at > source.created_at)
    )
    wanted = select(EarnRule).where(EarnRule.circle_id == source.circle_id, or_(mine, over_all))
    found = db.session.scalars(wanted.order_by(EarnRule.version.desc())).all()
    return {row.code: row for row in found}  # of several versions to come the first held


def _rule_then(rule: EarnRule | None) -> RuleThen | None:
    if rule is None:
        return None
    limits = tuple(telling.caps(rule))
    return RuleThen(
        rule.code, name_of(rule.code), rule.version, rule.points, rule.growth, limits, rule.replaced_at is None
    )


def _cap(circle: CircleRow, source: EarnSource, rule: EarnRule, total: EarnRule | None) -> Cap | None:
    """Which cap it was and how much of it was used: what had been granted before, that day and that week."""
    used = _used_before(circle, source)
    if source.reason == "count_cap" and rule.daily_count_cap is not None:
        return Cap("count_day", rule.daily_count_cap, used["count_day"])
    if source.reason == "giver_cap" and rule.giver_daily_cap is not None:
        return Cap("giver_day", rule.giver_daily_cap, used["giver_day"])
    if source.reason == "point_cap":
        limits = {"points_day": rule.daily_point_cap, "points_week": rule.weekly_point_cap}
    else:
        limits = {"all_day": total.daily_point_cap, "all_week": total.weekly_point_cap} if total else {}
    caps = [Cap(which, limit, used[which]) for which, limit in limits.items() if limit is not None]
    # the one that left least was the one that decided
    return min(caps, key=lambda cap: cap.limit - cap.used, default=None)


def _used_before(circle: CircleRow, source: EarnSource) -> dict[str, int]:
    """What the caps had counted when it came: granted amounts are fixed for ever, so this can be added up again."""
    tz, at = circle.tz, source.effective_at
    day_end, week_end = periods.day_end(at, tz), periods.week_end(at, tz)
    local = clock.local_date(at, tz)
    day_start = periods.start_of(local, tz)
    week_start = periods.start_of(local - timedelta(days=local.isoweekday() - 1), tz)
    before = (
        EarnSource.member_id == source.member_id, EarnSource.effective_at >= week_start,
        EarnSource.effective_at < week_end, EarnSource.created_at <= source.created_at,
        EarnSource.source_key != source.source_key,
        EarnSource.rule_version > 0,  # what was promised is given outside of all caps
        or_(EarnSource.granted_points > 0, EarnSource.granted_growth > 0),
    )  # fmt: skip
    today = and_(EarnSource.effective_at >= day_start, EarnSource.effective_at < day_end)
    same = EarnSource.rule_code == source.rule_code
    sums = {
        "count_day": _sum_if(and_(today, same)),
        "giver_day": _sum_if(and_(today, same, EarnSource.giver_id == source.giver_id)),
        "points_day": _sum_if(and_(today, same), EarnSource.granted_points),
        "points_week": _sum_if(same, EarnSource.granted_points),
        "all_day": _sum_if(today, EarnSource.granted_points),
        "all_week": func.coalesce(func.sum(EarnSource.granted_points), 0),
    }
    row = db.session.execute(select(*sums.values()).where(*before)).one()
    return {name: int(value) for name, value in zip(sums, row, strict=True)}


def _sum_if(condition: Any, what: Any = 1) -> Any:
    return func.coalesce(func.sum(case((condition, what), else_=0)), 0)


# ---- what it was about -----------------------------------------------------------------------------------------------


def _thing(circle: CircleRow, key: str) -> tuple[str | None, str]:
    """Where it is to be seen, and what it is called."""
    word, *numbers = key.split(":")
    names = {
        "post": _("Post"), "like": _("Like received"), "featured": _("Highlight"), "comment": _("Comment"),
        "answer": _("Answer"), "accept": _("Accepted answer"),
    }  # fmt: skip
    title = str(names.get(word, key))
    if word in campaigns.WORDS:
        ids = [int(number.partition("+")[0]) for number in numbers]  # +1: what a promise was raised by
        return campaigns.about(circle, word, ids) or (None, name_of(word))
    if word in {"post", "like", "featured"}:
        kind = db.session.scalar(select(_POSTS.c.type).where(_POSTS.c.id == int(numbers[0])))
        if kind == "question":
            return f"/{circle.slug}/questions/{numbers[0]}", str(_("Question")) if word == "post" else title
        return f"/{circle.slug}/posts/{numbers[0]}", title
    if word == "accept":
        return f"/{circle.slug}/questions/{numbers[0]}#answer-{numbers[1]}", title
    if word == "answer" and _ID.fullmatch(numbers[0]):
        question_id = db.session.scalar(select(_ANSWERS.c.question_id).where(_ANSWERS.c.id == int(numbers[0])))
        return (f"/{circle.slug}/questions/{question_id}#answer-{numbers[0]}" if question_id else None), title
    if word == "comment" and _ID.fullmatch(numbers[0]):
        post_id = db.session.scalar(select(_COMMENTS.c.post_id).where(_COMMENTS.c.id == int(numbers[0])))
        return (f"/{circle.slug}/posts/{post_id}#comment-{numbers[0]}" if post_id else None), title
    return None, title


def _unrecorded(circle: CircleRow, here: Standing, user_id: int, source: str, ids: Sequence[int]) -> Why:
    """A post, comment or answer of theirs for which nothing was ever recorded."""
    word = source.partition(":")[0]
    things = _TABLES[word]
    if len(ids) != (2 if word in {"like", "accept"} else 1):
        raise NotFound
    mine = [things.c.id == ids[0], things.c.circle_id == circle.id, things.c.author_id == user_id]
    if word == "accept":
        mine[0] = and_(things.c.id == ids[1], things.c.question_id == ids[0])
    if db.session.execute(select(things.c.id).where(*mine)).first() is None:
        raise NotFound
    url, title = _thing(circle, source)
    because = {
        "post": _("it was published before points were counted here."),
        "comment": _("it was written before points were counted here."),
        "answer": _("it was written before points were counted here."),
        "accept": _("it was not accepted since points are counted here."),
        "featured": _("it was never chosen as a highlight since points are counted here."),
        "like": _("this person has not liked the post since points are counted here."),
    }[word]
    headline = str(_("Nothing was recorded for it, because %(reason)s", reason=because))
    return Why(source=source, title=title, outcome="unrecorded", headline=headline, url=url)


def _of_campaign(circle: CircleRow, here: Standing, user_id: int, source: str, ids: Sequence[int]) -> Why:
    """A check-in of theirs, or a campaign they take part in, for which nothing was recorded."""
    word = source.partition(":")[0]
    named = campaigns.about(circle, word, ids)
    because = campaigns.nothing_because(word, ids) if named and ids[1] == user_id else None
    if named is None or because is None:
        raise NotFound
    headline = str(_("Nothing was recorded for it, because %(reason)s", reason=because))
    return Why(source=source, title=named.title, outcome="unrecorded", headline=headline, url=named.url)


# ---- what no rule of earning decided ---------------------------------------------------------------------------------


def _moved(source: str, title: str, movements: Sequence[Movement], *more: str) -> Why:
    points, growth = sum(each.points for each in movements), sum(each.growth for each in movements)
    return Why(
        source=source, title=title, outcome="moved", headline=total_of(points, growth),
        sentences=more, happened_at=movements[0].effective_at, points=points, growth=growth, movements=tuple(movements),
    )  # fmt: skip


def _nothing(source: str, title: str, headline: str) -> Why:
    return Why(source=source, title=title, outcome="unrecorded", headline=headline)


def _of_task(circle: CircleRow, here: Standing, _user_id: int, source: str, ids: Sequence[int]) -> Why:
    """All rewards of a task: it may be finished anew each day."""
    task = db.session.get(Task, ids[0]) if len(ids) == 1 else None
    if task is None or task.circle_id != circle.id:
        raise NotFound
    title = str(title_of(task.title, task.code, task.event))
    claimed = select(TaskProgress.txn_id).where(
        TaskProgress.task_id == task.id, TaskProgress.member_id == here.member_id, TaskProgress.txn_id.is_not(None)
    )
    newest = db.session.scalars(claimed.order_by(TaskProgress.claimed_at.desc()).limit(ledger.MOVEMENTS)).all()
    movements = ledger.movements_of_txns(circle.id, here.member_id, [each for each in newest if each is not None])
    if not movements:
        return _nothing(source, title, str(_("Nothing was recorded for it, because its reward was not claimed yet.")))
    return _moved(source, title, movements)


def _of_level(circle: CircleRow, here: Standing, _user_id: int, source: str, ids: Sequence[int]) -> Why:
    """The gift for reaching a level, which the circle may have no more."""
    if len(ids) != 1 or not 1 <= ids[0] <= MAX_LEVELS:
        raise NotFound
    title = telling.gift_title(tag_at(circle.tags, ids[0]).name)
    gift = db.session.get(LevelGift, (here.member_id, ids[0]))
    movements = ledger.movements_of_txns(circle.id, here.member_id, [gift.txn_id]) if gift else []
    if not movements and ids[0] > len(circle.tags):
        raise NotFound
    if not movements:
        reason = _("Nothing was recorded for it, because the level was not reached yet, or has no gift.")
        return _nothing(source, title, str(reason))
    return _moved(
        source, title, movements, "", str(_("Each level gives its gift once, also to those who reach it again."))
    )


def _of_adjustment(circle: CircleRow, here: Standing, _user_id: int, source: str, ids: Sequence[int]) -> Why:
    """Points or growth given or taken by hand."""
    row = db.session.get(PointAdjustment, ids[0], populate_existing=True) if len(ids) == 1 else None
    if row is None or (row.circle_id, row.member_id) != (circle.id, here.member_id):
        raise NotFound
    movements = ledger.movements_of_source(circle.id, here.member_id, source)
    title = telling.kind_title("adjust")
    if not movements:  # it waits for a second person, or was turned down: that is between those who decide
        raise NotFound
    return _moved(source, title, movements)


def _of_txn(circle: CircleRow, here: Standing, _user_id: int, source: str, ids: Sequence[int]) -> Why:
    """One transaction, and what it was for."""
    movements = ledger.movements_of_txns(circle.id, here.member_id, ids[:1]) if len(ids) == 1 else []
    if not movements:
        raise NotFound
    each = movements[0]
    why = _moved(source, telling.kind_title(each.kind), movements, *_kind_sentences(circle, here, each))
    word, _colon, number = (each.source or "").partition(":")
    if each.kind == "gift" and word == "level" and _ID.fullmatch(number):
        return replace(why, title=telling.gift_title(tag_at(circle.tags, int(number)).name))
    if word == "task" and _ID.fullmatch(number) and (task := db.session.get(Task, int(number))) is not None:
        return replace(why, title=str(title_of(task.title, task.code, task.event)))
    return why


def _of_anything(circle: CircleRow, here: Standing, _user_id: int, source: str, _ids: Sequence[int]) -> Why:
    """What other features booked for something."""
    movements = ledger.movements_of_source(circle.id, here.member_id, source)
    if not movements:
        raise NotFound
    return _moved(source, telling.kind_title(movements[0].kind), movements)


def _kind_sentences(circle: CircleRow, here: Standing, each: Movement) -> list[str]:
    """What belongs to know about some kinds of transactions."""
    if each.kind == "expire":
        origin = _origin_of_lot(circle, here, each.key)
        policy = db.session.scalar(select(Circle.points_expiry).where(Circle.id == circle.id))
        said = [_("Points can be used until the end of the year after the one in which they were earned.")]
        said = said if policy == "next_year" else [_("Their time was over.")]
        return [str(one) for one in ([*said, origin] if origin else said)]
    if each.kind == "forfeit":
        return [str(_("Who leaves keeps points and level for a year; then they are let go."))]
    if each.kind == "growth.decay":
        return [str(_("A level is looked at again after a year: the growth of that year was less than what keeps it."))]
    return []


def _origin_of_lot(circle: CircleRow, here: Standing, key: str) -> str:
    number = key.partition(":")[2].partition("+")[0]
    account = points_of(circle.id, here.member_id)
    source_key = ledger.source_of_lot(int(number), account) if _ID.fullmatch(number) else None
    source = db.session.get(EarnSource, source_key) if source_key else None
    if source is None:
        return ""
    today = clock.local_date(clock.now(), circle.tz)
    day = day_in_words(clock.local_date(source.effective_at, circle.tz), year=today.year)
    return str(_("They had been earned on %(day)s: %(what)s.", day=day, what=name_of(source.rule_code)))


_Told = Callable[[CircleRow, Standing, int, str, Sequence[int]], Why]
_OTHERS: Mapping[str, _Told] = {
    **dict.fromkeys(_TABLES, _unrecorded), **dict.fromkeys(campaigns.WORDS, _of_campaign), "task": _of_task,
    "level": _of_level, "gift": _of_level, "adjust": _of_adjustment, "txn": _of_txn,
}  # fmt: skip
