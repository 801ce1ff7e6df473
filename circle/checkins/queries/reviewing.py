"""What those who review look at: the check-ins that wait, and those that were decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.orm import aliased

from circle import access
from circle.access import Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of
from circle.checkins.models import Campaign, CampaignPeriod, CheckinRecord, Enrollment
from circle.checkins.queries.reading import get_campaign
from circle.checkins.queries.rows import CampaignRow
from circle.circles import queries as circles
from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.pagination import DEFAULT_LIMIT, Keyset, Page
from circle.posts.models import Post
from circle.posts.queries import PostRow
from circle.posts.queries.feed import cards_in, rows_in, values_for

#: campaigns on the page of all that wait
MAX_QUEUES = 50
#: what a moderator may still see of the post of a check-in
_SEEN = ("published", "pending", "hidden")


class RecordCan(NamedTuple):
    """What this reviewer may do with a check-in."""

    approve: bool = False
    reject: bool = False


class RecordRow(NamedTuple):
    """A check-in as those who review see it."""

    id: int
    campaign_id: int
    user: Author
    idx: int
    #: in the campaign's time zone; of a week its Monday
    day: date
    #: normal, makeup or admin (given by hand)
    source: str
    #: pending, approved, rejected or void
    status: str
    submitted_at: datetime
    decided_at: datetime | None
    #: None: nobody, or the system
    decided_by: Author | None
    reason: str
    #: None for a day that was given by hand, and for a post that is gone
    post: PostRow | None
    #: whether it is the reviewer's own
    own: bool
    can: RecordCan
    #: where it is decided: /<slug>/checkins/<id>
    url: str


class QueueRow(NamedTuple):
    """A campaign of which check-ins wait."""

    id: int
    title: str
    waiting: int
    #: when the one that has waited longest came
    since: datetime
    #: when what is left is approved by itself
    settle_at: datetime | None


def reviewable(actor: Actor, slug: str) -> CircleRow:
    """The circle, for somebody who reviews check-ins there. Raises NotFound, Unauthenticated, Forbidden."""
    circle = circles.readable_circle(actor, slug)
    access.require(actor, Permission.CHECKIN_REVIEW, circle.standing)
    return circle


def reviewed_campaign(actor: Actor, campaign_id: int, *, slug: str | None = None) -> CampaignRow:
    """A campaign that is no draft, for somebody who reviews its check-ins.

    Raises NotFound, Unauthenticated, Forbidden.
    """
    campaign = get_campaign(actor, campaign_id, slug=slug)
    access.require(actor, Permission.CHECKIN_REVIEW, campaign.circle.standing)
    if campaign.status == "draft":
        raise NotFound
    return campaign


# ---- how many wait ---------------------------------------------------------------------------------------------------


def waiting_reviews(circle: CircleRow) -> int:
    """How many check-ins wait for a reviewer here; 0 for those who do not review, without asking where no campaign
    ever was."""
    if circle.campaigns_until is None or not circle.may(Permission.CHECKIN_REVIEW):
        return 0
    return db.session.scalar(_waiting(circle, func.count())) or 0


def pending_reviews(campaign: CampaignRow) -> int:
    """How many check-ins of a campaign wait for a reviewer."""
    pending = (CheckinRecord.campaign_id == campaign.id, CheckinRecord.status == "pending")
    return db.session.scalar(select(func.count()).select_from(CheckinRecord).where(*pending)) or 0


def review_queues(circle: CircleRow) -> list[QueueRow]:
    """The campaigns of which check-ins wait, the one that has waited longest first."""
    since = func.min(CheckinRecord.submitted_at).label("since")
    counted = _waiting(circle, Campaign.id, Campaign.title, func.count(), since, Campaign.settle_at)
    grouped = counted.group_by(Campaign.id, Campaign.title, Campaign.settle_at).order_by(since, Campaign.id)
    return [QueueRow(*row) for row in db.session.execute(grouped.limit(MAX_QUEUES))]


def _waiting(circle: CircleRow, *columns: Any) -> Select[Any]:
    open_ = (Campaign.circle_id == circle.id, Campaign.status.in_(("published", "settling")))
    here = and_(CheckinRecord.campaign_id == Campaign.id, CheckinRecord.status == "pending")
    return select(*columns).select_from(Campaign).join(CheckinRecord, here).where(*open_)


# ---- the records -----------------------------------------------------------------------------------------------------


def record_page(
    actor: Actor,
    campaign: CampaignRow,
    *,
    status: str = "pending",
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[RecordRow]:
    """The check-ins of a campaign (`reviewed_campaign`) that stand so: what waits with the oldest first, the rest with
    the newest first. A fixed number of statements. Raises BadRequest CURSOR_INVALID.
    """
    wanted = _records().where(CheckinRecord.campaign_id == campaign.id, CheckinRecord.status == status)
    name = f"campaign.{campaign.id}.records.{status}"
    page = Keyset(name, (CheckinRecord.id,), descending=status != "pending").read(wanted, cursor, limit)
    return page.map(lambda rows: _made(actor, campaign.circle, rows))


def get_record(actor: Actor, record_id: int, *, slug: str | None = None) -> RecordRow:
    """One check-in, for somebody who reviews there. Raises NotFound, Unauthenticated, Forbidden."""
    row = db.session.execute(_records().where(CheckinRecord.id == record_id)).one_or_none()
    if row is None:
        raise NotFound
    if slug is not None:
        circle = circles.readable_circle(actor, slug)
    else:
        circle = circles.readable_circle_by_id(actor, row.circle_id)
    if circle.id != row.circle_id:
        raise NotFound
    if not (actor.owns(row.user_id) or circle.may(Permission.CHECKIN_REVIEW)):
        raise NotFound  # nobody learns of a check-in that they do not see
    access.require(actor, Permission.CHECKIN_REVIEW, circle.standing)
    return _made(actor, circle, [row])[0]


def records_in(campaign: CampaignRow, record_ids: Collection[int]) -> set[int]:
    """Which of these are check-ins of the campaign."""
    here = (CheckinRecord.campaign_id == campaign.id, CheckinRecord.id.in_(record_ids))
    return set(db.session.scalars(select(CheckinRecord.id).where(*here)))


_decider = aliased(User, name="decider")
_AUTHOR = len(AUTHOR_COLUMNS)


def _records() -> Select[Any]:
    """Records with their author, the author's place in the circle, who decided, and the day."""
    record, period = CheckinRecord, CampaignPeriod
    # people have an id and a status, too
    columns: tuple[Any, ...] = (
        record.id.label("record_id"), record.status.label("record_status"), record.campaign_id, record.circle_id,
        record.user_id, record.idx, record.source, record.submitted_at, record.decided_at, record.reason,
        record.post_id, period.day, Member.role, Member.status.label("member_status"), Enrollment.settled_at,
    )  # fmt: skip
    decider = (_decider.id, _decider.username, _decider.nickname, _decider.avatar_id, _decider.status)
    statement: Any = (
        select(*AUTHOR_COLUMNS, *(column.label(f"decider_{n}") for n, column in enumerate(decider)), *columns)
        .join(CheckinRecord, CheckinRecord.user_id == User.id)
        .join(Enrollment, Enrollment.id == record.enrollment_id)
        .join(period, and_(period.campaign_id == record.campaign_id, period.idx == record.idx))
        .outerjoin(Member, and_(Member.circle_id == record.circle_id, Member.user_id == record.user_id))
        .outerjoin(_decider, _decider.id == record.decided_by)
    )
    made: Select[Any] = statement
    return made


def _made(actor: Actor, circle: CircleRow, rows: Sequence[Row[Any]]) -> list[RecordRow]:
    posts = _posts(actor, circle, [row.post_id for row in rows if row.post_id is not None])
    return [_record(actor, circle, row, posts) for row in rows]


def _record(actor: Actor, circle: CircleRow, row: Row[Any], posts: Mapping[int, PostRow]) -> RecordRow:
    here = row.role if row.member_status == "active" else None
    decider = row[_AUTHOR : 2 * _AUTHOR]
    own = actor.owns(row.user_id)
    open_ = row.record_status == "pending" and row.settled_at is None and not own
    rank = actor.is_system or access.outranks_or_equals(circle.standing, here)
    return RecordRow(
        id=row.record_id, campaign_id=row.campaign_id, user=author_of(row[:_AUTHOR], here), idx=row.idx, day=row.day,
        source=row.source, status=row.record_status, submitted_at=row.submitted_at, decided_at=row.decided_at,
        decided_by=author_of(decider) if decider[0] is not None else None, reason=row.reason,
        post=posts.get(row.post_id or 0), own=own, can=RecordCan(open_, open_ and rank),
        url=f"/{circle.slug}/checkins/{row.record_id}",
    )  # fmt: skip


def _posts(actor: Actor, circle: CircleRow, post_ids: Sequence[int]) -> dict[int, PostRow]:
    """The posts of the check-ins, also those that are hidden; who reviews a circle meets everybody in it."""
    if not post_ids:
        return {}
    post = Post.__table__.c
    cards = cards_in(signed_in=actor.signed_in, met=False).where(post.id.in_(post_ids), post.status.in_(_SEEN))
    rows = db.session.execute(cards, values_for(actor, circle)).all()
    return {made.id: made for made in rows_in(actor, circle, rows)}
