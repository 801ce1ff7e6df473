"""Levels in lists of members."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select

from circle.circles.models import Member
from circle.core.db import db
from circle.core.operation import operation
from tests.factories import Make


def test_members_are_listed_by_level_and_one_that_is_gone_counts_as_the_highest(
    app: Flask, make: Make, browser: Any, api: Any
) -> None:
    place = make.place()
    levels = {"ann": 2, "bob": 9}  # the circle had nine once

    @operation
    def rise() -> None:
        for name, level in levels.items():
            row = db.session.scalars(select(Member).where(Member.user_id == place.users[name].id)).one()
            row.level = level

    rise()

    def listed(level: object) -> set[str]:
        found = api(place.users["ann"]).get(f"/circles/{place.slug}/members?level={level}").get_json()["items"]
        return {row["user"]["nickname"] for row in found}

    assert listed(2) == {place.users["ann"].nickname}
    assert listed(3) == {place.users["bob"].nickname}
    assert len(listed(1)) == 3
    for bad in ("0", "21", "x", "-1", "1e3"):
        assert api(place.users["ann"]).get(f"/circles/{place.slug}/members?level={bad}").status_code == 422
    page = browser(place.users["ann"]).get(f"/{place.slug}/members?role=&level=2&q=").get_data(as_text=True)
    assert '<option value="2" selected>' in page
    assert place.users["bob"].nickname not in page
    assert browser(place.users["ann"]).get(f"/{place.slug}/members?level=x").status_code == 200
