"""What is told to those who decide in a circle is theirs as long as they decide."""

from __future__ import annotations

from flask import Flask

from circle.circles import operations as circles
from circle.notifications import queries
from tests.factories import SYSTEM, Make, actor_of
from tests.notifications.test_groups import told


def test_who_applied_is_known_to_those_who_decide_and_to_nobody_who_did(app: Flask, make: Make) -> None:
    owner = make.user()
    circle = make.circle(owner, visibility="private", join_mode="application", questions=["为什么？"])
    slug = circle.slug
    demoted, left, removed, banned, heir = admins = [actor_of(make.member(circle, "admin")) for _one in range(5)]
    circles.join_circle(actor_of(make.user()), slug, answers=["想读书"])
    task = "application.submitted"
    assert all(task in [row.kind for row in told(admin)] for admin in admins)
    circles.change_role(SYSTEM, slug, demoted.person_id, "moderator")
    circles.leave_circle(left, slug)
    circles.remove_member(SYSTEM, slug, removed.person_id)
    circles.ban_member(SYSTEM, slug, banned.person_id)
    circles.transfer_ownership(actor_of(owner), slug, heir.person_id)
    for gone in (demoted, left, removed, banned):
        assert task not in [row.kind for row in told(gone)]
        assert queries.unread_count(gone) == len(told(gone))
    for still in (heir, actor_of(owner)):
        assert task in [row.kind for row in told(still)]
