"""Reading campaigns: one, those of a circle, and the one that its home shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Row, Select, String, and_, bindparam, case, exists, func, literal, or_, select

from circle.access import Actor, Permission
from circle.checkins import days
from circle.checkins.models import HOLDING, Campaign, CampaignPeriod, CheckinRecord, Enrollment, MakeupCard
from circle.checkins.queries.rows import CampaignCan, CampaignRow, DayRow, EnrollmentRow
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import UTCDateTime, db
from circle.core.errors import NotFound
from circle.core.pagination import Keyset, Page
from circle.core.storage import file_url
from circle.points import periods
from circle.points.queries import privileges
from circle.posts.queries import TopicRef
from circle.topics.models import Topic

_campaigns, _periods = Campaign.__table__.c, CampaignPeriod.__table__.c
_mine, _records, _cards, _topics = (
    Enrollment.__table__.c,
    CheckinRecord.__table__.c,
    MakeupCard.__table__.c,
    Topic.__table__.c,
)
#: the reader in statements that are built once; no row has user 0
_ME = bindparam("me", type_=BigInteger)
_NOW = bindparam("now", type_=UTCDateTime)
_HERE = bindparam("circle", type_=BigInteger)
#: the month of the circle in which cards of the reader's level are counted (operations/level_cards.py)
_MONTH = bindparam("month", type_=String)
#: what keeps its day: one at most of each enrolment and period
_HOLDS = ("pending", "approved")
#: more that run or are to come are not shown on one page
MAX_LIVE = 30


class _Held(NamedTuple):
    """The record that holds a period for one person."""

    source: str
    status: str
    post_id: int | None


# ---- statements ------------------------------------------------------------------------------------------------------


@cache
def _statement(*, counted: bool = False) -> Select[Any]:
    """Campaigns with their topic, the period that is open (or the next one), until when one may still join, and what
    the reader `me` has in them; `counted`: and how many people have checked in for the period that is open."""
    first = select(func.min(_periods.idx)).where(_periods.campaign_id == _campaigns.id, _periods.closes_at > _NOW)
    current = CampaignPeriod.__table__.alias("current")
    # the period that must still be open for the rest to be enough
    needed = case((_campaigns.need_type == "all", 1), else_=_campaigns.period_count - _campaigns.need_n + 1)
    last = CampaignPeriod.__table__.alias("last")
    source = (
        Campaign.__table__.outerjoin(Topic.__table__, _topics.id == _campaigns.topic_id)
        .outerjoin(current, and_(current.c.campaign_id == _campaigns.id, current.c.idx == first.scalar_subquery()))
        .outerjoin(last, and_(last.c.campaign_id == _campaigns.id, last.c.idx == needed))
        .outerjoin(Enrollment.__table__, and_(_mine.campaign_id == _campaigns.id, _mine.user_id == _ME))
    )
    of_mine = select(func.count()).select_from(MakeupCard.__table__).where(_cards.enrollment_id == _mine.id)
    usable = of_mine.where(_cards.state == "available", _cards.expires_at > _NOW)
    of_level = select(func.count()).select_from(MakeupCard.__table__)
    of_level = of_level.where(_cards.circle_id == _HERE, _cards.user_id == _ME, _cards.month == _MONTH)
    columns = [column for column in Campaign.__table__.columns if column.key != "created_by"]
    today: Any = literal(0)
    if counted:
        of_now = (_records.campaign_id == _campaigns.id, _records.idx == current.c.idx, _records.status.in_(_HOLDS))
        today = select(func.count()).select_from(CheckinRecord.__table__).where(*of_now).scalar_subquery()
    return select(
        *columns,
        _topics.slug.label("topic_slug"), _topics.title.label("topic_title"),
        current.c.idx.label("now_idx"), current.c.day.label("now_day"), current.c.opens_at.label("now_opens"),
        current.c.closes_at.label("now_closes"), last.c.closes_at.label("enough_until"),
        _mine.id.label("my_id"), _mine.status.label("my_status"), _mine.done, _mine.on_time, _mine.best_streak,
        _mine.likes, _mine.first_idx, _mine.team_id, _mine.completed_at, _mine.settled_at,
        _mine.reason.label("my_reason"), usable.scalar_subquery().label("cards"),
        of_mine.where(_cards.source != "level").scalar_subquery().label("all_cards"),
        of_level.scalar_subquery().label("level_cards_used"), today.label("today_count"),
    ).select_from(source)  # fmt: skip


_LIVE = and_(_campaigns.status == "published", _campaigns.closes_at > _NOW)
_OVER = or_(
    _campaigns.status.in_(("settling", "closed", "cancelled")),
    and_(_campaigns.status == "published", _campaigns.closes_at <= _NOW),
)
_FINISHED = Keyset("campaigns.finished", (_campaigns.closes_at, _campaigns.id))
_ALL = Keyset("campaigns", (_campaigns.opens_at, _campaigns.id))


@cache
def _one_statement(*, manages: bool) -> Select[Any]:
    statement = _statement(counted=True).where(_campaigns.id == bindparam("campaign", type_=BigInteger))
    return statement if manages else statement.where(_campaigns.status != "draft")


@cache
def _live_statement() -> Select[Any]:
    """Running ones first, of those the one that ends first; then what begins next."""
    to_come = case((_campaigns.opens_at > _NOW, 1), else_=0)
    order = (to_come, case((_campaigns.opens_at > _NOW, _campaigns.opens_at), else_=_campaigns.closes_at))
    return _statement().where(_campaigns.circle_id == _HERE, _LIVE).order_by(*order, _campaigns.id).limit(MAX_LIVE)


@cache
def _home_statement() -> Select[Any]:
    """What the reader takes part in, or may; running before what is to come. Not what they were taken out of."""
    taking = case((_mine.status.in_(("active", "completed")), 0), (_mine.id.is_(None), 1), else_=2)
    to_come = case((_campaigns.opens_at > _NOW, 1), else_=0)
    begins = case((_campaigns.opens_at > _NOW, _campaigns.opens_at), else_=_campaigns.closes_at)
    theirs = or_(_mine.id.is_(None), _mine.status != "disqualified")
    # of two that run, the one in which there is still something to do today
    record, period = CheckinRecord.__table__.c, CampaignPeriod.__table__.c
    done = exists().where(
        record.enrollment_id == _mine.id, record.status.in_(HOLDING),
        period.campaign_id == record.campaign_id, period.idx == record.idx,
        period.opens_at <= _NOW, period.closes_at > _NOW,
    )  # fmt: skip
    here = _statement(counted=True).where(_campaigns.circle_id == _HERE, _LIVE, theirs)
    return here.order_by(to_come, taking, case((done, 1), else_=0), begins, _campaigns.id).limit(1)


@cache
def _finished_statement(*, after: bool) -> Select[Any]:
    return _FINISHED.prepare(_statement().where(_campaigns.circle_id == _HERE, _OVER), after=after)


@cache
def _page_statement(phase: str, *, after: bool) -> Select[Any]:
    which = {
        "all": _campaigns.status != "draft",
        "upcoming": and_(_LIVE, _campaigns.opens_at > _NOW),
        "running": and_(_LIVE, _campaigns.opens_at <= _NOW),
        "over": _OVER,
    }[phase]
    return _ALL.prepare(_statement().where(_campaigns.circle_id == _HERE, which), after=after)


@cache
def _days_statement() -> Select[Any]:
    """All periods of a campaign, with the record that holds each for one enrolment."""
    held = and_(
        _records.enrollment_id == bindparam("enrollment", type_=BigInteger), _records.idx == _periods.idx,
        _records.status.in_(_HOLDS),
    )  # fmt: skip
    source = CampaignPeriod.__table__.outerjoin(CheckinRecord.__table__, held)
    return (
        select(
            _periods.idx, _periods.day, _periods.opens_at, _periods.closes_at,
            _records.source, _records.status, _records.post_id,
        )
        .select_from(source)
        .where(_periods.campaign_id == bindparam("campaign", type_=BigInteger))
        .order_by(_periods.idx)
    )  # fmt: skip


# ---- one campaign ----------------------------------------------------------------------------------------------------


def get_campaign(actor: Actor, campaign_id: int, *, slug: str | None = None) -> CampaignRow:
    """One campaign with its days, and the reader's own part; a draft is there for those who manage campaigns.

    Raises NotFound when it is not there, or not for this actor, or not in the circle `slug`.
    """
    circle = _circle_of(actor, campaign_id, slug)
    statement = _one_statement(manages=circle.may(Permission.CAMPAIGN_MANAGE))
    row = db.session.execute(statement, _values(actor, circle) | {"campaign": campaign_id}).one_or_none()
    if row is None or row.circle_id != circle.id:
        raise NotFound
    return _with_days(circle, row)


def _circle_of(actor: Actor, campaign_id: int, slug: str | None) -> CircleRow:
    if slug is not None:  # the address names the circle: no need to ask the campaign
        return circles.readable_circle(actor, slug)
    circle_id = db.session.scalar(select(Campaign.circle_id).where(Campaign.id == campaign_id))
    if circle_id is None:
        raise NotFound
    return circles.readable_circle_by_id(actor, circle_id)


def home_campaign(actor: Actor, circle: CircleRow) -> CampaignRow | None:
    """The campaign that the home of a circle shows a member: one that runs, else the next one; first one in which they
    take part. With its days. None where there is none; the database is asked only while there may be one."""
    if circle.campaigns_until is None or circle.campaigns_until <= clock.now() or not circle.standing.active:
        return None
    row = db.session.execute(_home_statement(), _values(actor, circle)).first()
    return None if row is None else _with_days(circle, row)


def _with_days(circle: CircleRow, row: Row[Any]) -> CampaignRow:
    values = {"campaign": row.id, "enrollment": row.my_id or 0}
    periods = db.session.execute(_days_statement(), values).all()
    held = {
        period.idx: _Held(period.source, period.status, period.post_id)
        for period in periods if period.source is not None
    }  # fmt: skip
    about = _About(circle, row, held)
    plain = tuple(about.day(period, personal=False) for period in periods)
    mine = tuple(about.day(period, personal=True) for period in periods) if row.my_id is not None else ()
    return about.made(plain, mine)


def _values(actor: Actor, circle: CircleRow) -> dict[str, Any]:
    now = clock.now()
    month = periods.month_key(clock.local_date(now, circle.tz))
    return {"me": actor.id or 0, "now": now, "circle": circle.id, "month": month}


# ---- lists -----------------------------------------------------------------------------------------------------------


def campaign_list(actor: Actor, circle: CircleRow) -> list[CampaignRow]:
    """The campaigns of a circle that was read for this actor, without their days: what runs, what is to come, then the
    last 20 that are over (all of them: `finished_campaigns`)."""
    live = db.session.execute(_live_statement(), _values(actor, circle)).all()
    over = db.session.execute(_finished_statement(after=False), _values(actor, circle) | {"row_limit": 20}).all()
    return _made(circle, [*live, *over])


def finished_campaigns(
    actor: Actor, circle: CircleRow, *, cursor: str | None = None, limit: int = 20
) -> Page[CampaignRow]:
    """Campaigns of a circle that are over, the last first. Raises BadRequest CURSOR_INVALID."""
    return _page(actor, circle, _finished_statement(after=bool(cursor)), _FINISHED, cursor=cursor, limit=limit)


def live_campaigns(actor: Actor, circle: CircleRow) -> list[CampaignRow]:
    """Campaigns of a circle that run, then those to come."""
    return _made(circle, db.session.execute(_live_statement(), _values(actor, circle)).all())


def campaign_page(
    actor: Actor, circle: CircleRow, *, phase: str = "all", cursor: str | None = None, limit: int = 20
) -> Page[CampaignRow]:
    """The campaigns of a circle, the last to begin first: `all`, `upcoming`, `running` or `over`.

    Raises BadRequest CURSOR_INVALID.
    """
    keyset = Keyset(f"campaigns.{phase}", _ALL.columns)
    return _page(actor, circle, _page_statement(phase, after=bool(cursor)), keyset, cursor=cursor, limit=limit)


def _page(
    actor: Actor, circle: CircleRow, statement: Select[Any], keyset: Keyset, *, cursor: str | None, limit: int
) -> Page[CampaignRow]:
    name = f"{keyset.name}.{circle.id}"
    page = keyset.fetch(statement, _values(actor, circle), cursor, limit, name=name)
    return page.map(lambda rows: _made(circle, rows))


def _made(circle: CircleRow, rows: Iterable[Row[Any]]) -> list[CampaignRow]:
    rows = list(rows)
    held = _held_in([row.my_id for row in rows if row.my_id is not None])
    return [_About(circle, row, held.get(row.my_id, {})).made((), ()) for row in rows]


def _held_in(enrollment_ids: Collection[int]) -> Mapping[int, dict[int, _Held]]:
    found: dict[int, dict[int, _Held]] = defaultdict(dict)
    if not enrollment_ids:
        return found
    columns = (_records.enrollment_id, _records.idx, _records.source, _records.status, _records.post_id)
    mine = select(*columns).where(_records.enrollment_id.in_(enrollment_ids), _records.status.in_(_HOLDS))
    for row in db.session.execute(mine):
        found[row.enrollment_id][row.idx] = _Held(row.source, row.status, row.post_id)
    return found


# ---- rows ------------------------------------------------------------------------------------------------------------


def phase_of(status: str, opens_at: datetime | None, closes_at: datetime | None, now: datetime) -> str:
    """Where a campaign stands: draft, upcoming, running, settling, closed or cancelled."""
    if status != "published" or opens_at is None or closes_at is None:
        return status
    if now < opens_at:
        return "upcoming"
    return "running" if now < closes_at else "settling"


class _About:
    """What decides how a campaign looks for one reader: what was read of it, and the periods they have."""

    def __init__(self, circle: CircleRow, row: Row[Any], held: Mapping[int, _Held]) -> None:
        self._circle, self._row, self._held, self._now = circle, row, held, clock.now()
        self._phase = phase_of(row.status, row.opens_at, row.closes_at, self._now)
        self._excused = {int(idx): str(why.get("reason", "")) for idx, why in row.excused.items()}
        self._manages = circle.may(Permission.CAMPAIGN_MANAGE)
        #: takes part, and nothing is final yet
        self._active = row.my_status in {"active", "completed"} and row.settled_at is None
        self._closed = row.period_count if row.now_idx is None else row.now_idx - 1
        self._level_cards = self._left_of_level()

    def _left_of_level(self) -> int:
        """As operations.level_cards.level_cards_left."""
        row = self._row
        if not (self._active and self._phase in {"upcoming", "running"} and row.lookback):
            return 0
        return max(0, privileges(self._circle).makeup_cards_per_month - int(row.level_cards_used))

    def made(self, plain: tuple[DayRow, ...], mine: tuple[DayRow, ...]) -> CampaignRow:
        row, circle = self._row, self._circle
        same = {name: getattr(row, name) for name in _SAME}
        topic = None
        if row.topic_slug is not None:
            topic = TopicRef(row.topic_id, row.topic_slug, row.topic_title, f"/{circle.slug}/topics/{row.topic_slug}")
        return CampaignRow(
            **same, circle=circle, cover_url=file_url(row.cover_id, signed=circle.visibility != "public"),
            phase=self._phase, excused=self._excused, topic=topic, join_until=self._join_until(), me=self._me(mine),
            current=self._current(), days=plain, can=self._can(mine),
        )  # fmt: skip

    def _takes_until(self) -> datetime | None:
        """As operations.enrolling.join_until."""
        row = self._row
        if row.status != "published":
            return None
        if row.late_join_until is not None:
            return days.wall(row.late_join_until, days.DAY, row.tz)
        until: datetime | None = row.enough_until
        return until

    def _join_until(self) -> date | None:
        until = self._takes_until()
        return None if until is None else clock.local_date(until - timedelta(microseconds=1), self._row.tz)

    def day(self, period: Any, *, personal: bool) -> DayRow:
        """A period; `personal`: as it stands with the reader, otherwise over ones are "past"."""
        held = self._held.get(period.idx) if personal else None
        is_open = self._phase in {"running", "upcoming"} and period.opens_at <= self._now < period.closes_at
        over = period.closes_at <= self._now
        if held is not None:
            sources = {"normal": "done", "makeup": "makeup", "admin": "given"}
            state = "pending" if held.status == "pending" else sources[held.source]
        elif period.idx in self._excused:
            state = "excused"
        elif is_open:
            state = "open"
        elif over:
            state = "missed" if personal else "past"
        else:
            state = "future"
        post_id = held.post_id if held is not None else None
        # what is to be written about is told when it begins
        prompts = self._row.prompts if period.opens_at <= self._now or self._manages else ()
        return DayRow(
            period.idx, period.day, period.opens_at, period.closes_at, state, post_id,
            f"/{self._circle.slug}/posts/{post_id}" if post_id is not None else None,
            prompts[period.idx - 1] if period.idx <= len(prompts) else "", is_open,
            personal and state == "missed" and self._may_make_up(period.idx),
        )  # fmt: skip

    def _may_make_up(self, idx: int) -> bool:
        return self._active and self._phase == "running" and self._closed - self._row.lookback < idx <= self._closed

    def _current(self) -> DayRow | None:
        row = self._row
        if row.now_idx is None or self._phase not in {"upcoming", "running"}:
            return None
        period = days.Period(row.now_idx, "", row.now_day, row.now_opens, row.now_closes)
        return self.day(period, personal=row.my_id is not None)

    def _me(self, mine: tuple[DayRow, ...]) -> EnrollmentRow | None:
        row = self._row
        if row.my_id is None:
            return None
        done = {idx for idx, held in self._held.items() if held.status == "approved"}
        need = days.Need(row.need_type, row.need_n, row.period_count)
        return EnrollmentRow(
            id=row.my_id, status=row.my_status, done=row.done, on_time=row.on_time,
            streak=days.current_run(done, self._excused, closed=self._closed), best_streak=row.best_streak,
            likes=row.likes, makeup_cards=row.cards + self._level_cards if self._active else 0,
            level_cards=self._level_cards, target=need.target(done, self._excused),
            reached=row.best_streak if row.need_type == "streak" else row.done, first_idx=row.first_idx,
            team_id=row.team_id, completed_at=row.completed_at, settled_at=row.settled_at, reason=row.my_reason,
            days=mine,
        )  # fmt: skip

    def _can(self, mine: tuple[DayRow, ...]) -> CampaignCan:
        row, circle, live = self._row, self._circle, self._phase in {"upcoming", "running"}
        writes, manages = circle.may(Permission.CHECKIN_WRITE), self._manages
        current = self._current()
        makeable = any(day.can_make_up for day in mine)
        return CampaignCan(
            enroll=live and self._may_join(),
            withdraw=live and row.my_status == "active" and row.settled_at is None
            and circle.may(Permission.CAMPAIGN_JOIN),
            submit=self._active and writes and current is not None and current.is_today
            and current.state in {"open", "excused"},
            makeup=self._active and writes and makeable and row.cards + self._level_cards > 0,
            buy_card=self._active and writes and self._phase == "running" and row.card_price > 0
            and row.all_cards < row.card_limit,
            edit=manages and row.status in {"draft", "published"},
            publish=manages and row.status == "draft",
            cancel=manages and row.status in {"draft", "published"},
            excuse=manages and row.status == "published",
            review=circle.may(Permission.CHECKIN_REVIEW),
        )  # fmt: skip

    def _may_join(self) -> bool:
        row, circle, until = self._row, self._circle, self._takes_until()
        if row.my_id is not None and (row.my_status != "withdrawn" or row.settled_at is not None):
            return False
        in_time = until is not None and until > self._now if row.my_id is None else self._may_return()
        return in_time and circle.may(Permission.CAMPAIGN_JOIN) and not self._too_low()

    def _may_return(self) -> bool:
        """Whether what they had done, and what is left, are enough (operations.enrolling.enroll)."""
        row = self._row
        left = range(self._closed + 1, row.period_count + 1)
        return days.Need(row.need_type, row.need_n, row.period_count).met({*self._held, *left}, self._excused)

    def _too_low(self) -> bool:
        level = self._circle.me.level if self._circle.me is not None else 1
        return level < self._row.level_min and not self._circle.can_manage


#: what is shown as it stands in the table
_SAME = (
    "id", "title", "intro", "intro_html", "cadence", "tz", "start_date", "end_date", "win_start_min", "win_end_min",
    "need_type", "need_n", "min_len", "min_images", "audio", "review", "free_cards", "card_price", "card_limit",
    "lookback", "late_join_until", "level_min", "reward_points", "reward_growth", "teams", "team_points", "team_growth",
    "status", "opens_at", "closes_at", "settle_at", "period_count", "enrolled_count", "completed_count",
    "cancel_reason", "prompts", "version", "cover_id", "cancelled_at", "closed_at", "today_count",
)  # fmt: skip
