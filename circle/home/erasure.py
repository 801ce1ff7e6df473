"""Erasing all that the site holds of somebody, feature by feature, after their account was deleted.

In the order in which others would notice, and names last: an erasure that is interrupted is begun again from the start
(`deleting_at` still stands then) and finds little left to do.
"""

from __future__ import annotations

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import select

from circle.accounts import leaving
from circle.accounts import operations as accounts
from circle.checkins import erasing as checkins
from circle.circles import operations as circles
from circle.circles.models import Application, Member
from circle.core.db import db
from circle.core.i18n import _
from circle.media import operations as media
from circle.media.queries import unused_media_of
from circle.notifications import operations as notices
from circle.points import operations as points
from circle.points.queries.ageing import memberships_of
from circle.posts import erasing as posts
from circle.qa import erasing as qa
from circle.topics import operations as topics

_BATCH = 200


def erase_account(user_id: int) -> None:
    """Erase a deleted account; nothing happens for any other. Safe to run again, also at the same time."""
    account = leaving.closed_account(user_id)
    if account is None:
        return
    label = deleted_label()
    # before they leave the circles, and with them the teams whose captain they are
    checkins.erase_person(user_id, account.names, keep_content=account.keeps_content, label=label, team=team_label())
    for circle_id in _circles_of(user_id):
        circles.leave_for_good(user_id, circle_id)
    posts.erase_person(user_id, account.names, keep_content=account.keeps_content, label=label)
    qa.erase_person(user_id, account.names, keep_content=account.keeps_content, label=label)
    # after the posts, whose points are taken back with them: what is left then is let go of, and no debt is made
    for member_id in memberships_of(user_id):
        points.erase_member(member_id)
    topics.forget_follows(user_id)
    while notices.forget_notices(user_id):
        pass
    while (unused := unused_media_of(user_id, _BATCH)) and media.forget_unused(unused):
        pass
    accounts.finish_erasure(user_id)


def deleted_label() -> str:
    """What stands in texts where somebody was named, in the language of the site; one word, as a name is."""
    with force_locale(current_app.config["SETTINGS"].locale):
        return str(_("Deleted account")).replace(" ", "-")


def team_label() -> str:
    """What a team is called that loses its name, in the language of the site."""
    with force_locale(current_app.config["SETTINGS"].locale):
        return str(_("Team"))


def _circles_of(user_id: int) -> list[int]:
    inside = select(Member.circle_id).where(Member.user_id == user_id)
    applied = select(Application.circle_id).where(Application.user_id == user_id)
    return sorted(db.session.scalars(inside.union(applied)))
