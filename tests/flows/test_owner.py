"""An owner founds a circle, invites by link, gives somebody a role, and has the last word; all of it is on record."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from sqlalchemy import select

from circle.circles.models import Circle
from circle.core import audit
from circle.core.audit import AuditEntry
from circle.core.db import db
from tests.clients import Browser
from tests.factories import Make
from tests.flows.page import open_page


def test_an_owner_runs_a_circle(app: Flask, make: Make, browser: Callable[..., Browser]) -> None:
    owner = browser(make.user("linlin", nickname="林林"))
    keeper_row, writer_row = make.user("anan", nickname="阿楠"), make.user("xiaoan", nickname="小安")
    keeper_id = keeper_row.id
    keeper, writer = browser(keeper_row), browser(writer_row)

    # a private circle that one enters by invitation
    page = open_page(owner, "/circles/new")
    page = page.send("/circles/new", name="晨间写作", slug="morning", visibility="private", join_mode="invite")
    assert page.path == "/morning/manage/settings"
    page = page.go("/morning/manage/invites").send("/morning/manage/invites", expires_in_days="7", max_uses="2")
    link = re.search(r"/morning/invite/[\w-]+", page.html)
    assert link

    # the link lets two people in, and no third
    assert browser(make.user()).get("/morning/posts/new").status_code == 404
    for guest in (keeper, writer):
        arrived = open_page(guest, link[0]).send("/morning/join")
        assert arrived.path == "/morning"
    late = browser(make.user())
    assert late.post("/morning/join", {"invite": link[0].rpartition("/")[2]}).status_code == 422

    # one becomes a moderator, and hears it
    page = open_page(owner, "/morning/manage/members")
    page.send(f"/{keeper_id}/role", role="moderator")
    assert "晨间写作" in open_page(keeper, "/notifications").text

    # the writer publishes; the moderator hides it and says why
    page = open_page(writer, "/morning/posts/new").send("/morning/posts", body="转发抽奖，加微信领取。")
    post = page.path
    open_page(keeper, post).send(f"{post}/hide", reason="广告请发到广告区")
    assert post not in open_page(owner, "/morning").html

    # the writer reads the reason, in the inbox and on the post, which nobody else sees
    inbox = open_page(writer, "/notifications")
    assert "广告请发到广告区" in inbox.text
    page = inbox.follow("/open")
    assert page.path == post
    assert "广告请发到广告区" in page.text

    # the owner sees it differently, and the writer hears that too
    page = open_page(owner, post).send(f"{post}/restore")
    assert "广告请发到广告区" not in open_page(writer, post).text
    assert post in open_page(keeper, "/morning").html
    inbox = open_page(writer, "/notifications")
    assert "恢复显示" in inbox.text
    assert inbox.follow("/open").path == post

    # and every act on others is in the chain
    stream = f"circle:{db.session.scalars(select(Circle.id).where(Circle.slug == 'morning')).one()}"
    acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.stream == stream).order_by(AuditEntry.seq))
    assert acts.all() == ["circle.create", "invite.create", "member.role", "post.hide", "post.restore"]
    assert audit.verify(stream) is None
