"""The queue of those who review check-ins, as a browser without JavaScript and as htmx meet it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from circle.checkins import operations
from circle.checkins.models import CheckinRecord
from circle.core.db import db
from circle.media import uploads
from tests.checkins.campaigning import Week
from tests.clients import Browser
from tests.factories import Make

Browsers = Callable[..., Browser]


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"review": "manual"})


def text_of(response: TestResponse) -> str:
    return unescape(response.get_data(as_text=True))


def desk(week: Week) -> str:
    return f"/{week.slug}/manage/campaigns/{week.id}/review"


def status_of(record_id: int) -> str:
    return db.session.get_one(CheckinRecord, record_id, populate_existing=True).status


def actions(page: str) -> set[str]:
    return set(re.findall(r'action="(/[^"]*/checkins/[^"]*)"', page))


def test_the_queue_shows_what_was_written_and_two_buttons(week: Week, browser: Browsers) -> None:
    ann = week.member()
    made = week.check_in(ann, 1, body="窗外有雾，<b>很静</b>。")
    with week.at(1, 12):
        page = text_of(browser(week.owner).get(desk(week)))
    assert "窗外有雾，<b>很静</b>。" in page  # as written: unescaped here, escaped there
    assert ann.nickname in page
    assert actions(page) == {f"/{week.slug}/checkins/{made.record_id}/{act}" for act in ("approve", "reject")}
    assert f"/{week.slug}/posts/{made.post_id}" in page
    assert f'<form class="queue-bulk only-wide" id="several" method="post" action="{desk(week)}"' in page
    for status in ("pending", "approved", "rejected", "void"):
        assert f'href="{desk(week)}?status={status}"' in page


def test_pictures_and_voice_notes_can_be_looked_at_in_the_row(week: Week, make: Make, browser: Browsers) -> None:
    ann = week.member()
    with week.at(1):
        file = FileStorage(BytesIO(make.picture()), filename="morning.png")
        media_id = uploads.take_upload(ann, file, "post")
        operations.submit(ann, week.id, body="拍一张", media_ids=[media_id], alts=["窗外的雾"])
        page = text_of(browser(week.owner).get(desk(week)))
    assert 'alt="窗外的雾"' in page


def test_approving_comes_back_to_the_queue(week: Week, browser: Browsers) -> None:
    made = week.check_in(week.member(), 1)
    with week.at(1, 12):
        client = browser(week.owner)
        answer = client.post(f"/{week.slug}/checkins/{made.record_id}/approve")
        assert (answer.status_code, answer.location) == (303, desk(week))
        again = client.post(f"/{week.slug}/checkins/{made.record_id}/approve")
        assert again.status_code == 303
        page = text_of(client.get(desk(week)))
    assert status_of(made.record_id) == "approved"
    assert actions(page) == set()


def test_htmx_gets_the_rest_of_the_queue(week: Week, browser: Browsers) -> None:
    one, two = week.check_in(week.member(), 1), week.check_in(week.member(), 1)
    with week.at(1, 12):
        answer = browser(week.owner).post(f"/{week.slug}/checkins/{one.record_id}/approve", htmx=True)
    page = text_of(answer)
    assert answer.status_code == 200
    assert page.lstrip().startswith("<section")
    assert actions(page) == {f"/{week.slug}/checkins/{two.record_id}/{act}" for act in ("approve", "reject")}
    assert "HX-Trigger" in answer.headers
    assert '<span class="count" id="waiting-checkins" hx-swap-oob="true"><span aria-hidden="true">1</span>' in page


def test_rejecting_asks_for_a_reason_and_keeps_what_was_typed(week: Week, browser: Browsers) -> None:
    made, other = week.check_in(week.member(), 1), week.check_in(week.member(), 1)
    path = f"/{week.slug}/checkins/{made.record_id}/reject"
    with week.at(1, 12):
        client = browser(week.owner)
        for htmx in (False, True):
            answer = client.post(path, {"reason": "看"}, htmx=htmx)
            page = text_of(answer)
            assert answer.status_code == 422
            assert "data-errors" in page
            field = re.search(rf'<input[^>]*id="one-{made.record_id}-reason"[^>]*>', page)
            assert field is not None
            assert 'value="看"' in field[0]
            other_field = re.search(rf'<input[^>]*id="one-{other.record_id}-reason"[^>]*>', page)
            assert other_field is not None
            assert 'value=""' in other_field[0]
        assert status_of(made.record_id) == "pending"
        assert client.post(path, {"reason": "照片看不清"}).status_code == 303
        page = text_of(client.get(f"{desk(week)}?status=rejected"))
    assert status_of(made.record_id) == "rejected"
    assert "照片看不清" in page


def test_what_somebody_else_decided_meanwhile_is_said(week: Week, browser: Browsers) -> None:
    made = week.check_in(week.member(), 1)
    with week.at(1, 12):
        operations.approve_record(week.owner, made.record_id)
        answer = browser(week.owner).post(f"/{week.slug}/checkins/{made.record_id}/reject", {"reason": "照片看不清"})
        page = text_of(answer)
    assert answer.status_code == 422
    assert "data-errors" in page
    assert status_of(made.record_id) == "approved"


def test_several_are_approved_at_once(week: Week, browser: Browsers) -> None:
    made = [week.check_in(week.member(), 1).record_id for _number in range(3)]
    with week.at(1, 12):
        answer = browser(week.owner).post(desk(week), {"ids": [str(id_) for id_ in made[:2]], "do": "approve"})
    assert (answer.status_code, answer.location) == (303, desk(week))
    assert [status_of(id_) for id_ in made] == ["approved", "approved", "pending"]


def test_several_are_rejected_for_one_reason(week: Week, browser: Browsers) -> None:
    made = [week.check_in(week.member(), 1).record_id for _number in range(2)]
    ids = [str(id_) for id_ in made]
    with week.at(1, 12):
        client = browser(week.owner)
        nothing = client.post(desk(week), {"ids": ids, "do": "reject", "reason": " "})
        page = text_of(nothing)
        assert nothing.status_code == 422
        assert page.count(" checked>") == 2  # what was ticked stays so
        assert client.post(desk(week), {"ids": ids, "do": "reject", "reason": "照片看不清"}).status_code == 303
    rows = [db.session.get_one(CheckinRecord, id_, populate_existing=True) for id_ in made]
    assert [(row.status, row.reason) for row in rows] == [("rejected", "照片看不清")] * 2


def test_one_that_cannot_be_decided_keeps_none_of_the_others(week: Week, browser: Browsers, make: Make) -> None:
    admin, mod = week.member(role="admin"), week.member(role="moderator")
    of_admin, own, good = (week.check_in(who, 1).record_id for who in (admin, mod, week.member()))
    elsewhere = Week(make, {"review": "manual"})
    foreign = elsewhere.check_in(elsewhere.member(), 1).record_id
    with week.at(1, 12):
        client = browser(mod)
        ids = [str(id_) for id_ in (of_admin, own, good, foreign)]
        answer = client.post(desk(week), {"ids": ids, "do": "reject", "reason": "照片看不清"}, htmx=True)
    assert answer.status_code == 200
    found = [status_of(id_) for id_ in (of_admin, own, good, foreign)]
    assert found == ["pending", "pending", "rejected", "pending"]


def test_when_none_can_be_decided_the_page_says_why(week: Week, browser: Browsers) -> None:
    mod = week.member(role="moderator")
    own = week.check_in(mod, 1).record_id
    with week.at(1, 12):
        answer = browser(mod).post(desk(week), {"ids": [str(own)], "do": "approve"})
    assert answer.status_code == 422
    assert "data-errors" in text_of(answer)
    assert status_of(own) == "pending"


@pytest.mark.parametrize("sent", [{}, {"do": "approve"}, {"ids": ["x"], "do": "approve"}, {"ids": ["1"], "do": "x"}])
def test_a_form_without_anything_to_decide_is_answered_with_what_is_missing(
    week: Week, browser: Browsers, sent: dict[str, object]
) -> None:
    week.check_in(week.member(), 1)
    with week.at(1, 12):
        answer = browser(week.owner).post(desk(week), sent)
    assert answer.status_code == 422
    assert "data-errors" in text_of(answer)


def test_each_tab_shows_what_stands_so_and_pages_go_on(week: Week, browser: Browsers) -> None:
    people = [week.member() for _number in range(22)]
    for number, each in enumerate(people):
        week.check_in(each, 1, hour=8 + number / 100)
    with week.at(1, 12):
        client = browser(week.owner)
        page = text_of(client.get(desk(week)))
        assert len(actions(page)) == 40
        following = re.search(r'hx-get="([^"]*cursor=[^"]*)"', page)
        assert following is not None
        rest = client.get(following[1], headers={"HX-Request": "true"})
        assert text_of(rest).lstrip().startswith("<tr")
        assert len(actions(text_of(rest))) == 4
        assert len(actions(text_of(client.get(following[1])))) == 4
        for status in ("approved", "rejected", "void", "nonsense"):
            assert client.get(f"{desk(week)}?status={status}").status_code == 200


def test_the_side_and_the_overview_say_how_many_wait(week: Week, browser: Browsers) -> None:
    mod = week.member(role="moderator", enrolled=False)
    week.check_in(week.member(), 1)
    week.check_in(week.member(), 1)
    with week.at(1, 12):
        client = browser(mod)
        overview = text_of(client.get(f"/{week.slug}/manage/checkins"))
        members = text_of(client.get(f"/{week.slug}/manage/members"))
    assert desk(week) in overview
    for page in (overview, members):
        (link,) = re.findall(rf'<a href="/{week.slug}/manage/checkins".*?</a>', page)
        assert '<span aria-hidden="true">2</span>' in link


def test_an_empty_overview_says_so(week: Week, browser: Browsers) -> None:
    page = text_of(browser(week.owner).get(f"/{week.slug}/manage/checkins"))
    assert "empty" in page


def test_members_see_neither_queue_nor_the_way_to_it(week: Week, browser: Browsers) -> None:
    ann = week.member()
    made = week.check_in(ann, 1)
    other = browser(week.member())
    with week.at(1, 12):
        assert other.get(desk(week)).status_code == 403
        assert other.get(f"/{week.slug}/manage/checkins").status_code == 403
        assert other.post(f"/{week.slug}/checkins/{made.record_id}/approve").status_code == 404
        assert browser(ann).post(f"/{week.slug}/checkins/{made.record_id}/approve").status_code == 403
    assert status_of(made.record_id) == "pending"


def test_a_record_is_decided_only_at_the_address_of_its_circle(week: Week, browser: Browsers, make: Make) -> None:
    made = week.check_in(week.member(), 1)
    elsewhere = Week(make)
    with week.at(1, 12):
        answer = browser(week.owner).post(f"/{elsewhere.slug}/checkins/{made.record_id}/approve")
    assert answer.status_code == 404
    assert status_of(made.record_id) == "pending"
