"""The owner's desk for points, as a browser without JavaScript meets it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from circle.circles.models import Circle
from circle.core.db import db
from circle.ledger import operations as ledger
from circle.ledger.models import LedgerTxn
from circle.points import operations
from circle.points.models import EarnRule, PointAdjustment
from circle.points.operations import Cause
from tests.clients import Browser
from tests.factories import Make, Place

REASON = "为线下聚会忙了一整天"
Browsers = Callable[..., Browser]


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place(slug="morning")


def text_of(response: TestResponse) -> str:
    return unescape(response.get_data(as_text=True))


def form_in(page: str, action: str) -> dict[str, str]:
    """What the form would send if nothing in it were changed, as a browser reads it."""
    form = page[page.index(f'action="{action}"') :]
    form = form[: form.index("</form>")]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        ticked = " checked" in tag or attributes.get("type") not in {"checkbox", "radio"}
        if "name" in attributes and ticked:
            found[attributes["name"]] = attributes.get("value", "")
    return {name: value for name, value in found.items() if name != "csrf_token"}


def current(place: Place, code: str = "comment") -> tuple[int, int]:
    db.session.expire_all()
    wanted = select(EarnRule.version, EarnRule.points).where(
        EarnRule.circle_id == place.circle.id, EarnRule.code == code, EarnRule.replaced_at.is_(None)
    )
    row = db.session.execute(wanted).one_or_none()
    return (0, 0) if row is None else (row[0], row[1])


def statuses() -> list[str]:
    db.session.expire_all()
    return list(db.session.scalars(select(PointAdjustment.status).order_by(PointAdjustment.id)))


def adjust(who: Browser, **values: Any) -> TestResponse:
    usual = {"username": "", "asset": "POINTS", "direction": "give", "amount": "50", "reason": REASON}
    return who.post("/morning/manage/points/adjust", {**usual, **values})


# ---- the desk --------------------------------------------------------------------------------------------------------


def test_the_desk_is_in_the_menu_of_those_who_may(place: Place, browser: Browsers) -> None:
    owner = browser(place.owner_user)
    page = text_of(owner.get("/morning/manage/settings"))
    assert 'href="/morning/manage/points"' in page
    assert 'href="/morning/manage/points"' not in text_of(browser(place.users["mod"]).get("/morning/manage/members"))
    desk = text_of(owner.get("/morning/manage/points"))
    for path in ("rules", "levels", "tasks"):
        assert f'href="/morning/manage/points/{path}"' in desk


def test_a_member_is_adjusted_from_the_list_of_members(place: Place, browser: Browsers) -> None:
    name, admin = place.users["ann"].username, browser(place.users["admin"])
    link = f"/morning/manage/points?user={name}"
    page = text_of(admin.get("/morning/manage/members"))
    assert f'href="{link}#adjust"' in page
    # not for oneself, nor for a higher role
    assert f"?user={place.owner_user.username}#" not in page and f"?user={place.users['admin'].username}#" not in page
    assert f'value="{name}"' in text_of(admin.get(link))


def test_points_are_given_and_taken_with_a_form(place: Place, browser: Browsers) -> None:
    admin, name = browser(place.users["admin"]), place.users["ann"].username
    assert adjust(admin, username=f"@{name.upper()} ", amount="300").location == "/morning/manage/points"
    assert adjust(admin, username=name, direction="take", amount="120").status_code == 303
    page = text_of(admin.get("/morning/manage/points"))
    assert "+300" in page and "−120" in page and REASON in page
    assert re.search(r'kpi-value">180<', page)


def test_a_double_click_gives_once(place: Place, browser: Browsers) -> None:
    admin, name = browser(place.users["admin"]), place.users["ann"].username
    for _click in range(2):
        assert adjust(admin, username=name, once="o" * 24).status_code == 303
    assert statuses() == ["applied"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"username": "nobody-here"}, "username"),
        ({"amount": "0"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "99999999999999999999"}, "amount"),
        ({"reason": "short"}, "reason"),
    ],
)
def test_a_form_with_errors_comes_back_with_what_was_typed(
    place: Place, browser: Browsers, values: dict[str, str], field: str
) -> None:
    answer = adjust(browser(place.users["admin"]), **{"username": place.users["ann"].username, **values})
    page = text_of(answer)
    assert answer.status_code == 422 and f'href="#{field}"' in page and f'id="{field}-error"' in page
    assert f'value="{values[field]}"' in page and statuses() == []


def test_a_refusal_leaves_the_form_as_it_was(place: Place, browser: Browsers) -> None:
    answer = adjust(browser(place.owner_user), username=place.users["ann"].username, direction="take", amount="7")
    page = text_of(answer)
    assert answer.status_code == 422 and 'role="alert"' in page and 'value="7"' in page
    assert re.search(r'value="take" checked', page)


def test_a_large_one_waits_until_somebody_else_approves_or_turns_it_down(place: Place, browser: Browsers) -> None:
    admin, owner, name = browser(place.users["admin"]), browser(place.owner_user), place.users["ann"].username
    for amount in ("5000", "6000"):
        assert adjust(admin, username=name, amount=amount).status_code == 303
    first, second = db.session.scalars(select(PointAdjustment.id).order_by(PointAdjustment.id)).all()
    base = "/morning/manage/points/adjustments"
    assert f"{base}/{first}/approve" not in text_of(admin.get("/morning/manage/points"))
    assert f"{base}/{first}/approve" in text_of(owner.get("/morning/manage/points"))
    assert owner.post(f"{base}/{first}/approve").location == "/morning/manage/points"
    assert owner.post(f"{base}/{second}/reject", {"note": ""}).status_code == 422
    assert owner.post(f"{base}/{second}/reject", {"note": "太多了"}).status_code == 303
    assert statuses() == ["applied", "rejected"]
    assert admin.post(f"{base}/{first}/undo", {"note": "弄错了人"}).status_code == 303
    page = text_of(owner.get("/morning/manage/points"))
    assert statuses() == ["reversed", "rejected"] and "太多了" in page and "弄错了人" in page


def test_approving_ones_own_says_why_not(place: Place, browser: Browsers) -> None:
    admin = browser(place.users["admin"])
    adjust(admin, username=place.users["ann"].username, amount="5000")
    (id_,) = db.session.scalars(select(PointAdjustment.id)).all()
    answer = admin.post(f"/morning/manage/points/adjustments/{id_}/approve")
    assert answer.status_code == 422 and 'role="alert"' in text_of(answer) and statuses() == ["pending"]


def test_books_that_do_not_balance_are_said_so(place: Place, browser: Browsers) -> None:
    owner = browser(place.owner_user)
    assert 'data-tone="ok"' in text_of(owner.get("/morning/manage/points"))
    found = [{"rule": "L3", "what": "account 7"}]
    ledger.keep_check(place.circle.id, txn_count=1, entry_count=2, violations=found)
    page = text_of(owner.get("/morning/manage/points"))
    assert 'data-tone="bad"' in page and "L3: account 7" in page
    answer = adjust(owner, username=place.users["ann"].username)
    assert answer.status_code == 422 and db.session.scalar(select(func.count()).select_from(LedgerTxn)) == 0


def test_earlier_adjustments_are_fetched_as_a_fragment(place: Place, browser: Browsers) -> None:
    for _one in range(25):
        operations.ask_adjustment(
            place.admin, "morning", place.users["ann"].id, asset="POINTS", amount=1, reason=REASON
        )  # fmt: skip
    owner = browser(place.owner_user)
    more = re.search(r'href="(/morning/manage/points\?cursor=[^"]+)"', text_of(owner.get("/morning/manage/points")))
    assert more is not None
    rest = text_of(owner.get(more[1], headers={"HX-Request": "true"}))
    assert "<html" not in rest and rest.count('class="adjustment"') == 5


# ---- rules -----------------------------------------------------------------------------------------------------------

RULES = "/morning/manage/points/rules"


def test_rules_are_changed_with_the_form_as_it_was_opened(place: Place, browser: Browsers) -> None:
    owner = browser(place.owner_user)
    form = form_in(text_of(owner.get(RULES)), RULES)
    assert (form["comment.points"], form["comment.enabled"], form["*.daily_point_cap"]) == ("1", "1", "200")
    assert owner.post(RULES, form).location == RULES
    assert db.session.scalar(select(func.count()).where(EarnRule.version > 1)) == 0  # nothing was changed
    del form["post.text.enabled"]
    assert owner.post(RULES, {**form, "comment.points": "4", "expiry": "never"}).status_code == 303
    assert (current(place), current(place, "post.text")[0], current(place, "post.media")[0]) == ((2, 4), 2, 1)
    assert db.session.get_one(Circle, place.circle.id).points_expiry == "never"
    page = text_of(owner.get(RULES))
    assert 'name="comment.points"' in page and "1 → <b>4</b>" in page


def test_a_cell_that_is_wrong_is_marked_and_all_that_was_typed_stays(place: Place, browser: Browsers) -> None:
    owner = browser(place.owner_user)
    form = form_in(text_of(owner.get(RULES)), RULES)
    for where in (RULES, f"{RULES}/try"):
        bad = {"comment.points": "-3", "post.text.min_len": "x", "like.received.growth": "", "post.media.points": "77"}
        answer = owner.post(where, {**form, **bad})
        page = text_of(answer)
        assert answer.status_code == 422 and 'value="-3"' in page and 'value="77"' in page
        for cell in ("comment.points", "post.text.min_len", "like.received.growth"):
            assert f'href="#{cell}"' in page and f'id="{cell}-error"' in page
    assert current(place) == (0, 0)


def test_who_opened_the_page_before_another_saved_keeps_what_was_typed(place: Place, browser: Browsers) -> None:
    owner = browser(place.owner_user)
    form = form_in(text_of(owner.get(RULES)), RULES)
    operations.save_rules(place.admin, "morning", [{"code": "comment", "points": 3, "growth": 1}])
    answer = owner.post(RULES, {**form, "comment.points": "9"})
    assert answer.status_code == 422 and 'value="9"' in text_of(answer) and current(place) == (2, 3)


def test_a_try_shows_figures_keeps_the_draft_and_saves_nothing(place: Place, browser: Browsers) -> None:
    for number in range(6):
        cause = Cause(f"comment:{number}", "comment", f"comment:{number}")
        operations.set_earned(place.circle.id, place.users["ann"].id, cause, on=True)
    owner = browser(place.owner_user)
    form = {**form_in(text_of(owner.get(RULES)), RULES), "comment.points": "5"}
    page = text_of(owner.post(f"{RULES}/try", form))
    assert "<html" in page and 'id="tried"' in page and 'value="5"' in page
    assert re.search(r'kpi-value">30<', page) and "+24" in page and place.users["ann"].nickname in page
    assert "<svg" in page and " style=" not in page
    fragment = text_of(owner.post(f"{RULES}/try", form, htmx=True))
    assert "<html" not in fragment and fragment.lstrip().startswith("<div") and 'id="tried"' in fragment
    assert current(place) == (1, 1)


def test_a_try_in_a_circle_without_a_past_says_so(place: Place, browser: Browsers) -> None:
    owner = browser(place.owner_user)
    page = text_of(owner.post(f"{RULES}/try", form_in(text_of(owner.get(RULES)), RULES)))
    assert 'id="tried"' in page and '<svg class="week-bars"' not in page


# ---- levels ----------------------------------------------------------------------------------------------------------

LEVELS = "/morning/manage/points/levels"


def kept(place: Place) -> list[Any]:
    db.session.expire_all()
    return [(each["name"], each["growth_min"]) for each in db.session.get_one(Circle, place.circle.id).levels]


def test_levels_are_added_in_the_empty_rows_and_removed_with_a_tick(place: Place, browser: Browsers) -> None:
    owner = browser(place.owner_user)
    form = form_in(text_of(owner.get(LEVELS)), LEVELS)
    assert form["levels.3.growth_min"] == "" and "levels.5.growth_min" not in form
    more = {
        "levels.3.name": "掌灯人", "levels.3.growth_min": "9000", "levels.3.privileges.can_video": "1",
        "levels.3.privileges.can_create_topic": "1",
    }  # fmt: skip
    assert owner.post(LEVELS, {**form, **more}).location == LEVELS
    assert kept(place) == [("", 0), ("", 500), ("", 3000), ("掌灯人", 9000)]
    form = form_in(text_of(owner.get(LEVELS)), LEVELS)
    assert owner.post(LEVELS, {**form, "levels.1.remove": "1"}).status_code == 303
    assert kept(place) == [("", 0), ("", 3000), ("掌灯人", 9000)]
    form = form_in(text_of(owner.get(LEVELS)), LEVELS)
    blank = {name: "" for name in form if name.startswith("levels.1.") and "can_" not in name}
    assert owner.post(LEVELS, {**form, **blank}).status_code == 303  # emptied
    assert kept(place) == [("", 0), ("掌灯人", 9000)]


def test_make_up_cards_of_a_level_are_set_here_and_told_to_members(place: Place, browser: Browsers) -> None:
    owner = browser(place.owner_user)
    form = form_in(text_of(owner.get(LEVELS)), LEVELS)
    cell = "levels.1.privileges.makeup_cards_per_month"
    assert form[cell] == ""
    refused = text_of(owner.post(LEVELS, {**form, cell: "1"}))  # and the one above gives none
    assert f'id="{cell.replace("1", "2", 1)}-error"' in refused and kept(place) == []
    assert owner.post(LEVELS, {**form, cell: "1", "levels.2.privileges.makeup_cards_per_month": "2"}).status_code == 303
    again = form_in(text_of(owner.get(LEVELS)), LEVELS)
    assert (again[cell], again["levels.2.privileges.makeup_cards_per_month"]) == ("1", "2")
    ann = browser(place.users["ann"])
    ann.post("/settings/language", {"locale": "en"})
    told = text_of(ann.get("/morning/points/rules"))
    assert "1 more make-up card a month" in told and "2 more make-up cards a month" in told


def test_what_is_wrong_is_marked_in_its_own_row_also_after_a_gap(place: Place, browser: Browsers) -> None:
    owner = browser(place.owner_user)
    form = form_in(text_of(owner.get(LEVELS)), LEVELS)
    bad = {"levels.1.remove": "1", "levels.2.privileges.posts_per_day": "9", "levels.4.growth_min": "3000"}
    for where in (LEVELS, f"{LEVELS}/try"):
        answer = owner.post(where, {**form, **bad})
        page = text_of(answer)
        assert answer.status_code == 422
        for cell in ("levels.4.growth_min", "levels.2.privileges.posts_per_day"):
            assert f'id="{cell}-error"' in page or cell.startswith("levels.2")
        assert 'value="9"' in page and re.search(r'name="levels.1.remove" value="1" checked', page)
    only = {"levels.2.privileges.posts_per_day": "9"}
    assert 'id="levels.2.privileges.posts_per_day-error"' in text_of(owner.post(LEVELS, {**form, **only}))
    assert 'id="levels.1.growth_min-error"' in text_of(owner.post(LEVELS, {**form, "levels.1.growth_min": "many"}))
    assert kept(place) == []


def test_the_preview_counts_by_the_draft_and_saves_nothing(place: Place, browser: Browsers) -> None:
    operations.ask_adjustment(
        place.admin, "morning", place.users["ann"].id, asset="GROWTH", amount=90, reason=REASON
    )  # fmt: skip
    owner = browser(place.owner_user)
    form = {**form_in(text_of(owner.get(LEVELS)), LEVELS), "levels.1.growth_min": "80"}
    page = text_of(owner.post(f"{LEVELS}/try", form))
    assert 'value="80"' in page and re.search(r'<progress max="5" value="1" aria-label="[^"]+">', page)
    assert "<html" not in text_of(owner.post(f"{LEVELS}/try", form, htmx=True)) and kept(place) == []


def test_levels_that_somebody_else_changed_meanwhile_are_not_overwritten(place: Place, browser: Browsers) -> None:
    owner = browser(place.owner_user)
    form = form_in(text_of(owner.get(LEVELS)), LEVELS)
    operations.save_levels(place.admin, "morning", [{"growth_min": 0}, {"growth_min": 70}])
    answer = owner.post(LEVELS, {**form, "levels.1.growth_min": "66"})
    assert answer.status_code == 422 and 'value="66"' in text_of(answer) and kept(place) == [("", 0), ("", 70)]


@pytest.mark.parametrize("path", ["rules", "rules/try", "levels", "levels/try", "adjust"])
@pytest.mark.parametrize("text", ["\x00", "\u202egnp", "9" * 5000, "<script>alert(1)</script>", "１２"])
def test_hostile_cells_are_answered_clearly(place: Place, browser: Browsers, path: str, text: str) -> None:
    names = (
        "comment.points",
        "levels.0.growth_min",
        "levels.1.name",
        "version",
        "expiry",
        "amount",
        "username",
        "reason",
    )
    answer = browser(place.owner_user).post(f"/morning/manage/points/{path}", dict.fromkeys(names, text))
    assert answer.status_code == 422 and "<script>alert" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("name", ["admin", "owner"])
def test_adjusting_oneself_or_a_higher_role_keeps_what_was_typed(place: Place, browser: Browsers, name: str) -> None:
    user = place.owner_user if name == "owner" else place.users["admin"]
    got = adjust(browser(place.users["admin"]), username=user.username, amount="321")
    page = text_of(got)
    assert got.status_code == 422 and 'id="username-error"' in page
    assert REASON in page and 'value="321"' in page
    assert statuses() == []


@pytest.mark.parametrize(
    ("amount", "act", "note"),
    [(50, "undo", "错"), (5000, "reject", "错"), (50, "undo", "弄错了人，这一笔要撤回来重新给")],
)
def test_a_note_that_was_not_taken_comes_back(
    place: Place, browser: Browsers, amount: int, act: str, note: str
) -> None:
    adjustment_id = operations.ask_adjustment(
        place.owner, place.slug, place.users["ann"].id, asset="POINTS", amount=amount, reason=REASON
    )  # fmt: skip
    # then nothing is undone, however good the note
    ledger.keep_check(place.circle.id, txn_count=1, entry_count=1, violations=[{"rule": "L3", "what": "x"}])
    path = f"/morning/manage/points/adjustments/{adjustment_id}/{act}"
    got = browser(place.users["admin"]).post(path, {"note": note})
    page = text_of(got)
    assert got.status_code == 422
    form = page[page.rindex("<details", 0, page.index(f'action="{path}"')) :]
    assert form.startswith('<details class="adjustment-act" open>')
    assert f'name="note" value="{note}"' in form[: form.index("</form>")]


def test_an_adjustment_is_decided_only_at_the_address_of_its_circle(
    make: Make, place: Place, browser: Browsers
) -> None:
    make.circle(place.owner_user, slug="evening", name="晚读")
    adjustment_id = operations.ask_adjustment(
        place.admin, place.slug, place.users["ann"].id, asset="POINTS", amount=5000, reason=REASON
    )  # fmt: skip
    owner = browser(place.owner_user)
    for act in ("approve", "reject", "undo"):
        got = owner.post(f"/evening/manage/points/adjustments/{adjustment_id}/{act}", {"note": REASON})
        assert got.status_code == 404
    assert statuses() == ["pending"]
