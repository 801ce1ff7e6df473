"""Checking in as a browser does: the page, the refusal that loses nothing, the second click, and a body that comes
slowly."""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import SYSTEM
from circle.checkins import operations
from circle.checkins.models import CheckinRecord
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.operation import in_transaction
from circle.media.models import Media
from circle.posts import queries as post_queries
from circle.posts.models import Post
from tests.checkins.campaigning import Week
from tests.checkins.composing import address, count, flash_of, text
from tests.clients import outside
from tests.factories import Make
from tests.media import samples

TICK = timedelta(microseconds=1)


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make)


# ---- checking in -----------------------------------------------------------------------------------------------------


def test_the_page_tells_the_day_its_prompt_and_what_is_asked_for(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, {"prompts": ("开始", "今天的光"), "min_len": 30, "min_images": 1})
    ann = browser(week.member())
    with week.at(2):
        page = text(ann.get(address(week)))
    assert "今天的光" in page
    assert 'name="idx" value="2"' in page
    assert 'data-need="text" data-least="30"' in page
    assert 'data-need="image" data-least="1"' in page
    assert 'data-need="audio"' not in page


def test_the_page_costs_few_statements(week: Week, browser: Any, statements: list[str]) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    who = browser(ann)
    with week.at(2):
        who.get(address(week))
        statements.clear()
        who.get(address(week))
    assert len(statements) <= 6


def test_a_check_in_leads_to_the_campaign_and_says_how_it_stands(week: Week, browser: Any) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2)
    with week.at(3):
        answer = browser(ann).post(address(week), {"body": "第三天", "idx": "3"})
        assert (answer.status_code, answer.location) == (303, f"/{week.slug}/campaigns/{week.id}")
        said = flash_of(browser(ann), answer.location)
    assert week.enrollment(ann).done == 3
    assert post_queries.get_post(ann, week.records(ann)[-1].post_id or 0).body == "第三天"
    assert said == "" or "3" in said


def test_the_message_tells_streak_points_and_completion(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, {"need_n": 2})
    ann = week.member()
    who = browser(ann)
    said = []
    for idx in (1, 2, 3):
        with week.at(idx):
            said.append(text(who.get(who.post(address(week), {"body": "到", "idx": str(idx)}).location)))
    assert "+5" in said[0]
    assert week.campaign.title in said[1]
    assert week.enrollment(ann).status == "completed"


def test_the_same_form_twice_is_one_check_in_and_one_answer(week: Week, browser: Any) -> None:
    ann = week.member()
    form = {"body": "一次", "idx": "1", "once": "x" * 24}
    with week.at(1):
        who = browser(ann)
        first, second = (who.post(address(week), form) for _click in range(2))
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert len(week.records(ann)) == 1


def test_the_same_words_from_another_page_lead_to_the_check_in_that_is_there(week: Week, browser: Any) -> None:
    ann = week.member()
    made = week.check_in(ann, 1, body="一样的话")
    with week.at(1, 9):
        answer = browser(ann).post(address(week), {"body": "一样的话", "idx": "1"})
    assert (answer.status_code, answer.location) == (303, f"/{week.slug}/posts/{made.post_id}")


def test_other_words_for_a_day_that_is_done_come_back_with_ways_to_use_them(week: Week, browser: Any) -> None:
    ann = week.member()
    made = week.check_in(ann, 1)
    with week.at(1, 9):
        who = browser(ann)
        answer = who.post(address(week), {"body": "还想说的", "idx": "1"})
        page = text(answer)
        assert answer.status_code == 422
        assert "还想说的" in page
        assert f'href="/{week.slug}/posts/{made.post_id}"' in page
        assert f'formaction="/{week.slug}/posts"' in page
        plain = who.post(f"/{week.slug}/posts", {"body": "还想说的", "title": "", "once": "y" * 24, "idx": "1"})
    assert plain.status_code == 303
    assert len(week.records(ann)) == 1


def test_who_has_checked_in_is_led_to_what_they_wrote(week: Week, browser: Any) -> None:
    ann = week.member()
    made = week.check_in(ann, 1)
    with week.at(1, 9):
        answer = browser(ann).get(address(week))
    assert (answer.status_code, answer.location) == (303, f"/{week.slug}/posts/{made.post_id}")


def test_where_there_is_nothing_to_check_in_the_campaign_says_why(week: Week, browser: Any) -> None:
    member, gone = week.member(enrolled=False), week.member()
    campaign = f"/{week.slug}/campaigns/{week.id}"
    with week.at(1):
        operations.withdraw(gone, week.id)
        assert browser(member).get(address(week)).location == campaign
        assert browser(gone).get(address(week)).location == campaign
    with week.at(0):
        assert browser(week.member()).get(address(week)).location == campaign
    ben = week.member()
    with week.at(8):
        assert browser(ben).get(address(week)).location == campaign


# ---- refusals lose nothing -------------------------------------------------------------------------------------------


def test_what_is_missing_is_said_and_words_pictures_and_descriptions_come_back(
    app: Flask, make: Make, browser: Any
) -> None:
    week = Week(make, {"min_len": 10, "min_images": 2})
    ann = week.member()
    who = browser(ann)
    with week.at(1):
        uploaded = re.findall(r'name="media_ids" value="(\d+)"', text(
            who.post("/media", {"file": (BytesIO(make.picture()), "a.png")})
        ))  # fmt: skip
        answer = who.post(address(week), {"body": "短", "idx": "1", "media_ids": uploaded, "alts": ["一扇窗"]})
        page = text(answer)
        assert answer.status_code == 422
        assert "短</textarea>" in page
        assert f'name="media_ids" value="{uploaded[0]}"' in page
        assert "一扇窗" in page
        assert len(re.findall(r"<li><a href=\"#(?:body|media_ids)\"", page)) == 2
    assert week.records(ann) == []


def test_pictures_of_a_form_without_scripts_stay_uploaded_when_it_comes_back(
    app: Flask, make: Make, browser: Any
) -> None:
    week = Week(make, {"min_len": 10})
    ann = week.member()
    who = browser(ann)
    with week.at(1):
        form = {"body": "短", "idx": "1", "once": "x" * 24, "images": (BytesIO(make.picture()), "a.png")}
        page = text(who.post(address(week), form))
        kept = re.findall(r'name="media_ids" value="(\d+)"', page)
        assert len(kept) == 1
        longer = {"body": "这一次写够了十个字。", "idx": "1", "once": "x" * 24, "media_ids": kept, "alts": ["窗"]}
        assert who.post(address(week), longer).status_code == 303
    row = post_queries.get_post(ann, week.records(ann)[0].post_id or 0)
    assert [(str(item.id), item.alt) for item in row.media] == [(kept[0], "窗")]


def test_a_file_that_cannot_be_taken_does_not_take_the_words_along(week: Week, browser: Any) -> None:
    ann = week.member()
    with week.at(1):
        form = {"body": "写了很久", "idx": "1", "images": (BytesIO(b"<script>alert(1)</script>"), "a.png")}
        answer = browser(ann).post(address(week), form)
    assert answer.status_code == 422
    assert "写了很久" in text(answer)
    assert week.records(ann) == []


def test_a_voice_note_comes_with_the_plain_form(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, {"audio": True})
    ann = week.member()
    with week.at(1):
        answer = browser(ann).post(
            address(week), {"body": "", "idx": "1", "voice": (BytesIO(samples.wav()), "voice.wav")}
        )
    assert answer.status_code == 303
    assert week.enrollment(ann).done == 1


def test_after_the_bell_the_words_come_back_with_a_make_up_and_a_post_to_choose(week: Week, browser: Any) -> None:
    ann = week.member()
    with week.at(2, 0):
        answer = browser(ann).post(address(week), {"body": "写到了半夜", "idx": "1"})
    page = text(answer)
    assert answer.status_code == 422
    assert "写到了半夜" in page
    assert 'name="idx" value="2"' in page  # pressed again, it is for the day that is open now
    assert f'formaction="{address(week, "makeup/1")}"' in page
    assert f'formaction="/{week.slug}/posts"' in page
    assert week.records(ann) == []


def test_after_the_last_bell_what_was_written_can_still_be_a_post(week: Week, browser: Any) -> None:
    ann = week.member()
    with week.at(8, 0):
        who = browser(ann)
        page = text(who.post(address(week), {"body": "最后一天", "idx": "7"}))
        assert f'formaction="/{week.slug}/posts"' in page
        assert "makeup/7" not in page
        assert 'name="idx"' not in page
        who.post(f"/{week.slug}/posts", {"body": "最后一天"})
    assert db.session.scalars(select(Post.type)).all() == ["moment"]


def test_the_missed_day_is_made_up_with_the_same_form(week: Week, browser: Any) -> None:
    ann = week.member()
    with week.at(2, 0):
        who = browser(ann)
        answer = who.post(address(week, "makeup/1"), {"body": "写到了半夜", "idx": "2", "once": "x" * 24})
    assert answer.location == f"/{week.slug}/campaigns/{week.id}"
    assert [(record.idx, record.source) for record in week.records(ann)] == [(1, "makeup")]


# ---- the arrival of the request --------------------------------------------------------------------------------------


class SlowBody(BytesIO):
    """A body whose first bytes are read when the clock has gone on: as if it had taken so long to come in."""

    def __init__(self, data: bytes, stack: ExitStack, arrives: datetime) -> None:
        super().__init__(data)
        self._stack, self._arrives = stack, arrives

    def _tick(self) -> None:
        if clock.now() != self._arrives:
            self._stack.enter_context(clock.at(self._arrives))

    def read(self, *args: Any) -> bytes:
        self._tick()
        return super().read(*args)

    def readline(self, *args: Any) -> bytes:
        self._tick()
        return super().readline(*args)


def slowly(week: Week, who: Any, *, sent: datetime, read: datetime) -> int:
    """Send a check-in whose body takes from `sent` to `read` to come in; the status of the answer."""

    def send() -> int:
        with ExitStack() as stack:
            answer = who.http.post(
                address(week), input_stream=SlowBody(body, stack, read), content_length=len(body),
                content_type="application/x-www-form-urlencoded",
            )  # fmt: skip
            return int(answer.status_code)

    with clock.at(sent):
        body = f"csrf_token={who.csrf_token()}&body=slow+but+sure".encode()
        return outside(send)


def test_a_body_that_is_still_on_its_way_at_the_bell_counts_for_the_day(week: Week, browser: Any) -> None:
    ann, ben, closes = week.member(), week.member(), week.day(2, 0)
    assert slowly(week, browser(ann), sent=closes - TICK, read=closes + timedelta(minutes=2)) == 303
    record = week.records(ann)[0]
    assert (record.idx, record.submitted_at) == (1, closes - TICK)
    assert slowly(week, browser(ben), sent=closes, read=closes + timedelta(minutes=2)) == 303
    assert week.records(ben)[0].idx == 2


def test_a_body_that_was_sent_too_early_does_not_count_because_it_was_slow(week: Week, browser: Any) -> None:
    ann, opens = week.member(), week.day(1, 0)
    assert slowly(week, browser(ann), sent=opens - TICK, read=opens + timedelta(minutes=2)) == 422
    assert week.records(ann) == []


# ---- who may ---------------------------------------------------------------------------------------------------------


def test_strangers_the_muted_and_the_banned_see_no_composer(week: Week, browser: Any, make: Make) -> None:
    muted, banned = week.member(), week.member()
    other_owner = make.user()
    make.circle(other_owner)
    with week.at(1):
        circles.mute_member(SYSTEM, week.slug, muted.id or 0, duration_s=3600)
        circles.ban_member(SYSTEM, week.slug, banned.id or 0)
        for who in (muted, banned, other_owner):
            for rest in ("checkin", "makeup/1"):
                assert browser(who).get(address(week, rest)).status_code == 403
                assert browser(who).post(address(week, rest), {"body": "我"}).status_code == 403
            assert browser(who).post(address(week, "cards")).status_code == 403
        assert browser(None).get(address(week)).location.startswith("/login")
    assert count(CheckinRecord) == 0


def test_the_uploads_of_somebody_who_takes_no_part_are_not_stored(week: Week, browser: Any, make: Make) -> None:

    member = week.member(enrolled=False)
    with week.at(1):
        form = {"body": "我", "images": (BytesIO(make.picture()), "a.png")}
        answer = browser(member).post(address(week), form)
    assert answer.status_code == 422
    assert "我</textarea>" in text(answer)
    assert count(Media) == 0


def test_who_was_taken_out_meanwhile_gets_their_words_back(week: Week, browser: Any) -> None:
    ann = week.member()
    with week.at(2):
        enrollment = week.enrollment(ann)
        in_transaction(lambda: setattr(db.session.merge(enrollment), "status", "disqualified"))
        for rest in ("checkin", "makeup/1"):
            page = browser(ann).post(address(week, rest), {"body": "写到一半", "idx": "2"})
            assert page.status_code == 422
            assert "写到一半</textarea>" in text(page)
            assert f'formaction="/{week.slug}/posts"' in text(page)
        assert browser(ann).get(address(week)).location == f"/{week.slug}/campaigns/{week.id}"
    assert week.records(ann) == []


def test_hostile_words_come_back_as_words(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, {"min_len": 200})
    ann = week.member()
    with week.at(1):
        page = text(browser(ann).post(address(week), {"body": "</textarea><script>alert(1)</script>", "idx": "1"}))
    assert "<script>alert(1)" not in page
