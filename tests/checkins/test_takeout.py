"""Campaigns, check-ins, make-up cards and places in the copy that people take with them: theirs, and nobody else's."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask

from circle.access import Actor
from circle.accounts import copies
from circle.accounts import operations as accounts
from circle.checkins import operations
from circle.core import jobs
from circle.core.db import db
from circle.core.storage import storage
from circle.home import batches
from circle.posts import operations as posts
from tests.checkins.campaigning import Week
from tests.factories import Make

LISTS = ("campaigns", "check_ins", "makeup_cards", "campaign_places")


def copy_of(actor: Actor) -> dict[str, Any]:
    takeout_id = accounts.ask_takeout(actor)
    jobs.run_due()
    db.session.expire_all()
    key = copies.get_takeout(takeout_id).storage_key
    assert key
    archive = ZipFile(BytesIO(b"".join(storage().stream(key))))
    return {name.removesuffix(".json"): json.loads(archive.read(name)) for name in archive.namelist() if "json" in name}


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"teams": True, "free_cards": 2})


def test_everything_one_did_is_in_it(week: Week) -> None:
    ann, ben = week.member(), week.member()
    with week.at(0):
        team_id = operations.create_team(ann, week.id, name="早起小队")
        operations.join_team(ben, team_id)
    first = week.check_in(ann, 1).post_id
    hidden = week.check_in(ann, 2).post_id
    week.check_in(ben, 1, 2, 3, 4, 5)
    with week.at(2, 12):
        posts.hide_post(week.owner, hidden, reason="跑题")
    with week.at(3, 12):
        operations.make_up(ann, week.id, 2, body="补上昨天的。")
        operations.give_checkin(week.owner, week.id, ann.id or 0, 3, reason="当天发不出去")
    week.settle()
    mine = copy_of(ann)
    (part,) = mine["campaigns"]
    assert (part["campaign"], part["circle"], part["address"]) == (
        "早安七天", week.circle.name, f"/{week.slug}/campaigns/{week.id}",
    )  # fmt: skip
    assert (part["status"], part["check_ins"], part["on_time"], part["longest_streak"]) == ("failed", 3, 1, 3)
    assert (part["team"]["name"], part["team"]["captain"], part["team"]["completed"]) == ("早起小队", True, False)
    assert [(row["number"], row["day"], row["how"], row["status"], row["because"]) for row in mine["check_ins"]] == [
        (1, "2026-11-16", "normal", "approved", None),
        (2, "2026-11-17", "normal", "void", None),
        (2, "2026-11-17", "makeup", "approved", None),
        (3, "2026-11-18", "admin", "approved", "当天发不出去"),
    ]
    assert mine["check_ins"][0]["address"] == f"/{week.slug}/posts/{first}" and not mine["check_ins"][3]["address"]
    assert sorted((card["state"], card["used_for_number"]) for card in mine["makeup_cards"]) == [
        ("available", None), ("used", 2),
    ]  # fmt: skip
    assert ("diligence", 2) in {(row["board"], row["place"]) for row in mine["campaign_places"]}
    assert ("diligence", 1) not in {(row["board"], row["place"]) for row in mine["campaign_places"]}


def test_who_took_no_part_has_empty_lists(week: Week) -> None:
    guest, ann = week.member(enrolled=False), week.member()
    week.check_in(ann, 1)
    mine = copy_of(guest)
    assert [mine[name] for name in LISTS] == [[], [], [], []]


def test_a_copy_is_read_a_few_rows_at_a_time(week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    mine = copy_of(ann)
    assert [row["number"] for row in mine["check_ins"]] == [1, 2, 3, 4, 5]
    assert len(mine["makeup_cards"]) == 2
