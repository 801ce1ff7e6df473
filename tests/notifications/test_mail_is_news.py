"""What goes out by e-mail is news: not what lay unread for weeks before there was an address to send it to."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from circle.core import clock
from circle.notifications import operations, queries
from circle.notifications.operations import Choice
from circle.posts import operations as posts
from tests.factories import Make
from tests.mailserver import MailServer, text_of
from tests.notifications.test_mail import box, give_address, run_later

__all__ = ["box"]


def test_a_new_address_gets_what_is_new_and_not_what_lay_there_before(app: Flask, make: Make, box: MailServer) -> None:
    place = make.place()
    post_id = make.post(place)
    posts.write_comment(place.bob, post_id, body="很久以前")
    run_later()
    with clock.at(clock.now() + timedelta(days=1)):
        give_address(place.users["ann"])
        posts.write_comment(place.bob, post_id, body="刚刚")
        run_later()
    assert len(box.received) == 1
    assert "刚刚" in text_of(box.newest())
    assert "很久以前" not in text_of(box.newest())
    assert queries.unread_count(place.ann) == 2  # the inbox has it all


def test_a_category_that_is_switched_on_brings_no_mail_about_last_months(
    app: Flask, make: Make, box: MailServer
) -> None:
    place = make.place()
    give_address(place.users["ann"])
    old, new = make.post(place, body="旧"), make.post(place, body="新")
    posts.like_post(place.bob, old, on=True)
    run_later()
    with clock.at(clock.now() + timedelta(days=30)):
        operations.choose_settings(place.ann, {"likes": Choice(inbox=True, mail=True)})
        posts.like_post(place.bob, new, on=True)
        run_later()
    assert len(box.received) == 1
    assert text_of(box.newest()).count("liked") == 1


def test_a_server_that_is_away_for_a_day_loses_nothing(app: Flask, make: Make, box: MailServer) -> None:
    place = make.place()
    give_address(place.users["ann"])
    posts.write_comment(place.bob, make.post(place), body="昨天")
    run_later(timedelta(days=1))
    assert "昨天" in text_of(box.newest())
