"""Who is named in a post or comment, which topics a text is marked with, and what becomes of both later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from circle.access import SYSTEM, Actor
from circle.accounts.models import Block, User
from circle.accounts.operations import change_username
from circle.accounts.queries import get_user_named
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound, Refused
from circle.core.events import Event
from circle.core.jobs import run_due
from circle.core.operation import operation
from circle.posts import events, operations, queries
from circle.posts.models import Comment, Mention, Post
from circle.topics import operations as topics
from tests.factories import Make, Place, actor_of


@pytest.fixture
def place(make: Make) -> Place:
    return make.place()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """The facts that were stated, in order."""
    told: list[Event] = []

    def note(event: Event) -> tuple[Any, ...]:
        told.append(event)
        return reactions_to(event)

    from circle.core import operation as kernel

    reactions_to = kernel.reactions_to
    monkeypatch.setattr(kernel, "reactions_to", note)
    return told


def join(make: Make, place: Place, name: str, **values: Any) -> User:
    return make.member(place.circle, user=make.user(name, **values))


def html_of(post_id: int) -> str:
    db.session.expire_all()
    return db.session.get_one(Post, post_id).body_html


def named(kind: str, id_: int) -> dict[int, str]:
    rows = select(Mention.user_id, Mention.written).where(Mention.target_type == kind, Mention.target_id == id_)
    return {row.user_id: row.written for row in db.session.execute(rows)}


def link(name: str, shown: str | None = None) -> str:
    return f'<a class="mention" href="/@{name}" rel="nofollow ugc noopener">@{shown or name}</a>'


# ---- whom a text names -------------------------------------------------------------------------------------------


def test_a_name_is_found_inside_of_chinese_text(make: Make, place: Place) -> None:
    wenyan = join(make, place, "文燕")
    post_id = operations.publish_post(place.ann, place.slug, body="谢谢@文燕的分享")
    assert html_of(post_id) == f"<p>谢谢{link('文燕')}的分享</p>"
    assert named("post", post_id) == {wenyan.id: "文燕"}


def test_the_longest_name_that_somebody_has_is_meant(make: Make, place: Place) -> None:
    short, long = join(make, place, "文燕"), join(make, place, "文燕燕")
    post_id = operations.publish_post(place.ann, place.slug, body="@文燕燕来了，@文燕也来了")
    assert named("post", post_id) == {long.id: "文燕燕", short.id: "文燕"}


def test_case_and_width_do_not_matter_but_look_alikes_do(make: Make, place: Place) -> None:
    alice = join(make, place, "Alice")
    post_id = operations.publish_post(place.ann, place.slug, body="@ALICE @ａｌｉｃｅ @a1ice")
    assert html_of(post_id) == f"<p>{link('Alice')} {link('Alice')} @a1ice</p>"
    assert named("post", post_id) == {alice.id: "ALICE"}


@pytest.mark.parametrize(
    "body",
    [
        "`@alice`",
        "```\n@alice\n```",
        "[@alice](https://example.com)",
        "to@alice.example",
        "<me@alice.example>",
        "https://example.com/@alice",
        "\\@alice",
        "@alicex",
        "@alice-x",
    ],
)
def test_code_links_addresses_and_longer_words_name_nobody(make: Make, place: Place, body: str) -> None:
    join(make, place, "alice")
    post_id = operations.publish_post(place.ann, place.slug, body=body)
    assert 'class="mention"' not in html_of(post_id)
    assert named("post", post_id) == {}


def test_only_active_members_of_the_circle_are_named(make: Make, place: Place) -> None:
    make.user("outside")
    gone, banned = join(make, place, "wentaway"), join(make, place, "kickedout")
    circles.leave_circle(actor_of(gone), place.slug)
    circles.ban_member(SYSTEM, place.slug, banned.id)
    join(make, place, "deletedone", status="deleted")
    post_id = operations.publish_post(place.ann, place.slug, body="@outside @wentaway @kickedout @deletedone")
    assert html_of(post_id) == "<p>@outside @wentaway @kickedout @deletedone</p>"


@operation
def block(blocker: Actor, blocked: Actor) -> None:
    db.session.add(Block(blocker_id=blocker.person_id, blocked_id=blocked.person_id))


def test_people_who_blocked_each_other_do_not_name_each_other(make: Make, place: Place) -> None:
    block(place.bob, place.ann)
    body = f"@{place.users['bob'].username} @{place.users['ann'].username}"
    for writer in ("ann", "bob"):
        post_id = make.post(place, writer, body=body)
        assert list(named("post", post_id)) == [place.users[writer].id]


def test_the_eleventh_person_stays_plain_text(make: Make, place: Place) -> None:
    people = [join(make, place, f"fan{'abcdefghjkmn'[number]}") for number in range(12)]
    body = " ".join(f"@{person.username}" for person in people) + f" @{people[0].username}"
    post_id = operations.publish_post(place.ann, place.slug, body=body)
    assert set(named("post", post_id)) == {person.id for person in people[:10]}
    assert html_of(post_id).count('class="mention"') == 11
    assert html_of(post_id).endswith(f"@fanm @fann {link('fana')}</p>")


def test_a_text_without_signs_costs_no_statement(make: Make, place: Place, statements: list[str]) -> None:
    post_id = make.post(place)
    bob = place.bob

    def cost(body: str) -> int:
        statements.clear()
        operations.write_comment(bob, post_id, body=body)
        return len(statements)

    cost("warm")
    plain = cost("真好")
    assert cost("@nobody") == plain + 2  # where it is, and who that is
    assert not any("mentions" in sql for sql in statements)


# ---- what is told ------------------------------------------------------------------------------------------------


def test_the_facts_name_the_people_once_and_never_the_author(make: Make, place: Place, heard: list[Event]) -> None:
    bob, ann = place.users["bob"], place.users["ann"]
    post_id = make.post(place, "ann", body=f"@{bob.username} @{bob.username} @{ann.username}")
    told = next(event for event in heard if isinstance(event, events.PostPublished))
    assert told.mentioned == (bob.id,)
    assert told.excerpt.startswith(f"@{bob.username}")
    heard.clear()
    comment_id = operations.write_comment(place.ann, post_id, body=f"@{bob.username}")
    said = next(event for event in heard if isinstance(event, events.CommentPublished))
    assert said.mentioned == (bob.id,)
    assert named("comment", comment_id) == {bob.id: bob.username}


def test_an_edit_tells_only_who_was_not_named_before(make: Make, place: Place, heard: list[Event]) -> None:
    bob, mod = place.users["bob"], place.users["mod"]
    post_id = make.post(place, "ann", body=f"@{bob.username}")
    comment_id = operations.write_comment(place.ann, post_id, body=f"@{bob.username}")
    heard.clear()
    operations.edit_post(place.ann, post_id, body=f"@{bob.username} @{mod.username}!")
    operations.edit_comment(place.ann, comment_id, body=f"@{mod.username}")
    told = [event for event in heard if isinstance(event, events.PeopleMentioned)]
    assert [(event.post_id, event.comment_id, event.user_ids) for event in told] == [
        (post_id, None, (mod.id,)),
        (post_id, comment_id, (mod.id,)),
    ]
    assert set(named("post", post_id)) == {bob.id, mod.id}
    assert set(named("comment", comment_id)) == {mod.id}
    heard.clear()
    operations.edit_post(place.ann, post_id, body=f"again @{bob.username} @{mod.username}")
    operations.edit_post(place.ann, post_id, title="only the title")
    assert not [event for event in heard if isinstance(event, events.PeopleMentioned)]


def test_what_is_deleted_names_nobody(make: Make, place: Place) -> None:
    post_id = make.post(place, "ann", body=f"@{place.users['bob'].username}")
    comment_id = operations.write_comment(place.ann, post_id, body=f"@{place.users['bob'].username}")
    operations.delete_comment(place.ann, comment_id)
    assert named("comment", comment_id) == {}
    operations.delete_post(place.ann, post_id)
    assert named("post", post_id) == {}


# ---- topics ------------------------------------------------------------------------------------------------------


def topics_of(post_id: int, place: Place) -> list[str]:
    return [topic.title for topic in queries.get_post(place.ann, post_id).topics]


def test_a_marked_topic_is_linked_and_the_post_stands_in_it(place: Place) -> None:
    topics.create_topic(place.owner, place.slug, title="早安打卡", slug="morning")
    post_id = operations.publish_post(place.ann, place.slug, body="看#早安打卡#吧，也看#没有这个#")
    path = f"/{place.slug}/topics/morning"
    assert html_of(post_id) == (
        f'<p>看<a class="hashtag" href="{path}" rel="nofollow ugc noopener">#早安打卡#</a>吧，也看#没有这个#</p>'
    )
    assert topics_of(post_id, place) == ["早安打卡"]


def test_a_fourth_topic_is_a_link_only(place: Place) -> None:
    ids = [topics.create_topic(place.owner, place.slug, title=f"话题{number}") for number in "一二三四"]
    post_id = operations.publish_post(
        place.ann, place.slug, body="#话题四# #话题二# #话题三# #话题一#", topic_ids=[ids[0]]
    )
    assert sorted(topics_of(post_id, place)) == sorted(["话题一", "话题二", "话题四"])
    assert html_of(post_id).count('class="hashtag"') == 4


def test_a_closed_topic_is_linked_but_takes_no_posts(place: Place) -> None:
    topic_id = topics.create_topic(place.owner, place.slug, title="往事")
    topics.update_topic(place.owner, topic_id, status="archived")
    post_id = operations.publish_post(place.ann, place.slug, body="#往事#")
    assert 'class="hashtag"' in html_of(post_id)
    assert topics_of(post_id, place) == []


def test_an_edit_adds_what_is_newly_marked_and_keeps_what_was_chosen(place: Place) -> None:
    first = topics.create_topic(place.owner, place.slug, title="话题一")
    topics.create_topic(place.owner, place.slug, title="Book Club")
    post_id = operations.publish_post(place.ann, place.slug, body="早安", topic_ids=[first])
    operations.edit_post(place.ann, post_id, body="早安 #book club#")
    assert sorted(topics_of(post_id, place)) == ["Book Club", "话题一"]
    assert "#Book Club#" in html_of(post_id)


def test_a_comment_links_topics_too(make: Make, place: Place) -> None:
    topics.create_topic(place.owner, place.slug, title="早安打卡")
    comment_id = operations.write_comment(place.ann, make.post(place), body="见#早安打卡#")
    assert 'class="hashtag"' in db.session.get_one(Comment, comment_id).body_html


# ---- another name ------------------------------------------------------------------------------------------------


def test_a_new_name_shows_everywhere_the_old_one_was_written(make: Make, place: Place) -> None:
    wenyan = join(make, place, "文燕")
    body = "谢谢@文燕的分享，@文燕ok `@文燕`"
    post_id = operations.publish_post(place.ann, place.slug, body=body)
    comment_id = operations.write_comment(place.bob, post_id, body="@文燕 好")
    change_username(actor_of(wenyan), "alice")
    run_due()
    db.session.expire_all()
    post, comment = db.session.get_one(Post, post_id), db.session.get_one(Comment, comment_id)
    assert post.body == "谢谢@alice的分享，@alice ok `@文燕`"
    assert post.body_html == f"<p>谢谢{link('alice')}的分享，{link('alice')} ok <code>@文燕</code></p>"
    assert post.excerpt.startswith("谢谢@alice的分享")
    assert post.version == 1
    assert comment.body == "@alice 好"
    assert named("post", post_id) == {wenyan.id: "alice"}


def test_renaming_twice_is_renaming_once(make: Make, place: Place) -> None:
    wenyan = join(make, place, "文燕")
    post_id = operations.publish_post(place.ann, place.slug, body="@文燕")
    change_username(actor_of(wenyan), "alice")
    run_due()
    before = html_of(post_id)
    operations.renew_mention(wenyan.id, "post", post_id)
    assert html_of(post_id) == before == f"<p>{link('alice')}</p>"


def test_a_text_that_would_grow_too_long_keeps_the_old_name_in_its_source(make: Make, place: Place) -> None:
    short = join(make, place, "ab")
    body = "@ab " + "长" * 9_996
    post_id = operations.publish_post(place.ann, place.slug, body=body)
    change_username(actor_of(short), "a-much-longer-name")
    run_due()
    db.session.expire_all()
    assert db.session.get_one(Post, post_id).body == body
    assert html_of(post_id).startswith(f"<p>{link('a-much-longer-name')} 长")
    operations.edit_post(place.ann, post_id, body="@ab 还在")
    assert named("post", post_id) == {short.id: "ab"}


def test_the_old_name_means_the_same_person_for_a_while_and_nobody_else_gets_it(make: Make, place: Place) -> None:
    wenyan = join(make, place, "文燕")
    change_username(actor_of(wenyan), "alice")
    post_id = operations.publish_post(place.ann, place.slug, body="谢谢@文燕的分享")
    assert html_of(post_id) == f"<p>谢谢{link('alice')}的分享</p>"
    assert get_user_named(place.ann, "文燕").username == "alice"
    with pytest.raises(Refused, match="USERNAME_TAKEN"):
        change_username(place.bob, "文燕")
    with clock.at(clock.now() + timedelta(days=31)):
        with pytest.raises(NotFound):
            get_user_named(place.ann, "文燕")
        change_username(place.bob, "文燕")
        assert get_user_named(place.ann, "文燕").id == place.bob.id


def test_who_takes_a_name_that_became_free_is_not_meant_by_what_was_written_before(make: Make, place: Place) -> None:
    wenyan = join(make, place, "文燕")
    post_id = operations.publish_post(place.ann, place.slug, body="谢谢@文燕的分享")
    change_username(actor_of(wenyan), "alice")
    with clock.at(clock.now() + timedelta(days=31)):  # and no worker ran in all that time
        change_username(place.bob, "文燕")
        assert named("post", post_id) == {wenyan.id: "文燕"}
        operations.edit_post(place.ann, post_id, body="还是谢谢@文燕的分享")
        assert html_of(post_id) == f"<p>还是谢谢{link('alice')}的分享</p>"
        new = operations.publish_post(place.ann, place.slug, body="谢谢@文燕的分享")
        assert named("post", new) == {place.bob.id: "文燕"}
        run_due()
    assert html_of(post_id) == f"<p>还是谢谢{link('alice')}的分享</p>"
    assert named("post", post_id) == {wenyan.id: "alice"}
    assert html_of(new) == f"<p>谢谢{link('文燕')}的分享</p>"


def test_who_is_gone_is_no_longer_linked(make: Make, place: Place) -> None:
    wenyan = join(make, place, "文燕")
    post_id = operations.publish_post(place.ann, place.slug, body=f"@文燕 @{place.users['bob'].username}")

    @operation
    def delete_account() -> None:
        db.session.get_one(User, wenyan.id).status = "deleted"

    delete_account()
    operations.renew_mention(wenyan.id, "post", post_id)
    bob = place.users["bob"]
    assert html_of(post_id) == f"<p>@文燕 {link(bob.username)}</p>"
    assert list(named("post", post_id)) == [bob.id]
