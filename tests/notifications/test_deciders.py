"""What is told to those who decide in a circle is theirs as long as they decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from circle.circles import operations as circles
from circle.notifications import queries
from tests.factories import SYSTEM, Make, Place, actor_of
from tests.notifications.test_groups import kinds

ACTS: dict[str, Callable[[Place], Any]] = {
    "moderator": lambda place: circles.change_role(SYSTEM, place.slug, place.admin.person_id, "moderator"),
    "left": lambda place: circles.leave_circle(place.admin, place.slug),
    "removed": lambda place: circles.remove_member(SYSTEM, place.slug, place.admin.person_id),
    "banned": lambda place: circles.ban_member(SYSTEM, place.slug, place.admin.person_id),
}


@pytest.mark.parametrize("how", ACTS)
def test_who_decides_no_more_does_not_keep_who_applied(app: Flask, make: Make, how: str) -> None:
    place, other = (make.place(visibility="private", join_mode="application", questions=["为什么？"]) for _one in "ab")
    circles.join_circle(actor_of(make.user()), place.slug, answers=["想读书"])
    circles.change_role(place.owner, place.slug, place.mod.person_id, "admin")
    assert kinds(place.admin) == kinds(place.owner) == ["application.submitted"]
    ACTS[how](place)
    assert "application.submitted" not in kinds(place.admin)
    assert kinds(place.owner) == ["application.submitted"]
    assert queries.unread_count(other.owner) == 0


def test_who_goes_on_deciding_keeps_it(app: Flask, make: Make) -> None:
    place = make.place(join_mode="application", questions=["为什么？"])
    circles.join_circle(actor_of(make.user()), place.slug, answers=["想读书"])
    circles.transfer_ownership(place.owner, place.slug, place.admin.person_id)
    assert kinds(place.admin) == kinds(place.owner) == ["application.submitted"]
