from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from circle.core import clock, events
from circle.core.actor import SYSTEM, Actor
from circle.core.audit import FIRST_HASH, AuditEntry, AuditHead, entry_hash, record, verify
from circle.core.db import db
from circle.core.errors import Refused
from circle.core.events import Event
from circle.core.operation import emit, operation
from tests.core.lab import at_once

ALICE = Actor(id=11, username="alice")


@operation
def act(
    action: str = "post.hide", target: str = "post:9", *, data: dict[str, Any] | None = None, circle_id: int | None = 7
) -> None:
    record(ALICE, action, target, data, circle_id=circle_id)


def entries(stream: str = "circle:7") -> list[AuditEntry]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.stream == stream).order_by(AuditEntry.seq)))


@contextmanager
def an_intruder() -> Iterator[Any]:
    """A connection of somebody who may do everything in the database, triggers or not."""
    sqlite = db.engine.dialect.name == "sqlite"
    db.session.rollback()
    with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        if sqlite:
            connection.execute(text("DROP TRIGGER audit_log_no_update"))
            connection.execute(text("DROP TRIGGER audit_log_no_delete"))
        else:
            connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER USER"))
        yield connection
        if not sqlite:
            connection.execute(text("ALTER TABLE audit_log ENABLE TRIGGER USER"))


def test_the_hash_is_the_one_of_the_specification() -> None:
    fields = {
        "action": "post.hide",
        "actor": "u1",
        "at": "2026-11-21T00:00:00.000000Z",
        "data": {"reason": "spam"},
        "seq": 1,
        "stream": "circle:01J",
        "target": "post:9",
    }
    vector = "c34a6d65cda319513ba291609af177e4fc59c3763db032648005431076e7adc7"
    assert entry_hash("0" * 64, fields) == vector
    assert entry_hash("0" * 64, dict(reversed(fields.items()))) == vector
    assert entry_hash("1" + "0" * 63, fields) != vector


def test_a_stored_entry_has_the_hash_of_the_specification(app: Flask) -> None:
    @operation
    def hide() -> None:
        record(Actor(id=1), "post.hide", "post:9", {"reason": "spam"}, circle_id=5)

    with clock.at(datetime(2026, 11, 21, tzinfo=UTC)):
        hide()
    (entry,) = entries("circle:5")
    assert entry.hash == entry_hash(
        FIRST_HASH,
        {
            "action": "post.hide",
            "actor": "u1",
            "at": "2026-11-21T00:00:00.000000Z",
            "data": {"reason": "spam"},
            "seq": 1,
            "stream": "circle:5",
            "target": "post:9",
        },
    )


def test_entries_follow_each_other_without_gaps_and_streams_are_apart(app: Flask) -> None:
    for _ in range(3):
        act()
    act(circle_id=None)
    act(circle_id=8)
    assert [entry.seq for entry in entries()] == [1, 2, 3]
    assert [entry.seq for entry in entries("site")] == [1]
    first, second, third = entries()
    assert (first.prev_hash, second.prev_hash, third.prev_hash) == (FIRST_HASH, first.hash, second.hash)
    assert [verify(stream) for stream in ("circle:7", "circle:8", "site")] == [None, None, None]


def test_the_actor_is_named_by_id_and_the_system_by_its_name(app: Flask) -> None:
    act()

    @operation
    def work_of_the_system() -> None:
        record(SYSTEM, "circle.close", "circle:7", circle_id=7)

    work_of_the_system()
    assert [entry.actor for entry in entries()] == ["u11", "system"]


def test_several_entries_of_one_operation_stand_in_their_order(app: Flask) -> None:
    @operation
    def act_three_times() -> None:
        for number in range(3):
            record(ALICE, "post.hide", f"post:{number}", circle_id=7)

    act_three_times()
    assert [entry.target for entry in entries()] == ["post:0", "post:1", "post:2"]
    assert verify("circle:7") is None


def test_an_entry_made_by_a_reaction_is_in_the_chain(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hidden(Event):
        pass

    @operation
    def hide() -> None:
        record(ALICE, "post.hide", "post:9", circle_id=7)
        emit(Hidden())

    before = events._reactions
    events.install({Hidden: (lambda _event: act("points.take", "member:3"),)})
    try:
        hide()
    finally:
        events.install(before)
    assert [entry.action for entry in entries()] == ["post.hide", "points.take"]
    assert verify("circle:7") is None


def test_a_rolled_back_operation_leaves_no_entry_and_no_gap(app: Flask) -> None:
    @operation
    def fail() -> None:
        record(ALICE, "post.hide", "post:9", circle_id=7)
        raise Refused("NO", "no")

    with pytest.raises(Refused):
        fail()
    assert db.session.scalar(select(func.count()).select_from(AuditHead)) == 0
    act()
    with pytest.raises(Refused):
        fail()
    act()
    assert [entry.seq for entry in entries()] == [1, 2]
    assert verify("circle:7") is None


def test_recording_outside_an_operation_is_a_mistake(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="inside an operation"):
        record(ALICE, "post.hide", "post:9", circle_id=7)


def test_any_plain_data_survives_the_database_and_still_verifies(app: Flask) -> None:
    data: dict[Any, Any] = {
        "reason": "“辱骂” \u200b🎉\n\t\\\"/ ' é e\u0301",
        "before": None,
        "after": [True, False, 0, -1, 10**30, {"b": 1, "a": [], "": {}}],
        "": "an empty name",
        "é": 1,
        "e\u0301": 2,
        10: "ten",
        9: "nine",
        "pair": (1, 2),
    }
    act(data=data)
    assert verify("circle:7") is None
    assert entries()[0].data["9"] == "nine"
    assert entries()[0].data["after"][4] == 10**30


def test_data_is_taken_as_it_is_at_that_moment(app: Flask) -> None:
    @operation
    def change_it_afterwards() -> None:
        data = {"to": ["expert"]}
        record(ALICE, "member.role", "user:3", data, circle_id=7)
        data["to"].append("owner")

    change_it_afterwards()
    assert entries()[0].data == {"to": ["expert"]}


@pytest.mark.parametrize("data", [{"x": 0.5}, {"x": [1e30]}, {"x": float("nan")}, {"x": {"y": float("inf")}}])
def test_a_float_is_refused_because_engines_spell_it_differently(app: Flask, data: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="float"):
        act(data=data)
    assert entries() == []


@pytest.mark.parametrize("verb", ["UPDATE audit_log SET actor = 'u99'", "DELETE FROM audit_log"])
def test_the_database_refuses_to_change_or_remove_an_entry(app: Flask, verb: str) -> None:
    act()

    @operation
    def tamper() -> None:
        db.session.execute(text(verb))

    with pytest.raises(DBAPIError, match="append-only"):
        tamper()
    assert [entry.actor for entry in entries()] == ["u11"]
    assert verify("circle:7") is None


@pytest.mark.parametrize(
    ("change", "found_at"),
    [
        ("UPDATE audit_log SET actor = 'u12' WHERE seq = 3", 3),
        ("UPDATE audit_log SET action = 'post.show' WHERE seq = 1", 1),
        ("UPDATE audit_log SET target = 'post:8' WHERE seq = 5", 5),
        ("""UPDATE audit_log SET data = '{"n": 9}' WHERE seq = 2""", 2),
        ("UPDATE audit_log SET stream = 'site' WHERE seq = 4", 4),
        ("UPDATE audit_log SET at = (SELECT at FROM audit_log WHERE seq = 1) WHERE seq = 4", 4),
        ("UPDATE audit_log SET hash = prev_hash WHERE seq = 3", 3),
        ("UPDATE audit_log SET prev_hash = hash WHERE seq = 3", 3),
        ("DELETE FROM audit_log WHERE seq = 1", 1),
        ("DELETE FROM audit_log WHERE seq = 3", 3),
        ("DELETE FROM audit_log WHERE seq = 5", 5),
        ("DELETE FROM audit_log WHERE seq >= 4", 4),
        ("DELETE FROM audit_log", 1),
        ("DELETE FROM audit_head", 6),
        ("UPDATE audit_head SET seq = 4", 6),
        ("UPDATE audit_head SET seq = 6", 6),
    ],
)
def test_any_edit_or_deletion_shows_where_it_happened(app: Flask, change: str, found_at: int) -> None:
    for number in range(1, 6):
        act(data={"n": number})
    remembered = entries()  # the session must not answer for the database
    assert verify("circle:7") is None
    with an_intruder() as connection:
        connection.execute(text(change))
    assert verify("circle:7") == found_at
    assert len(remembered) == 5


def test_two_entries_that_changed_places_show(app: Flask) -> None:
    for number in range(1, 5):
        act(data={"n": number})
    with an_intruder() as connection:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(text("UPDATE audit_log SET seq = :new WHERE seq = :old"), {"new": new, "old": old})
    assert verify("circle:7") == 2


def test_an_entry_slipped_in_at_the_end_shows(app: Flask) -> None:
    act()
    with an_intruder() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_log (id, created_at, stream, seq, at, actor, action, target, data, prev_hash, hash) "
                "SELECT id + 1, created_at, stream, 2, at, actor, action, target, data, hash, hash FROM audit_log"
            )
        )
    assert verify("circle:7") == 2


def test_a_cut_end_with_the_head_gone_too_shows_only_when_something_is_left(app: Flask) -> None:
    for _ in range(3):
        act()
    with an_intruder() as connection:
        connection.execute(text("DELETE FROM audit_log WHERE seq = 3"))
        connection.execute(text("DELETE FROM audit_head"))
    assert verify("circle:7") == 3


def test_an_empty_stream_is_whole(app: Flask) -> None:
    assert verify("circle:404") is None


def test_a_long_chain_is_verified_in_parts(app: Flask) -> None:
    @operation
    def act_often() -> None:
        for number in range(1_500):
            record(ALICE, "member.mute", f"user:{number}", {"n": number}, circle_id=7)

    act_often()
    assert verify("circle:7") is None
    with an_intruder() as connection:
        connection.execute(text("UPDATE audit_log SET actor = 'u12' WHERE seq = 1400"))
    assert verify("circle:7") == 1400


def test_the_first_entries_of_a_stream_may_come_at_the_same_time(app: Flask) -> None:
    found = at_once(app, 6, lambda number: act(target=f"post:{number}"))
    assert found == [None] * 6
    assert [entry.seq for entry in entries()] == [1, 2, 3, 4, 5, 6]
    assert verify("circle:7") is None


def test_many_appenders_at_once_keep_the_chain(app: Flask) -> None:
    def act_ten_times(_number: int) -> None:
        for _ in range(10):
            act()

    assert at_once(app, 5, act_ten_times) == [None] * 5
    assert [entry.seq for entry in entries()] == list(range(1, 51))
    assert verify("circle:7") is None
