"""What campaigns know of somebody whose account was deleted, erased row by row. Begun again, it goes on.

Their check-ins are posts, and go or stay with those (posts/erasing.py): a post that goes takes its record along, and
with that the day. Their part in a campaign stays as numbers under their own number, so that nobody else's place moves.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import String, cast, or_, select

from circle.checkins import plans
from circle.checkins.models import Campaign, CheckinRecord, Enrollment, Team
from circle.checkins.operations import erasing
from circle.checkins.operations.erasing import Gone
from circle.checkins.rules import MAX_INTRO, MAX_PROMPT
from circle.core.db import db
from circle.core.errors import Conflict
from circle.posts.erasing import PATIENCE, act_on_each, has_name, keys_of


def erase_person(user_id: int, names: Collection[str], *, keep_content: bool, label: str, team: str) -> None:
    """Erase what is told of somebody in campaigns; with `keep_content` the teams they named keep their names.

    `names` are the user names they had; `label` stands in place of them where others named them, `team` is what a team
    is called that loses its name.
    """
    act_on_each(
        keys_of(select(Team.id), Team.captain_id == user_id, Team.id),
        lambda id_: erasing.erase_captain(user_id, id_, names, keep_name=keep_content, plain=team),
    )
    mine = Enrollment.user_id == user_id
    act_on_each(keys_of(select(Enrollment.id), mine, Enrollment.id), erasing.erase_enrollment)
    if not names:
        return
    # where others named them. No index helps; deletions are rare
    gone = Gone(frozenset(names), label)
    act_on_each(keys_of(select(Campaign.id), _names_somebody(names), Campaign.id), lambda id_: _unname(id_, gone))
    act_on_each(
        keys_of(select(Team.id), has_name(Team.name, names), Team.id), lambda id_: erasing.unname_team(id_, gone)
    )
    told = select(CheckinRecord.enrollment_id).where(has_name(CheckinRecord.reason, names))
    named = or_(has_name(Enrollment.reason, names), Enrollment.id.in_(told))
    act_on_each(keys_of(select(Enrollment.id), named, Enrollment.id), lambda id_: erasing.unname_reasons(id_, gone))


def _names_somebody(names: Collection[str]) -> Any:
    """SQL: the words of a campaign name one of them. JSON may hold other letters than ASCII escaped."""
    spelled = {*names, *(name.encode("unicode_escape").decode() for name in names)}
    json = (cast(column, String) for column in (Campaign.prompts, Campaign.excused))
    return or_(
        has_name(Campaign.intro, names), has_name(Campaign.cancel_reason, names),
        *(has_name(column, spelled) for column in json),
    )  # fmt: skip


def _unname(campaign_id: int, gone: Gone) -> None:
    for _time in range(PATIENCE):
        row = db.session.execute(
            select(Campaign.intro, Campaign.prompts, Campaign.excused, Campaign.cancel_reason).where(
                Campaign.id == campaign_id
            )
        ).one_or_none()
        if row is None:
            return
        before = dict(row._mapping)
        intro = gone.without(row.intro)[:MAX_INTRO]
        now = {
            "intro": intro,
            "intro_html": plans.as_html(intro),
            "prompts": [gone.without(prompt)[:MAX_PROMPT] for prompt in row.prompts],
            "excused": {
                idx: {**why, "reason": gone.without(str(why.get("reason", "")))} for idx, why in row.excused.items()
            },
            "cancel_reason": gone.without(row.cancel_reason)[: erasing.MAX_REASON],
        }
        if erasing.store_unnamed_campaign(campaign_id, before, now, gone):
            return
    raise Conflict
