"""What a level does not allow is refused, says from which level on it is open, and loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from circle.access import Actor
from circle.circles.models import Circle, Member
from circle.circles.queries import get_circle
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError, Refused
from circle.core.operation import operation
from circle.media import uploads
from circle.posts import operations, queries
from circle.posts.models import Draft, Post
from circle.posts.operations import DraftContent, Plan
from circle.posts.operations.today import NEAR
from circle.posts.queries import posts_left, published_today
from tests.factories import Make, Place
from tests.media import samples
from tests.points.passing import member_id
from tests.races.together import together

#: noon in Shanghai
NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)
LEVELS: list[dict[str, Any]] = [
    {"name": "种子", "growth_min": 0, "privileges": {
        "posts_per_day": 2, "images_per_post": 1, "upload_mb": 1, "can_video": False}},
    {"name": "新芽", "growth_min": 500, "privileges": {
        "posts_per_day": 4, "images_per_post": 3, "upload_mb": 8, "can_video": True}},
]  # fmt: skip


@operation
def set_levels(place: Place, levels: list[dict[str, Any]]) -> None:
    db.session.get_one(Circle, place.circle.id).levels = levels


@operation
def set_level(place: Place, level: int, name: str = "ann") -> None:
    db.session.get_one(Member, member_id(place, name)).level = level


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    made = make.place()
    set_levels(made, LEVELS)
    return made


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def upload(actor: Actor, data: bytes, name: str = "a.png") -> int:
    return uploads.take_upload(actor, FileStorage(BytesIO(data), name), "post")


def refused(act: Callable[[], Any]) -> CircleError:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value


def sentence(refusal: CircleError) -> str:
    return str(refusal.sentence)


# ---- posts a day -----------------------------------------------------------------------------------------------


def test_a_day_has_as_many_posts_as_the_level_says_whatever_became_of_them(make: Make, place: Place) -> None:
    with clock.at(NOON):
        operations.delete_post(place.ann, make.post(place))
        operations.hide_post(place.mod, make.post(place), reason="off topic")
        refusal = refused(lambda: make.post(place))
        assert refusal.code == "DAILY_LIMIT"
        assert "2" in sentence(refusal)
        make.post(place, "bob")  # another person's day
    assert count(Post) == 3


def test_the_day_is_that_of_the_circle(make: Make, place: Place) -> None:
    late = datetime(2026, 11, 25, 15, 59, tzinfo=UTC)  # a minute before midnight there
    with clock.at(late):
        make.post(place)
        make.post(place)
        assert refused(lambda: make.post(place)).code == "DAILY_LIMIT"
    with clock.at(late + timedelta(minutes=1)):
        make.post(place)
        assert published_today(get_circle(place.ann, place.slug)) == 1


def test_another_circle_has_a_count_of_its_own(make: Make, place: Place) -> None:
    other = make.circle()
    make.member(other, user=place.users["ann"])
    with clock.at(NOON):
        make.post(place)
        operations.publish_post(place.ann, other.slug, body="早")
        make.post(place)
        assert refused(lambda: make.post(place)).code == "DAILY_LIMIT"
        operations.publish_post(place.ann, other.slug, body="早")


def test_a_higher_level_goes_on_and_those_who_run_the_circle_are_never_counted(
    make: Make, place: Place, statements: list[str]
) -> None:
    with clock.at(NOON):
        make.post(place)
        make.post(place)
        set_level(place, 2)
        make.post(place)
        for _number in range(5):
            make.post(place, "mod")
        assert posts_left(get_circle(place.ann, place.slug)) == 1
        moderators = get_circle(place.mod, place.slug)
        statements.clear()
        assert posts_left(moderators) is None
    assert statements == []


def test_a_level_may_publish_nothing_at_all(make: Make, place: Place) -> None:
    set_levels(place, [LEVELS[0] | {"privileges": {"posts_per_day": 0}}, LEVELS[1]])
    refusal = refused(lambda: make.post(place))
    assert refusal.code == "LEVEL_TOO_LOW"
    assert "新芽" in sentence(refusal)
    at = Plan(clock.now() + timedelta(days=2))
    planned = refused(lambda: operations.new_draft(place.ann, place.slug, DraftContent.of(body="早"), plan=at))
    assert planned.code == "LEVEL_TOO_LOW"
    operations.new_draft(place.ann, place.slug, DraftContent.of(body="早"))  # the words themselves are kept


@pytest.mark.parametrize("limit", [3, NEAR + 2])
def test_posts_in_the_same_moment_do_not_run_past_the_limit(app: Flask, place: Place, limit: int) -> None:
    set_levels(place, [{"name": "", "growth_min": 0, "privileges": {"posts_per_day": limit}}])
    ann = place.ann  # the row behind it belongs to this thread
    drafts = [operations.new_draft(ann, place.slug, DraftContent.of(body=f"稿 {n}")).id for n in range(3)]

    def direct(number: int) -> Callable[[], int]:
        return lambda: operations.publish_post(ann, place.slug, body=f"早 {number}")

    def from_draft(draft_id: int) -> Callable[[], int]:
        return lambda: operations.publish_draft(ann, draft_id)

    for number in range(limit - 3):
        operations.publish_post(ann, place.slug, body=f"先 {number}")
    acts = [*(direct(number) for number in range(5)), *(from_draft(id_) for id_ in drafts)]
    outcomes = together(app, acts)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert {getattr(refusal, "code", refusal) for refusal in refusals} == {"DAILY_LIMIT"}
    assert (count(Post), len(refusals)) == (limit, 5)
    gone = sum(not isinstance(outcome, Exception) for outcome in outcomes[5:])
    assert count(Draft) == 3 - gone  # what was refused is still there


# ---- files -----------------------------------------------------------------------------------------------------


def test_more_pictures_than_the_level_allows_are_refused_with_the_level_that_does(make: Make, place: Place) -> None:
    pictures = [upload(place.ann, make.picture()) for _number in range(4)]
    refusal = refused(lambda: make.post(place, media_ids=pictures[:2]))
    assert (refusal.code, list(refusal.errors or {})) == ("LEVEL_TOO_LOW", ["media_ids"])
    assert "新芽" in sentence(refusal)
    assert "新芽" not in sentence(refused(lambda: make.post(place, media_ids=pictures)))  # no level goes so far
    make.post(place, media_ids=pictures[:1])
    make.post(place, "mod", media_ids=[upload(place.mod, make.picture()) for _number in range(4)])


def test_videos_and_large_files_wait_for_their_level(make: Make, place: Place) -> None:
    film = upload(place.ann, samples.mp4(seconds=2), "film.mp4")
    assert "新芽" in sentence(refused(lambda: make.post(place, media_ids=[film])))
    large = upload(place.ann, b"Notes\n" + b"a line of words\n" * 80_000, "notes.txt")
    refusal = refused(lambda: make.post(place, media_ids=[large]))
    assert refusal.code == "LEVEL_TOO_LOW"
    assert "1" in sentence(refusal)
    set_level(place, 2)
    make.post(place, media_ids=[film, large])


def test_an_edit_is_judged_by_what_it_adds(make: Make, place: Place) -> None:
    set_level(place, 2)
    pictures = [upload(place.ann, make.picture()) for _number in range(3)]
    post_id = make.post(place, media_ids=pictures[:2])
    set_level(place, 1)
    operations.edit_post(place.ann, post_id, body="换一句话")
    operations.edit_post(place.ann, post_id, media_ids=[pictures[1], pictures[0]])
    refusal = refused(lambda: operations.edit_post(place.ann, post_id, media_ids=pictures))
    assert refusal.code == "LEVEL_TOO_LOW"
    refused(lambda: operations.edit_post(place.ann, post_id, media_ids=[pictures[0], pictures[2]]))
    operations.edit_post(place.ann, post_id, media_ids=[pictures[2]])  # one for another
    assert len(queries.get_post(place.ann, post_id).media) == 1


# ---- planned ---------------------------------------------------------------------------------------------------


def test_a_plan_is_judged_when_it_is_made_and_again_when_it_fires(make: Make, place: Place) -> None:
    set_level(place, 2)
    pictures = [upload(place.ann, make.picture()) for _number in range(2)]
    with clock.at(NOON):
        at = Plan(NOON + timedelta(hours=1))
        content = DraftContent.of(body="早", media_ids=pictures)
        draft_id = operations.new_draft(place.ann, place.slug, content, plan=at).id
        set_level(place, 1)
        other = DraftContent.of(body="晚", media_ids=pictures)
        assert refused(lambda: operations.new_draft(place.ann, place.slug, other, plan=at)).code == "LEVEL_TOO_LOW"
    with clock.at(NOON + timedelta(hours=1)):
        assert operations.publish_planned(draft_id) is None
    draft = queries.get_draft(place.ann, draft_id)
    assert (draft.failure, draft.publish_at) == ("LEVEL_TOO_LOW", None)
    assert len(str(draft.failure_sentence)) > 10
    assert count(Post) == 0


def test_a_plan_on_a_full_day_stays_a_draft_and_says_why(make: Make, place: Place) -> None:
    with clock.at(NOON):
        at = Plan(NOON + timedelta(hours=1))
        draft_id = operations.new_draft(place.ann, place.slug, DraftContent.of(body="晚安"), plan=at).id
        make.post(place)
        make.post(place)
    with clock.at(NOON + timedelta(hours=1)):
        assert operations.publish_planned(draft_id) is None
    draft = queries.get_draft(place.ann, draft_id)
    assert (draft.body, draft.failure) == ("晚安", "DAILY_LIMIT")
    with clock.at(NOON + timedelta(days=1)):
        operations.publish_draft(place.ann, draft_id)


# ---- pages and API ---------------------------------------------------------------------------------------------


def test_the_form_comes_back_with_the_words_and_the_reason(make: Make, place: Place, browser: Any) -> None:
    ann = browser(place.users["ann"])
    files = [(BytesIO(make.picture()), f"{n}.png") for n in range(2)]
    answer = ann.post(f"/{place.slug}/posts", {"body": "两张照片", "images": files})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "两张照片" in page
    assert "新芽" in page
    film = (BytesIO(samples.mp4(seconds=2)), "film.mp4")
    assert ann.post(f"/{place.slug}/posts", {"body": "一段", "video": film}).status_code == 422
    for _number in range(2):
        make.post(place)
    full = ann.post(f"/{place.slug}/posts", {"body": "第三条"})
    assert full.status_code == 422
    assert "第三条" in full.get_data(as_text=True)
    assert count(Post) == 2


def test_the_composer_shows_what_the_level_allows(make: Make, place: Place, browser: Any) -> None:
    ann = browser(place.users["ann"])
    page = ann.get(f"/{place.slug}/posts/new").get_data(as_text=True)
    assert 'data-limit="1"' in page
    assert 'data-pick="video"' not in page
    assert 'name="video"' not in page
    assert "新芽" in page
    assert "composer-limits" in page
    for _number in range(2):
        make.post(place)
    assert 'data-tone="warn"' in ann.get(f"/{place.slug}/posts/new").get_data(as_text=True)
    moderator = browser(place.users["mod"]).get(f"/{place.slug}/posts/new").get_data(as_text=True)
    assert 'data-limit="9"' in moderator
    assert 'data-pick="video"' in moderator
    assert "composer-limits" not in moderator


def test_the_usual_levels_stay_out_of_the_way(make: Make, browser: Any) -> None:
    place = make.place()
    page = browser(place.users["ann"]).get(f"/{place.slug}/posts/new").get_data(as_text=True)
    assert 'data-limit="9"' in page
    assert 'data-pick="video"' in page
    assert "composer-limits" not in page


def test_only_a_limited_composer_costs_a_statement_more(place: Place, browser: Any, statements: list[str]) -> None:
    costs = {}
    for name in ("ann", "mod"):
        somebody = browser(place.users[name])
        somebody.get(f"/{place.slug}/posts/new")
        statements.clear()
        somebody.get(f"/{place.slug}/posts/new")
        costs[name] = len(statements)
    assert costs["ann"] == costs["mod"] + 1


def test_the_api_names_the_rule_and_the_field(make: Make, place: Place, api: Any) -> None:
    ann = api(place.users["ann"])
    pictures = [str(upload(place.ann, make.picture())) for _number in range(2)]
    refusal = ann.post(f"/circles/{place.slug}/posts", {"body": "早", "media_ids": pictures})
    assert (refusal.status_code, refusal.json["code"]) == (422, "LEVEL_TOO_LOW")
    assert list(refusal.json["errors"]) == ["media_ids"]
    for _number in range(2):
        assert ann.post(f"/circles/{place.slug}/posts", {"body": "早"}).status_code == 201
    assert ann.post(f"/circles/{place.slug}/posts", {"body": "早"}).json["code"] == "DAILY_LIMIT"


@pytest.mark.parametrize("levels", [
    [{"name": "", "growth_min": 0, "privileges": {"images_per_post": 99, "posts_per_day": 10**9, "upload_mb": 10**9}}],
    [{"name": "", "growth_min": 0}],
    [{"name": "", "growth_min": 0, "privileges": {"posts_per_day": None, "can_video": None}}],
])  # fmt: skip
def test_levels_that_allow_more_than_the_site_change_nothing(
    make: Make, place: Place, browser: Any, levels: list[dict[str, Any]]
) -> None:
    set_levels(place, levels)
    make.post(place, media_ids=[upload(place.ann, make.picture())])
    page = browser(place.users["ann"]).get(f"/{place.slug}/posts/new").get_data(as_text=True)
    assert 'data-limit="9"' in page


# ---- badges ----------------------------------------------------------------------------------------------------


def test_authors_carry_their_level_wherever_they_stand(make: Make, place: Place, api: Any, browser: Any) -> None:
    set_level(place, 2)
    post_id = make.post(place)
    operations.write_comment(place.bob, post_id, body="早")
    tag = {"level": 2, "name": "新芽"}
    bob = api(place.users["bob"])
    post = bob.get(f"/posts/{post_id}").json
    assert post["author"]["level"] == tag
    assert bob.get(f"/circles/{place.slug}/feed").json["items"][0]["author"]["level"] == tag
    assert bob.get(f"/posts/{post_id}/comments").json["items"][0]["author"]["level"] == {"level": 1, "name": "种子"}
    members = {row["user"]["nickname"]: row for row in bob.get(f"/circles/{place.slug}/members").json["items"]}
    ann = members[place.users["ann"].nickname]
    assert (ann["level"], ann["user"]["level"]) == (2, tag)
    assert "points" not in ann
    for page in (f"/{place.slug}", f"/{place.slug}/posts/{post_id}", f"/{place.slug}/members"):
        html = browser(place.users["bob"]).get(page).get_data(as_text=True)
        assert '<span class="badge" data-level="vip">新芽</span>' in html, page
    post_page = browser().get(f"/{place.slug}/posts/{post_id}").get_data(as_text=True)
    assert '<span class="badge" data-level="plain">种子</span>' in post_page
    front = browser().get(f"/{place.slug}").get_data(as_text=True)
    assert 'data-level="plain"' not in front  # under a card there is no room for the lowest
    set_level(place, 2, "bob")
    assert browser().get(f"/{place.slug}").get_data(as_text=True).count('data-level="vip">新芽') == 2


def test_a_drawing_of_the_old_level_is_not_shown_again(make: Make, place: Place, browser: Any) -> None:
    make.post(place)
    client = browser(place.users["bob"])
    assert 'data-level="vip"' not in client.get(f"/{place.slug}").get_data(as_text=True)
    set_level(place, 2)
    assert 'data-level="vip">新芽' in client.get(f"/{place.slug}").get_data(as_text=True)
    set_levels(place, [LEVELS[0], LEVELS[1] | {"name": "<b>老友</b>会员"}])
    page = client.get(f"/{place.slug}").get_data(as_text=True)
    assert 'data-level="vip">&lt;b&gt;老友&lt;/b&gt;<' in page


def test_the_owner_is_the_owner_and_a_moderator_shows_both(make: Make, place: Place, browser: Any) -> None:
    make.post(place, "owner")
    make.post(place, "mod")
    page = browser().get(f"/{place.slug}").get_data(as_text=True)
    assert 'data-level="moderator"' in page
    assert page.count('data-level="plain">种子') == 1
