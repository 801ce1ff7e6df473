"""A newcomer signs up, asks to come in, is let in, shows a picture, and hears what others say to it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from flask import Flask

from tests.clients import Browser
from tests.factories import PASSWORD, Make
from tests.flows.page import open_page


def test_a_newcomer_asks_to_join_and_is_heard(app: Flask, make: Make, browser: Callable[..., Browser]) -> None:
    owner = make.user("linlin", nickname="林林")
    circle = make.circle(owner, name="晨间写作", visibility="private", join_mode="application",
                         questions=["你为什么想写？"])  # fmt: skip
    slug = circle.slug
    friend = browser(make.member(circle, user=make.user("anan", nickname="阿楠")))

    # a shared link leads to the cover; joining leads through signing up, and back
    page = open_page(browser(), f"/{slug}")
    assert page.path == f"/{slug}/about"
    page = page.go(f"/signup?next=/{slug}/about")
    page = page.send("/signup", username="xiaoan", nickname="小安", password=PASSWORD, agree="1")
    assert page.path == f"/{slug}/about"
    newcomer = page.browser

    # the question is answered, and there is nothing to read yet beyond what everybody may
    assert "你为什么想写？" in page.text
    page = page.send(f"/{slug}/join", answers="想留住每天的早晨")
    assert page.path == f"/{slug}/about"
    assert newcomer.get(f"/{slug}/posts/new").status_code == 404

    # the owner hears of it, reads the answer, and lets the newcomer in
    page = open_page(browser(owner), "/notifications")
    assert "小安" in page.text
    page = page.follow("/open")
    assert page.path == f"/{slug}/manage/applications"
    assert "想留住每天的早晨" in page.text
    page = page.send("/approve")
    assert "想留住每天的早晨" not in page.text

    # the newcomer hears of that, and shows a picture
    page = open_page(newcomer, "/notifications")
    assert "晨间写作" in page.text
    page = page.follow(f"/{slug}").go(f"/{slug}/posts/new")
    page = page.send(f"/{slug}/posts", body="第一天，**雾**很大。", images=(BytesIO(make.picture()), "fog.png"))
    post = page.path
    assert post.startswith(f"/{slug}/posts/")
    assert "雾 很大" in page.text or "雾很大" in page.text
    picture = next(link for link in page.links if link.startswith("/media/"))
    assert newcomer.get(picture).mimetype == "image/webp"

    # the friend finds it at the top of the circle, likes it, and says something
    page = open_page(friend, f"/{slug}").follow(post)
    page = page.send(f"{post}/like", on="1").go(post)
    page = page.send(f"{post}/comments", body="欢迎你，雾真美。")
    assert page.path == post
    assert "欢迎你，雾真美。" in page.text

    # the newcomer finds the words in the inbox, follows them, and is done with the news
    page = open_page(newcomer, "/notifications")
    assert "阿楠" in page.text
    assert "欢迎你，雾真美。" in page.text
    assert "data-unread" in page.html
    answer = page.follow("/open")
    assert answer.path == post
    assert "欢迎你，雾真美。" in answer.text
    page = page.go("/notifications").send("/notifications/read")
    assert "data-unread" not in page.html
