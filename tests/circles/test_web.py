"""The pages of circles: as a browser without JavaScript meets them."""

import re
from html import unescape

import pytest

from circle.circles import operations as circles
from circle.circles import queries
from tests.factories import SYSTEM, Make, Place, actor_of

NEW = {"name": "早安读写圈", "slug": "morning", "visibility": "public", "join_mode": "open", "tz": "Asia/Shanghai"}


def text_of(response) -> str:
    return unescape(response.get_data(as_text=True))


def status_of(place: Place, name: str) -> str:
    return queries.standing_of_user(place.circle.id, place.users[name].id).status


# ---- founding ------------------------------------------------------------------------------------------------


def test_a_circle_is_founded_with_a_form(make: Make, browser) -> None:
    ann = browser(make.user())
    assert 'name="slug"' in text_of(ann.get("/circles/new"))
    answer = ann.post("/circles/new", {**NEW, "questions": ["", "为什么想来？", " "]})
    assert (answer.status_code, answer.location) == (303, "/morning/manage/settings")
    assert queries.get_circle(SYSTEM, "morning").questions == ["为什么想来？"]
    assert "早安读写圈" in text_of(ann.get("/morning/manage/settings"))


def test_a_form_with_errors_comes_back_with_what_was_typed(make: Make, browser) -> None:
    make.circle(slug="taken-one")
    answer = browser(make.user()).post("/circles/new", {**NEW, "slug": "taken-one", "intro": "每天 <b>一段</b>"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert (
        'value="taken-one"' in page and "&lt;b&gt;一段" in page and 'role="alert"' in page and 'id="slug-error"' in page
    )


def test_a_taken_address_comes_back_and_may_be_corrected_under_the_same_once(make: Make, browser) -> None:
    make.circle(slug="taken-one")
    ann, form = browser(make.user()), {**NEW, "once": "o" * 24}
    assert ann.post("/circles/new", {**form, "slug": "taken-one"}).status_code == 422  # the insert itself fails
    assert ann.post("/circles/new", form).location == "/morning/manage/settings"


def test_a_visitor_is_sent_to_sign_in_and_back(browser) -> None:
    answer = browser().get("/circles/new")
    assert answer.status_code == 303 and answer.location.startswith("/login?next=")


@pytest.mark.parametrize("text", ["\x00", "\ud800", "x" * 10_000, "\u202egnp", "<script>alert(1)</script>"])
def test_hostile_text_in_forms_is_answered_clearly(make: Make, browser, text: str) -> None:
    place = make.place(join_mode="application", questions=["Why?"])
    owner, guest, ann = browser(place.owner_user), browser(make.user()), place.users["ann"].id
    text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    members = f"/{place.slug}/manage/members"
    for who, path, data in (
        (owner, "/circles/new", {**NEW, "name": text, "slug": text, "tz": text}),
        (owner, f"/{place.slug}/manage/settings", {**NEW, "slug": place.slug, "intro": text, "version": text}),
        (guest, f"/{place.slug}/join", {"answers": [text, text], "invite": text, "passphrase": text}),
        (owner, f"{members}/{ann}/mute", {"duration_s": text, "reason": text}),
        (owner, f"{members}/{ann}/role", {"role": text, "next": text}),
        (owner, f"/{place.slug}/manage/invites", {"max_uses": text, "expires_in_days": text}),
    ):
        assert who.post(path, data).status_code in {303, 422}, path
    for path in (members, f"/{place.slug}/members"):
        assert owner.get(path, query_string={"q": text, "role": text, "status": text}).status_code == 200


# ---- the cover -----------------------------------------------------------------------------------------------


def test_a_stranger_sees_the_cover_of_a_private_circle_and_nothing_inside(make: Make, browser) -> None:
    place = make.place(visibility="private", name="静读", intro="每月一本")
    for who in (browser(), browser(make.user())):
        page = text_of(who.get(f"/{place.slug}/about"))
        assert "静读" in page and "每月一本" in page
        assert f"/{place.slug}/members" not in page
        assert who.get(f"/{place.slug}/members").status_code == 404
    assert browser().get("/nowhere/about").status_code == 404


def test_one_tap_joins_an_open_circle(make: Make, browser) -> None:
    circle, user = make.circle(), make.user()
    ann = browser(user)
    assert f'action="/{circle.slug}/join"' in text_of(ann.get(f"/{circle.slug}/about"))
    answer = ann.post(f"/{circle.slug}/join")
    assert (answer.status_code, answer.location) == (303, f"/{circle.slug}")
    assert ann.post(f"/{circle.slug}/join").status_code == 303
    assert f'action="/{circle.slug}/leave"' in text_of(ann.get(f"/{circle.slug}/about"))
    assert ann.post(f"/{circle.slug}/leave").location == f"/{circle.slug}/about"
    assert queries.standing_of(actor_of(user), circle.id).status == "left"


def test_a_visitor_who_wants_to_join_signs_in_first(make: Make, browser) -> None:
    circle = make.circle()
    assert f"/login?next=/{circle.slug}/about" in text_of(browser().get(f"/{circle.slug}/about"))
    assert browser().post(f"/{circle.slug}/join").location.startswith("/login")


def test_a_wrong_passphrase_shows_the_form_again_without_it(make: Make, browser) -> None:
    circle, ann = make.circle(join_mode="passphrase", passphrase="dawn"), browser(make.user())
    answer = ann.post(f"/{circle.slug}/join", {"passphrase": "dusk-try"})
    assert answer.status_code == 422
    assert 'id="passphrase-error"' in text_of(answer) and "dusk-try" not in text_of(answer)
    assert ann.post(f"/{circle.slug}/join", {"passphrase": "dawn"}).location == f"/{circle.slug}"


def test_an_applicant_answers_waits_and_may_take_it_back(make: Make, browser) -> None:
    place = make.place(join_mode="application", questions=["Why?", "Since when?"])
    guest = browser(make.user())
    short = guest.post(f"/{place.slug}/join", {"answers": ["because", ""]})
    assert short.status_code == 422 and "because" in text_of(short)
    assert guest.post(f"/{place.slug}/join", {"answers": ["because", "spring"]}).location == f"/{place.slug}/about"
    assert f'action="/{place.slug}/withdraw"' in text_of(guest.get(f"/{place.slug}/about"))
    assert guest.post(f"/{place.slug}/withdraw").status_code == 303
    assert f'action="/{place.slug}/join"' in text_of(guest.get(f"/{place.slug}/about"))


def test_a_banned_person_is_told_and_offered_nothing(make: Make, browser) -> None:
    place = make.place()
    circles.ban_member(place.owner, place.slug, place.users["ann"].id)
    ann = browser(place.users["ann"])
    page = text_of(ann.get(f"/{place.slug}/about"))
    assert f'action="/{place.slug}/join"' not in page and f'action="/{place.slug}/leave"' not in page
    assert ann.post(f"/{place.slug}/join").status_code == 403


def test_the_owner_is_told_to_hand_over_before_leaving(make: Make, browser) -> None:
    place = make.place()
    owner = browser(place.owner_user)
    assert f'action="/{place.slug}/leave"' not in text_of(owner.get(f"/{place.slug}/about"))
    assert owner.post(f"/{place.slug}/leave").status_code == 422


def test_an_invitation_shows_the_cover_and_lets_in(make: Make, browser) -> None:
    circle = make.circle(join_mode="invite", visibility="private", name="静读")
    invite = queries.get_invite(SYSTEM, circles.create_invite(SYSTEM, circle.slug, max_uses=1))
    assert "静读" in text_of(browser().get(invite.url))
    ann, bob = browser(make.user()), browser(make.user())
    page = text_of(ann.get(invite.url))
    assert f'name="invite" value="{invite.token}"' in page
    assert ann.post(f"/{circle.slug}/join", {"invite": invite.token}).location == f"/{circle.slug}"
    late = bob.get(invite.url)
    assert late.status_code == 200 and 'name="invite"' not in text_of(late)
    assert bob.post(f"/{circle.slug}/join", {"invite": invite.token}).status_code == 422
    for token in ("nonsense", "%00", "%F0%9F%98%80", "x" * 300):
        assert bob.get(f"/{circle.slug}/invite/{token}").status_code == 200


def test_a_form_without_its_token_does_nothing(make: Make, browser) -> None:
    circle, user = make.circle(), make.user()
    assert browser(user).http.post(f"/{circle.slug}/join").status_code == 400
    assert queries.standing_of(actor_of(user), circle.id).status == "none"


# ---- members -------------------------------------------------------------------------------------------------


def test_members_are_listed_searched_and_read_on(make: Make, browser) -> None:
    circle = make.circle()
    for number in range(24):
        make.member(circle, user=make.user(f"reader{number}", nickname=f"读者{number}"))
    page = text_of(browser().get(f"/{circle.slug}/members"))
    assert page.count('class="member"') == 20
    more = re.search(r'href="(/[^"]+cursor=[^"]+)"', page)
    assert more is not None
    rest = browser().get(more[1], headers={"HX-Request": "true"})
    assert text_of(rest).count('class="member"') == 5 and "<html" not in text_of(rest)
    assert text_of(browser().get(f"/{circle.slug}/members?q=读者23")).count('class="member"') == 1
    assert text_of(browser().get(f"/{circle.slug}/members?role=owner")).count('class="member"') == 1
    assert browser().get(f"/{circle.slug}/members?q=nobody-there").status_code == 200
    assert browser().get(f"/{circle.slug}/members?cursor=damaged").status_code == 400


# ---- the back office -----------------------------------------------------------------------------------------

PAGES = {"settings": {"owner", "admin"}, "applications": {"owner", "admin"}, "invites": {"owner", "admin"},
         "members": {"owner", "admin", "mod"}}  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_each_page_of_the_back_office_is_for_its_roles(make: Make, browser, page: str) -> None:
    place = make.place()
    people = {**place.users, "owner": place.owner_user, "stranger": make.user()}
    for name, user in people.items():
        answer = browser(user).get(f"/{place.slug}/manage/{page}")
        assert answer.status_code == (200 if name in PAGES[page] else 403), name
    assert browser().get(f"/{place.slug}/manage/{page}").location.startswith("/login")


def test_managing_begins_with_the_first_page_that_is_allowed(make: Make, browser) -> None:
    place = make.place()
    assert browser(place.users["admin"]).get(f"/{place.slug}/manage").location == f"/{place.slug}/manage/settings"
    mod = browser(place.users["mod"])
    assert mod.get(f"/{place.slug}/manage").location == f"/{place.slug}/manage/members"
    assert f"/{place.slug}/manage/settings" not in text_of(mod.get(f"/{place.slug}/manage/members"))
    assert browser(place.users["ann"]).get(f"/{place.slug}/manage").status_code == 403


def test_settings_are_saved_and_a_stale_form_is_not(make: Make, browser) -> None:
    place = make.place(intro="before", questions=["Old?"])
    owner = browser(place.owner_user)
    saved = owner.post(f"/{place.slug}/manage/settings", {**NEW, "version": "1", "accent": "indigo"})
    assert (saved.status_code, saved.location) == (303, "/morning/manage/settings")
    row = queries.get_circle(SYSTEM, "morning")
    assert (row.name, row.intro, row.accent, row.questions) == ("早安读写圈", "", "indigo", [])
    stale = owner.post("/morning/manage/settings", {**NEW, "name": "另一个名字", "version": "1"})
    assert stale.status_code == 422 and "另一个名字" in text_of(stale)
    assert queries.get_circle(SYSTEM, "morning").name == "早安读写圈"


def test_the_settings_page_never_shows_the_passphrase(make: Make, browser) -> None:
    place = make.place(join_mode="passphrase", passphrase="first-light")
    owner = browser(place.owner_user)
    assert "first-light" not in text_of(owner.get(f"/{place.slug}/manage/settings"))
    wrong = owner.post(f"/{place.slug}/manage/settings", {**NEW, "slug": "x", "passphrase": "second-light"})
    assert wrong.status_code == 422 and "second-light" not in text_of(wrong)


def test_members_are_managed_with_plain_forms(make: Make, browser) -> None:
    place = make.place()
    owner, ann = browser(place.owner_user), place.users["ann"].id
    members = f"/{place.slug}/manage/members"
    assert f'action="{members}/{ann}/ban"' in text_of(owner.get(members))

    def act(what: str, **data: str) -> None:
        answer = owner.post(f"{members}/{ann}/{what}", data)
        assert (answer.status_code, answer.location) == (303, members), what

    act("role", role="expert")
    assert queries.standing_of_user(place.circle.id, ann).role == "expert"
    act("mute", duration_s="3600", reason="慢一点")
    assert queries.standing_of_user(place.circle.id, ann).muted
    assert f'action="{members}/{ann}/unmute"' in text_of(owner.get(f"{members}?status=muted"))
    act("unmute")
    assert not queries.standing_of_user(place.circle.id, ann).muted
    act("ban", reason="广告")
    assert status_of(place, "ann") == "banned"
    assert f'action="{members}/{ann}/unban"' in text_of(owner.get(f"{members}?status=banned"))
    act("unban")
    act("remove")
    assert status_of(place, "ann") == "left"
    circles.join_circle(place.ann, place.slug)
    act_transfer = owner.post(f"{members}/{ann}/transfer")
    assert act_transfer.status_code == 303 and queries.get_circle(SYSTEM, place.slug).owner.id == ann
    assert owner.post(f"{members}/{ann}/role", {"role": "member"}).status_code == 403


def test_an_act_comes_back_to_the_list_it_was_started_from_and_nowhere_else(make: Make, browser) -> None:
    place = make.place()
    owner, ann = browser(place.owner_user), place.users["ann"].id
    path, here = f"/{place.slug}/manage/members/{ann}/unmute", f"/{place.slug}/manage/members?role=member"
    assert f'name="next" value="{here}"' in text_of(owner.get(here))
    assert owner.post(path, {"next": here}).location == here
    for wrong in ("https://evil.example", "//evil.example", "/\\evil.example"):
        assert owner.post(path, {"next": wrong}).location == f"/{place.slug}/manage/members"
    assert owner.post(path, htmx=True).headers["HX-Redirect"] == f"/{place.slug}/manage/members"


def test_a_mute_without_a_length_shows_the_list_with_the_error(make: Make, browser) -> None:
    place = make.place()
    answer = browser(place.users["mod"]).post(f"/{place.slug}/manage/members/{place.users['ann'].id}/mute")
    assert answer.status_code == 422 and 'role="alert"' in text_of(answer)


def test_applications_are_read_and_decided(make: Make, browser) -> None:
    place = make.place(join_mode="application", questions=["为什么想来？"])
    for answer in ("想写", "想读"):
        circles.join_circle(actor_of(make.user()), place.slug, answers=[answer])
    admin, path = browser(place.users["admin"]), f"/{place.slug}/manage/applications"
    page = text_of(admin.get(path))
    assert "为什么想来？" in page and page.index("想写") < page.index("想读")
    first, second = re.findall(rf'action="({path}/\d+/approve)"', page)
    assert admin.post(first).location == path
    assert admin.post(first).status_code == 303
    assert admin.post(second.replace("approve", "reject"), {"reason": "再说说"}).location == path
    assert admin.post(second).status_code == 422
    assert queries.get_circle(SYSTEM, place.slug).member_count == 6
    assert browser(place.users["mod"]).post(first).status_code == 404


def test_invitation_links_are_made_copied_and_revoked(make: Make, browser) -> None:
    place = make.place()
    admin, path = browser(place.users["admin"]), f"/{place.slug}/manage/invites"
    assert admin.post(path, {"expires_in_days": "7", "max_uses": "3"}).location == path
    page = text_of(admin.get(path))
    found = re.search(rf'data-copy="(http[^"]+/{place.slug}/invite/[\w-]+)"', page)
    assert found is not None
    revoke = re.search(rf'action="({path}/\d+/revoke)"', page)
    assert revoke is not None and admin.post(revoke[1]).location == path
    assert "data-copy=" not in text_of(admin.get(path)).split("<main")[1]
    assert admin.post(path, {"max_uses": "0"}).status_code == 422
    assert browser(place.users["mod"]).post(revoke[1]).status_code == 404


def test_the_cover_is_removed(make: Make, browser) -> None:
    place = make.place()
    assert browser(place.owner_user).post(f"/{place.slug}/manage/cover/remove").status_code == 303
    assert browser(place.users["mod"]).post(f"/{place.slug}/manage/cover/remove").status_code == 403
