"""The desk of those who run a circle: what waits for an answer, how the circle answers, and who its experts are."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from circle.circles import operations as circles
from circle.circles.queries import readable_circle
from circle.core import clock
from circle.core.errors import Forbidden, NotFound
from circle.posts import operations as posts
from circle.qa import operations, queries
from tests.factories import Make, actor_of
from tests.qa.questioning import accept, answer, ask


@pytest.fixture
def place(make: Make) -> Any:
    return make.place()


def text(response: Any) -> str:
    return response.get_data(as_text=True)


def asked_ago(place: Any, hours: float, who: str = "ann", **values: Any) -> int:
    with clock.at(clock.now() - timedelta(hours=hours)):
        return ask(place, who, **values)


def waiting(place: Any, hours: int = 24, **kwargs: Any) -> list[int]:
    circle = queries.desk(place.mod, place.slug)
    return [row.question.id for row in queries.waiting(place.mod, circle, hours=hours, **kwargs).items]


def test_what_waits_longest_comes_first_and_only_what_waits_long_enough(app: Flask, place: Any) -> None:
    day, week, young = asked_ago(place, 30), asked_ago(place, 170), asked_ago(place, 7)
    asked_ago(place, 1)
    assert waiting(place, 6) == [week, day, young]
    assert waiting(place, 24) == [week, day]
    assert waiting(place, 72) == [week]
    rows = queries.waiting(place.mod, queries.desk(place.mod, place.slug), hours=24).items
    assert [row.waiting_hours for row in rows] == [170, 30]


def test_answered_closed_duplicate_hidden_and_foreign_questions_do_not_wait(app: Flask, place: Any, make: Make) -> None:
    answered, closed, twin, hidden, kept = (asked_ago(place, 30 + number) for number in range(5))
    asked_ago(make.place(), 40)
    with clock.at(clock.now() - timedelta(hours=30)):
        make.post(place)
    given = answer(place.bob, answered)
    operations.close_question(place.mod, closed, reason="other")
    operations.mark_duplicate(place.mod, twin, of=kept)
    posts.hide_post(place.mod, hidden, reason="off topic")
    assert waiting(place) == [kept]
    operations.hide_answer(place.mod, given, reason="advertising")
    operations.reopen_question(place.mod, closed)
    assert set(waiting(place)) == {kept, answered, closed}


def test_pages_have_no_gaps_and_belong_to_their_hours(app: Flask, place: Any) -> None:
    made = [asked_ago(place, 200 - number) for number in range(5)]
    circle = queries.desk(place.mod, place.slug)
    found, cursor = [], None
    while True:
        page = queries.waiting(place.mod, circle, hours=24, cursor=cursor, limit=2)
        found += [row.question.id for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == made


def test_the_list_costs_the_same_however_long_it_is(app: Flask, place: Any, statements: list[str]) -> None:
    def cost() -> int:
        circle = queries.desk(place.mod, place.slug)
        statements.clear()
        queries.waiting(place.mod, circle)
        queries.figures(place.mod, circle)
        queries.experts(place.mod, circle)
        return len(statements)

    asked_ago(place, 30)
    one = cost()
    for number in range(6):
        asked_ago(place, 40 + number)
    assert cost() == one <= 5


def test_who_was_invited_and_declined_is_counted(app: Flask, place: Any, make: Make) -> None:
    asked = asked_ago(place, 30)
    willing, unwilling = (actor_of(make.member(place.circle, "expert")) for _one in range(2))
    for expert in (willing, unwilling):
        operations.invite(place.mod, asked, user_id=expert.id)
    operations.decline_invite(unwilling, asked)
    row = queries.waiting(place.mod, queries.desk(place.mod, place.slug)).items[0]
    assert (row.invited, row.declined) == (2, 1)


def test_the_figures_tell_how_a_circle_answers(app: Flask, place: Any) -> None:
    circle = queries.desk(place.mod, place.slug)
    assert queries.figures(place.mod, circle) == queries.Figures(0, 0, 0, None)
    assert queries.figures(place.mod, circle).percent is None
    for minutes in (10, 30, 50):
        asked = asked_ago(place, 10)
        with clock.at(clock.now() - timedelta(hours=10) + timedelta(minutes=minutes)):
            answer(place.bob, asked)
        answer(place.mod, asked)  # only the first one counts
    own = asked_ago(place, 10)
    answer(place.ann, own)  # what they answered themselves nobody has answered
    operations.mark_duplicate(place.mod, asked_ago(place, 5), of=own)
    operations.close_question(place.mod, asked_ago(place, 5), reason="spam")
    asked_ago(place, 24 * 40)  # too long ago for a share, but it waits
    asked_ago(place, 2)
    told = queries.figures(place.mod, circle)
    assert told == queries.Figures(unanswered=2, asked=5, answered=3, minutes=30)
    assert told.percent == 60


def test_an_owner_makes_experts_and_sees_what_each_has_answered(app: Flask, place: Any, make: Make) -> None:
    circles.change_role(place.owner, place.slug, place.bob.id, "expert")
    idle = actor_of(make.member(place.circle, "expert"))
    gone = actor_of(make.member(place.circle, "expert"))
    circles.leave_circle(gone, place.slug)
    first, second = ask(place), ask(place)
    accept(place.ann, first, answer(place.bob, first))
    answer(place.bob, second)
    hidden = ask(place)
    operations.hide_answer(place.mod, answer(place.bob, hidden), reason="advertising")
    unnamed = ask(place, "bob", anonymous=True)
    answer(place.bob, unnamed)  # a number that counted it would tell who asked
    rows = queries.experts(place.owner, readable_circle(place.owner, place.slug))
    assert [(row.user.id, row.user.role, row.answers, row.accepted) for row in rows] == [
        (place.bob.id, "expert", 2, 1), (idle.id, "expert", 0, 0)
    ]  # fmt: skip


def test_the_desk_is_for_those_who_moderate(app: Flask, place: Any, make: Make) -> None:
    circle = readable_circle(place.ann, place.slug)
    for ask_for in (queries.waiting, queries.figures, queries.experts):
        with pytest.raises(Forbidden):
            ask_for(place.ann, circle)
    with pytest.raises(Forbidden):
        queries.desk(place.ann, place.slug)
    private = make.place(visibility="private")
    with pytest.raises(NotFound):
        queries.desk(place.mod, private.slug)


# ---- page and API ------------------------------------------------------------------------------------------------


def test_the_page_shows_what_waits_and_leads_to_inviting(app: Flask, place: Any, browser: Any) -> None:
    circles.change_role(place.owner, place.slug, place.bob.id, "expert")
    asked = asked_ago(place, 30, title="第一次读诗从哪里开始？")
    mod = browser(place.users["mod"])
    page = text(mod.get(f"/{place.slug}/manage/questions"))
    assert "第一次读诗从哪里开始？" in page
    assert f'href="/{place.slug}/questions/{asked}"' in page
    assert f'href="/{place.slug}/questions/{asked}/invites"' in page
    assert place.users["bob"].nickname in page
    assert f'href="/{place.slug}/manage/questions" aria-current="page"' in page
    assert "第一次读诗从哪里开始？" not in text(mod.get(f"/{place.slug}/manage/questions?hours=72"))
    for strange in ("7", "x", "-1", ""):
        assert "第一次读诗从哪里开始？" in text(mod.get(f"/{place.slug}/manage/questions?hours={strange}"))
    assert f"/{place.slug}/manage/members" in text(browser(place.owner_user).get(f"/{place.slug}/manage/questions"))
    assert browser(place.users["ann"]).get(f"/{place.slug}/manage/questions").status_code == 403


def test_the_owner_makes_an_expert_in_the_list_of_members(app: Flask, place: Any, browser: Any) -> None:
    owner, bob = browser(place.owner_user), place.users["bob"]
    assert 'value="expert"' in text(owner.get(f"/{place.slug}/manage/members"))
    assert owner.post(f"/{place.slug}/manage/members/{bob.id}/role", {"role": "expert"}).status_code == 303
    asked = ask(place)
    given = answer(place.bob, asked)
    page = text(browser(place.users["ann"]).get(f"/{place.slug}/questions/{asked}"))
    assert 'data-level="expert"' in page.partition(f'id="answer-{given}"')[2]
    assert f"@{bob.username}" in text(owner.get(f"/{place.slug}/manage/questions"))


def test_an_unnamed_asker_stays_so_on_the_desk(app: Flask, place: Any, browser: Any, api: Any) -> None:
    asked_ago(place, 30, anonymous=True)
    for page in (
        text(browser(place.owner_user).get(f"/{place.slug}/manage/questions")),
        text(api(place.owner_user).get(f"/circles/{place.slug}/questions/unanswered")),
    ):
        ann = place.users["ann"]
        assert str(ann.id) not in page
        assert ann.nickname not in page
        assert ann.username not in page


def test_the_rest_of_the_list_comes_by_itself(app: Flask, place: Any, browser: Any) -> None:
    for number in range(22):
        asked_ago(place, 30 + number)
    mod = browser(place.users["mod"])
    page = text(mod.get(f"/{place.slug}/manage/questions"))
    more = re.search(r'hx-get="([^"]+cursor=[^"]+)"', page)
    assert more
    rest = text(mod.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}))
    assert (page.count('class="waiting"'), rest.count('class="waiting"')) == (20, 2)
    assert "<html" not in rest
    assert text(mod.get(more[1].replace("&amp;", "&"))).count('class="waiting"') == 2
    damaged = mod.get(f"/{place.slug}/manage/questions?cursor=damaged")
    assert damaged.status_code == 400


def test_the_api_lists_what_waits(app: Flask, place: Any, api: Any) -> None:
    first, second = asked_ago(place, 80), asked_ago(place, 30)
    mod = api(place.users["mod"])
    page = mod.get(f"/circles/{place.slug}/questions/unanswered?limit=1").json
    assert [row["question"]["id"] for row in page["items"]] == [str(first)]
    assert (page["items"][0]["waiting_hours"], page["items"][0]["invited"], page["items"][0]["declined"]) == (80, 0, 0)
    rest = mod.get(f"/circles/{place.slug}/questions/unanswered?limit=1&cursor={page['next_cursor']}").json
    assert [row["question"]["id"] for row in rest["items"]] == [str(second)]
    assert mod.get(f"/circles/{place.slug}/questions/unanswered?hours=100").json["items"] == []
    assert mod.get(f"/circles/{place.slug}/questions/unanswered?hours=0").status_code == 422
    wrong = mod.get(f"/circles/{place.slug}/questions/unanswered?hours=72&cursor={page['next_cursor']}")
    assert wrong.json["code"] == "CURSOR_INVALID"
    assert api(place.users["ann"]).get(f"/circles/{place.slug}/questions/unanswered").status_code == 403
