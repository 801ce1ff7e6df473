"""The page of notices."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from circle.notifications import operations, queries
from tests.clients import Browser
from tests.factories import Make, actor_of

Browse = Callable[..., Browser]


def test_the_inbox_shows_what_is_new_and_where_it_leads(app: Flask, make: Make, browser: Browse) -> None:
    user, by, circle = make.user(), make.user("anan", nickname="<i>阿楠</i>"), make.circle(name="读书 <b>")
    data = {"by": by.id, "post_id": 5, "comment_id": 6, "quote": "<script>alert(1)</script>"}
    operations.notify(user.id, "post.commented", circle_id=circle.id, dedupe_key="6", data=data)
    response = browser(user).get("/notifications")
    page = response.get_data(as_text=True)
    assert response.status_code == 200
    (notice,) = queries.inbox(actor_of(user)).items
    assert f'href="/notifications/{notice.id}/open"' in page
    assert "data-unread" in page
    assert "&lt;i&gt;阿楠" in page
    for raw in ("<i>阿楠", "<script>alert", "读书 <b>"):
        assert raw not in page


def test_all_is_marked_as_read_with_a_plain_form(app: Flask, make: Make, browser: Browse) -> None:
    user = make.user()
    operations.notify(user.id, "application.approved", circle_id=make.circle().id, dedupe_key="1", data={})
    client = browser(user)
    assert 'action="/notifications/read"' in client.get("/notifications").get_data(as_text=True)
    for _time in range(2):
        response = client.post("/notifications/read")
        assert (response.status_code, response.headers["Location"]) == (303, "/notifications")
    page = client.get("/notifications").get_data(as_text=True)
    assert "data-unread" not in page
    assert 'action="/notifications/read"' not in page
    assert queries.unread_count(actor_of(user)) == 0


def test_an_empty_inbox_says_so(app: Flask, make: Make, browser: Browse) -> None:
    response = browser(make.user()).get("/notifications")
    assert response.status_code == 200
    assert "empty" in response.get_data(as_text=True)


def test_more_rows_come_as_a_fragment(app: Flask, make: Make, browser: Browse) -> None:
    user, circle = make.user(), make.circle()
    for number in range(25):
        operations.notify(user.id, "application.approved", circle_id=circle.id, dedupe_key=str(number), data={})
    client = browser(user)
    first = client.get("/notifications").get_data(as_text=True)
    assert first.count('class="notice"') == 20
    cursor = queries.inbox(actor_of(user)).next_cursor
    assert f"/notifications?cursor={cursor}" in first
    fragment = client.get(f"/notifications?cursor={cursor}", headers={"HX-Request": "true"})
    html = fragment.get_data(as_text=True)
    assert html.count('class="notice"') == 5
    assert "<html" not in html
    assert "cursor=" not in html
    whole = client.get(f"/notifications?cursor={cursor}").get_data(as_text=True)
    assert "<html" in whole
    assert whole.count('class="notice"') == 5
    assert client.get("/notifications?cursor=x").status_code == 400


def test_a_visitor_is_sent_to_sign_in(app: Flask, browser: Browse) -> None:
    for response in (browser().get("/notifications"), browser().post("/notifications/read")):
        assert response.status_code == 303
        assert "/login" in response.headers["Location"]
