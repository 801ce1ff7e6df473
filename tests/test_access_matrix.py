"""Who may: every route of the site and of the API, and what becomes of each kind of person there.

Read it as documentation: WHO says what a group of routes answers to whom, TABLE puts every route into a group.
`stranger` is signed in and owns another circle; `author` is the member whose post or comment it is about.

    ok       done (2xx, or a redirect onwards)
    sign-in  a page sends to /login (and comes back); the API answers 401
    no       403, and in the API `MUTED` and `BANNED` by their codes
    hidden   404: as if it were not there
    cover    a private circle's home shows strangers its cover
    refused  422: may in general, but not with one's own words

Whatever is refused must have written nothing. Where the group has a line `(private)`, that is what a private circle
answers; a route about a circle is tried in both kinds.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from circle.core.db import db
from tests.clients import outside
from tests.conftest import Engine
from tests.factories import PASSWORD
from tests.witness import witness
from tests.world import ROLES, World, own_world, shared_world

GROUPS = """
                            visitor  stranger  banned   muted   member   expert   author   moderator  admin    owner
anyone                      ok       ok        ok       ok      ok       ok       ok       ok         ok       ok
signed in                   sign-in  ok        ok       ok      ok       ok       ok       ok         ok       ok
blocker                     sign-in  ok        ok       ok      ok       ok       refused  ok         ok       ok
who can go                  sign-in  refused   ok       ok      ok       ok       ok       ok         ok       refused
home                        ok       ok        ok       ok      ok       ok       ok       ok         ok       ok
home (private)              cover    cover     cover    ok      ok       ok       ok       ok         ok       ok
reader                      ok       ok        ok       ok      ok       ok       ok       ok         ok       ok
reader (private)            hidden   hidden    hidden   ok      ok       ok       ok       ok         ok       ok
reader, of hidden           hidden   hidden    hidden   hidden  hidden   hidden   ok       ok         ok       ok
joiner                      sign-in  ok        BANNED   ok      ok       ok       ok       ok         ok       ok
leaver                      sign-in  ok        ok       ok      ok       ok       ok       ok         ok       refused
who was here                sign-in  hidden    ok       ok      ok       ok       ok       ok         ok       ok
speaker                     sign-in  no        BANNED   MUTED   ok       ok       ok       ok         ok       ok
speaker (private)           sign-in  hidden    hidden   MUTED   ok       ok       ok       ok         ok       ok
liker                       sign-in  no        BANNED   ok      ok       ok       refused  ok         ok       ok
liker (private)             sign-in  hidden    hidden   ok      ok       ok       refused  ok         ok       ok
voter                       sign-in  no        BANNED   MUTED   ok       ok       refused  ok         ok       ok
voter (private)             sign-in  hidden    hidden   MUTED   ok       ok       refused  ok         ok       ok
follower                    sign-in  no        BANNED   ok      ok       ok       ok       ok         ok       ok
follower (private)          sign-in  hidden    hidden   ok      ok       ok       ok       ok         ok       ok
taking part                 sign-in  refused   refused  ok      ok       ok       ok       ok         ok       ok
taking part (private)       sign-in  hidden    hidden   ok      ok       ok       ok       ok         ok       ok
keeper                      sign-in  ok        ok       ok      ok       ok       ok       ok         ok       ok
keeper (private)            sign-in  hidden    hidden   ok      ok       ok       ok       ok         ok       ok
editor of it                sign-in  hidden    hidden   hidden  hidden   hidden   ok       ok         ok       ok
anyone, in public           ok       ok        ok       ok      ok       ok       ok       ok         ok       ok
anyone, in public (private) hidden   hidden    hidden   hidden  hidden   hidden   hidden   hidden     hidden   hidden
its author                  sign-in  no        BANNED   MUTED   no       no       ok       no         no       no
its author (private)        sign-in  hidden    hidden   MUTED   no       no       ok       no         no       no
asker                       sign-in  no        BANNED   MUTED   NOT_ASKER NOT_ASKER ok   NOT_ASKER NOT_ASKER NOT_ASKER
asker (private)             sign-in  hidden    hidden   MUTED   NOT_ASKER NOT_ASKER ok   NOT_ASKER NOT_ASKER NOT_ASKER
its uploader                sign-in  hidden    hidden   hidden  hidden   hidden   ok       hidden     hidden   hidden
who was asked               sign-in  hidden    hidden   hidden  hidden   ok       hidden   ok         ok       ok
who was told                sign-in  hidden    hidden   hidden  hidden   hidden   ok       hidden     hidden   hidden
opener                      sign-in  no        BANNED   LEVEL_TOO_LOW LEVEL_TOO_LOW LEVEL_TOO_LOW LEVEL_TOO_LOW ok ok ok
opener (private)            sign-in  hidden    hidden   LEVEL_TOO_LOW LEVEL_TOO_LOW LEVEL_TOO_LOW LEVEL_TOO_LOW ok ok ok
closer                      sign-in  no        BANNED   no      no       no       ok       ok         ok       ok
closer (private)            sign-in  hidden    hidden   no      no       no       ok       ok         ok       ok
moderator                   sign-in  no        BANNED   no      no       no       no       ok         ok       ok
moderator (private)         sign-in  hidden    hidden   no      no       no       no       ok         ok       ok
moderator, of hidden        sign-in  hidden    hidden   hidden  hidden   hidden   no       ok         ok       ok
moderator, of people        sign-in  no        BANNED   no      no       no       no       ok         ok       ok
admin                       sign-in  no        BANNED   no      no       no       no       no         ok       ok
admin (private)             sign-in  hidden    hidden   no      no       no       no       no         ok       ok
admin, by address           sign-in  no        BANNED   no      no       no       no       no         ok       ok
admin, by id                sign-in  hidden    hidden   hidden  hidden   hidden   hidden   hidden     ok       ok
owner                       sign-in  no        BANNED   no      no       no       no       no         no       ok
"""


def read(groups: str) -> dict[str, dict[str, str]]:
    head, *lines = groups.strip().splitlines()
    columns = head.split()
    assert tuple(columns) == ROLES
    found = {}
    for line in lines:
        name, *outcomes = line[:28].strip(), *line[28:].split()
        found[name] = dict(zip(columns, outcomes, strict=True))
    return found


WHO = read(GROUPS)


@dataclass(frozen=True)
class Row:
    """One route: its address with names of `tests/world.py` in braces, its group, and what a good request sends."""

    method: str
    path: str
    who: str
    sends: dict[str, Any] = field(default_factory=dict)
    #: takes away what makes the person what they are (their sign-in, their place), so nobody may share the world
    spends: bool = False

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/v1/")

    @property
    def about_a_circle(self) -> bool:
        """Whether the answer may depend on the circle being public or private."""
        names = (
            "{slug}", "{post", "{comment", "{topic", "{hidden", "{edited", "{invite}", "{task}", "{adjustment}",
            "{question", "{other_question", "{closed_question", "{duplicate_question", "{answer", "{forming}", "{team}",
            "{campaign}", "{joined}",
            "{campaign", "{draft_campaign}",
            "{running}",
            "{reviewed}", "{record}",
        )  # fmt: skip
        return any(name in self.path for name in names)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def page(path: str, who: str) -> Row:
    return Row("GET", path, who)


def form(path: str, who: str, *, spends: bool = False, **sends: Any) -> Row:
    return Row("POST", path, who, sends, spends)


def api(method: str, path: str, who: str, *, spends: bool = False, **sends: Any) -> Row:
    return Row(method, "/api/v1" + path, who, sends, spends)


#: rows of forms whose fields have dots in their names
_RULE = {"comment.points": "1", "comment.growth": "1", "comment.daily_count_cap": "10", "comment.enabled": "1"}
#: whoever may save them saves them: what the levels allow stays, or who may do other things would depend on the order
_LEVELS = {
    "levels.0.growth_min": "0", "levels.0.privileges.can_video": "1", "levels.1.growth_min": "700",
    "levels.1.name": "熟客", "levels.1.privileges.can_video": "1", "levels.1.privileges.can_create_topic": "1",
}  # fmt: skip
_LEVELS_JSON = [{"growth_min": 0}, {"growth_min": 700, "privileges": {"can_create_topic": True}}]
TABLE = (
    # ---- accounts
    page("/login", "anyone"),
    form("/login", "anyone", username="{username}", password=PASSWORD, spends=True),
    page("/signup", "anyone"),
    form("/signup", "anyone", username="{new_name}", password=PASSWORD, agree="1", spends=True),
    form("/logout", "anyone", spends=True),
    page("/settings", "signed in"),
    page("/settings/profile", "signed in"),
    form("/settings/profile", "signed in", nickname="小安", bio="你好"),
    form("/settings/profile/avatar/remove", "signed in"),
    form("/settings/username", "signed in", username="{new_name}", spends=True),
    page("/settings/security", "signed in"),
    form("/settings/security/password", "signed in", current_password=PASSWORD, new_password="battery staple 7",
         spends=True),
    form("/settings/security/sessions/{session}/revoke", "signed in"),
    form("/settings/security/logout-all", "signed in", spends=True),
    page("/settings/appearance", "signed in"),
    form("/settings/appearance", "signed in", theme="dark"),
    page("/settings/language", "anyone"),
    form("/settings/language", "anyone", locale="en"),
    page("/settings/blocked", "signed in"),
    form("/users/{user}/block", "blocker", spends=True),
    form("/users/{user}/unblock", "signed in"),
    page("/settings/data", "signed in"),
    form("/settings/data/copy", "signed in", spends=True),
    page("/settings/data/copies/{takeout}.zip", "its uploader"),
    page("/settings/deletion", "signed in"),
    form("/settings/deletion", "who can go", current_password=PASSWORD, content="keep", spends=True),
    form("/settings/deletion/cancel", "signed in"),
    form("/settings/agree", "signed in"),
    page("/terms", "anyone"),
    page("/privacy", "anyone"),
    page("/settings/email", "signed in"),
    form("/settings/email", "signed in", email="{new_name}@example.org", current_password=PASSWORD),
    form("/settings/email/cancel", "signed in"),
    form("/settings/email/remove", "signed in", current_password=PASSWORD),
    page("/confirm/{confirm_code}", "anyone"),
    form("/confirm/{confirm_code}", "anyone"),
    page("/forgot", "anyone"),
    form("/forgot", "anyone", login="{username}"),
    page("/reset/{reset_code}", "anyone"),
    form("/reset/{reset_code}", "anyone", password="battery staple 7"),
    api("POST", "/auth/forgot", "anyone", login="{username}"),
    api("POST", "/auth/reset", "anyone", code="{reset_code}", password="battery staple 7"),
    api("POST", "/me/email", "signed in", email="{new_name}@example.org", password=PASSWORD),
    api("POST", "/me/email/confirm", "signed in", code="{own_code}"),
    api("POST", "/me/email/remove", "signed in", password=PASSWORD),
    api("POST", "/auth/register", "anyone", username="{new_name}", password=PASSWORD),
    api("POST", "/auth/login", "anyone", username="{username}", password=PASSWORD),
    api("POST", "/auth/refresh", "anyone", refresh_token="{refresh_token}"),
    api("POST", "/auth/logout", "signed in", spends=True),
    api("POST", "/auth/logout-all", "signed in", spends=True),
    api("GET", "/me", "signed in"),
    api("PATCH", "/me", "signed in", bio="你好"),
    api("POST", "/me/password", "signed in", current_password=PASSWORD, new_password="battery staple 7", spends=True),
    api("GET", "/me/sessions", "signed in"),
    api("DELETE", "/me/sessions/{session}", "signed in"),
    api("GET", "/me/blocks", "signed in"),
    api("PUT", "/users/{user}/block", "blocker", spends=True),
    api("DELETE", "/users/{user}/block", "signed in"),
    api("POST", "/me/consents", "signed in"),
    api("POST", "/me/export", "signed in", spends=True),
    api("GET", "/me/export", "its uploader"),  # only the author of this world has asked for one
    api("POST", "/me/deletion", "who can go", password=PASSWORD, keep_content=True, spends=True),
    api("DELETE", "/me/deletion", "signed in"),
    api("GET", "/users/{user}", "anyone"),
    # ---- home: the front page, oneself, others
    page("/", "anyone"),
    page("/me", "signed in"),
    page("/@{username}", "anyone"),
    page("/{slug}", "home"),
    # ---- live: a test client has no threads to spare, so nobody gets a stream here; tests/live says who does
    page("/live", "anyone"),
    page("/live/now?circle={slug}", "reader"),
    page("/live/posts?circle={slug}&since=1", "reader"),
    api("GET", "/me/live", "signed in"),
    # ---- circles: founding, coming and going
    page("/circles/new", "signed in"),
    form("/circles/new", "signed in", name="晨间写作", slug="{new_slug}"),
    page("/{slug}/about", "anyone"),
    page("/{slug}/invite/{token}", "anyone"),
    form("/{slug}/join", "joiner", spends=True),
    form("/{slug}/leave", "leaver", spends=True),
    form("/{slug}/withdraw", "signed in"),
    page("/{slug}/members", "reader"),
    api("GET", "/circles", "anyone"),
    api("POST", "/circles", "signed in", name="晨间写作", slug="{new_slug}"),
    api("GET", "/me/circles", "signed in"),
    api("GET", "/circles/{slug}", "anyone"),
    api("POST", "/circles/{slug}/join", "joiner", spends=True),
    api("POST", "/circles/{slug}/leave", "leaver", spends=True),
    api("GET", "/circles/{slug}/me", "who was here"),
    api("GET", "/circles/{slug}/members", "reader"),
    # ---- circles: running one
    page("/{slug}/manage", "moderator"),
    page("/{slug}/manage/settings", "admin"),
    form("/{slug}/manage/settings", "admin, by address", name="晨间写作", slug="{slug}"),
    form("/{slug}/manage/cover", "admin", file="{picture}"),
    form("/{slug}/manage/cover/remove", "admin, by address"),
    page("/{slug}/manage/members", "moderator"),
    form("/{slug}/manage/members/{person}/role", "owner", role="expert"),
    form("/{slug}/manage/members/{person}/mute", "moderator, of people", duration_s="3600", reason="slow down"),
    form("/{slug}/manage/members/{muted_person}/unmute", "moderator, of people"),
    form("/{slug}/manage/members/{person}/ban", "admin, by address", reason="spam"),
    form("/{slug}/manage/members/{banned_person}/unban", "admin, by address"),
    form("/{slug}/manage/members/{person}/remove", "admin, by address", reason="spam"),
    form("/{slug}/manage/members/{person}/transfer", "owner", spends=True),
    page("/{slug}/manage/applications", "admin"),
    form("/{slug}/manage/applications/{application}/approve", "admin, by id"),
    form("/{slug}/manage/applications/{application}/reject", "admin, by id", reason="full"),
    page("/{slug}/manage/invites", "admin"),
    form("/{slug}/manage/invites", "admin, by address", expires_in_days="7"),
    form("/{slug}/manage/invites/{invite}/revoke", "admin, by id"),
    # ---- points: what those who run a circle do
    page("/{slug}/manage/points", "admin"),
    form("/{slug}/manage/points/adjust", "admin", username="{username}", asset="POINTS", direction="give", amount="5",
         reason="for the lovely meeting"),
    form("/{slug}/manage/points/adjustments/{adjustment}/approve", "admin, by id"),
    form("/{slug}/manage/points/adjustments/{adjustment}/reject", "admin, by id", note="not now"),
    form("/{slug}/manage/points/adjustments/{applied_adjustment}/undo", "admin, by id", note="wrong person"),
    page("/{slug}/manage/points/rules", "admin"),
    form("/{slug}/manage/points/rules/try", "admin", **_RULE),
    form("/{slug}/manage/points/rules", "admin", expiry="never", **_RULE),
    page("/{slug}/manage/points/levels", "admin"),
    form("/{slug}/manage/points/levels/try", "admin", **_LEVELS),
    form("/{slug}/manage/points/levels", "admin", **_LEVELS),
    api("GET", "/circles/{slug}/earn-rules", "admin"),
    api("PUT", "/circles/{slug}/earn-rules", "admin, by address", rules=[], expiry="never"),
    api("POST", "/circles/{slug}/earn-rules/simulate", "admin", rules=[]),
    api("PUT", "/circles/{slug}/levels", "admin, by address", levels=_LEVELS_JSON),
    api("POST", "/circles/{slug}/points/adjust", "admin, by address", user_id="{user}", asset="GROWTH", amount=5,
        reason="for the lovely meeting"),
    api("GET", "/circles/{slug}/points/adjustments", "admin"),
    api("POST", "/point-adjustments/{adjustment}/approve", "admin, by id"),
    api("POST", "/point-adjustments/{adjustment}/reject", "admin, by id", note="not now"),
    api("POST", "/point-adjustments/{applied_adjustment}/reverse", "admin, by id", note="wrong person"),
    api("GET", "/circles/{slug}/points/books", "admin"),
    api("PATCH", "/circles/{slug}", "admin, by address", intro="每天一页"),
    api("PATCH", "/circles/{slug}/members/{person}", "owner", role="expert"),
    api("PATCH", "/circles/{slug}/members/{muted_person}", "moderator, of people", muted_until=None),
    api("PATCH", "/circles/{slug}/members/{person}", "admin, by address", status="banned"),
    api("DELETE", "/circles/{slug}/members/{person}", "admin, by address"),
    api("GET", "/circles/{slug}/applications", "admin, by address"),
    api("POST", "/applications/{application}/approve", "admin, by id"),
    api("POST", "/applications/{application}/reject", "admin, by id", reason="full"),
    api("GET", "/circles/{slug}/invites", "admin, by address"),
    api("POST", "/circles/{slug}/invites", "admin, by address", max_uses=3),
    api("DELETE", "/invites/{invite}", "admin, by id"),
    # ---- media
    page("/media/{posted_media}/full.webp", "reader"),
    page("/media/{avatar}/thumb.webp", "anyone"),
    form("/media", "signed in", file="{picture}"),
    form("/media/avatar", "signed in", file="{picture}"),
    api("POST", "/media", "signed in", file="{picture}"),
    api("DELETE", "/media/{media}", "its uploader"),
    # ---- notifications
    page("/notifications", "signed in"),
    form("/notifications/read", "signed in"),
    page("/notifications/{notice}/open", "who was told"),
    page("/settings/notifications", "signed in"),
    form("/settings/notifications", "signed in", inbox="replies"),
    page("/unsubscribe/{unsubscribe_token}", "anyone"),
    form("/unsubscribe/{unsubscribe_token}", "anyone"),
    api("GET", "/me/notification-settings", "signed in"),
    api("PUT", "/me/notification-settings", "signed in", categories=[]),
    api("GET", "/me/notifications", "signed in"),
    api("POST", "/me/notifications/read", "signed in"),
    # ---- topics
    page("/{slug}/topics", "reader"),
    page("/{slug}/topics/{topic}", "reader"),
    form("/{slug}/topics/{topic}/follow", "follower", on="1"),
    page("/{slug}/topics/new", "opener"),
    form("/{slug}/topics", "opener", title="早读 {new_name}"),
    page("/{slug}/topics/{topic}/edit", "moderator"),
    form("/{slug}/topics/{topic}/edit", "moderator", title="晚读 {new_name}"),
    api("GET", "/circles/{slug}/topics", "reader"),
    api("POST", "/circles/{slug}/topics", "opener", title="早读 {new_name}"),
    api("GET", "/topics/{topic_id}", "reader"),
    api("PATCH", "/topics/{topic_id}", "moderator", intro="每天一页"),
    api("PUT", "/topics/{topic_id}/follow", "follower"),
    api("DELETE", "/topics/{topic_id}/follow", "follower"),
    api("GET", "/topics/{topic_id}/feed", "reader"),
    # ---- posts
    page("/{slug}/posts/new", "speaker"),
    form("/{slug}/drafts", "speaker", body="还没写完"),
    page("/me/drafts", "signed in"),
    form("/me/drafts/{draft}/delete", "its uploader"),
    form("/me/drafts/{draft}/unplan", "its uploader"),
    api("GET", "/me/drafts", "signed in"),
    api("POST", "/circles/{slug}/drafts", "speaker", body="还没写完"),
    api("GET", "/me/drafts/{draft}", "its uploader"),
    api("PUT", "/me/drafts/{draft}", "its uploader", body="写完了", seq=1),
    api("DELETE", "/me/drafts/{draft}", "its uploader"),
    api("POST", "/me/drafts/{draft}/publish", "its uploader"),
    form("/{slug}/posts", "speaker", body="早安"),
    page("/{slug}/posts/{post}", "reader"),
    page("/{slug}/posts/{hidden_post}", "reader, of hidden"),
    page("/{slug}/posts/{post}/edit", "its author"),
    form("/{slug}/posts/{post}/edit", "its author", body="晚安"),
    form("/{slug}/posts/{post}/delete", "its author"),
    form("/{slug}/posts/{post}/like", "liker", on="1"),
    form("/{slug}/posts/{post}/favorite", "follower", on="1"),
    page("/me/favorites", "signed in"),
    page("/{slug}/posts/{post}/pin", "moderator"),
    form("/{slug}/posts/{post_to_pin}/pin", "moderator", rank="1"),
    form("/{slug}/posts/{post}/unpin", "moderator"),
    form("/{slug}/posts/{post}/feature", "moderator", on="1"),
    page("/{slug}/posts/{edited_post}/revisions", "editor of it"),
    page("/{slug}/posts/{post}/share.png", "anyone, in public"),
    page("/{slug}/feed.xml", "anyone, in public"),
    page("/{slug}/topics/{topic}/feed.xml", "anyone, in public"),
    form("/{slug}/posts/{post}/hide", "moderator", reason="off topic"),
    form("/{slug}/posts/{hidden_post}/restore", "moderator, of hidden"),
    form("/{slug}/posts/{post}/remove", "moderator", reason="off topic"),
    api("GET", "/circles/{slug}/feed", "reader"),
    api("POST", "/circles/{slug}/posts", "speaker", body="早安"),
    api("GET", "/posts/{post}", "reader"),
    api("GET", "/posts/{hidden_post}", "reader, of hidden"),
    api("PATCH", "/posts/{post}", "its author", body="晚安"),
    api("DELETE", "/posts/{post}", "its author"),
    api("PUT", "/posts/{post}/like", "liker"),
    api("DELETE", "/posts/{post}/like", "liker"),
    api("PUT", "/posts/{post}/favorite", "follower"),
    api("DELETE", "/posts/{post}/favorite", "keeper"),
    api("GET", "/me/favorites", "signed in"),
    api("PUT", "/posts/{post_to_pin}/pin", "moderator", rank=1),
    api("DELETE", "/posts/{post}/pin", "moderator"),
    api("PUT", "/posts/{post}/feature", "moderator"),
    api("DELETE", "/posts/{post}/feature", "moderator"),
    api("GET", "/posts/{edited_post}/revisions", "editor of it"),
    form("/{slug}/posts/{poll}/poll/vote", "follower", option_ids=["{option}"]),
    form("/{slug}/posts/{poll}/poll/withdraw", "follower"),
    form("/{slug}/posts/{poll}/poll/end", "its author"),
    page("/{slug}/people?q=p", "speaker"),
    page("/{slug}/titles?q=p", "speaker"),
    api("GET", "/posts/{poll}/poll", "reader"),
    api("PUT", "/posts/{poll}/poll/vote", "follower", option_ids=["{option}"]),
    api("DELETE", "/posts/{poll}/poll/vote", "follower"),
    api("POST", "/posts/{poll}/poll/end", "its author"),
    api("POST", "/posts/{post}/hide", "moderator", reason="off topic"),
    api("POST", "/posts/{hidden_post}/restore", "moderator, of hidden"),
    api("POST", "/posts/{post}/remove", "moderator", reason="off topic"),
    api("GET", "/users/{user}/posts", "anyone"),
    # ---- comments
    page("/{slug}/comments/{comment}/replies", "reader"),
    form("/{slug}/posts/{post}/comments", "speaker", body="真好"),
    page("/{slug}/comments/{comment}/edit", "its author"),
    form("/{slug}/comments/{comment}/edit", "its author", body="真美"),
    form("/{slug}/comments/{comment}/delete", "its author"),
    form("/{slug}/comments/{comment}/like", "liker", on="1"),
    form("/{slug}/comments/{comment}/hide", "moderator", reason="off topic"),
    form("/{slug}/comments/{hidden_comment}/restore", "moderator, of hidden"),
    form("/{slug}/comments/{comment}/remove", "moderator", reason="off topic"),
    api("GET", "/posts/{post}/comments", "reader"),
    api("POST", "/posts/{post}/comments", "speaker", body="真好"),
    api("PATCH", "/comments/{comment}", "its author", body="真美"),
    api("DELETE", "/comments/{comment}", "its author"),
    api("PUT", "/comments/{comment}/like", "liker"),
    api("DELETE", "/comments/{comment}/like", "liker"),
    api("POST", "/comments/{comment}/hide", "moderator", reason="off topic"),
    api("POST", "/comments/{hidden_comment}/restore", "moderator, of hidden"),
    api("POST", "/comments/{comment}/remove", "moderator", reason="off topic"),
    # ---- questions: reading
    page("/{slug}/questions", "reader"),
    page("/{slug}/questions/{question}", "reader"),
    page("/{slug}/answers/{answer}", "reader"),
    page("/{slug}/answers/{hidden_answer}", "reader, of hidden"),
    api("GET", "/circles/{slug}/questions", "reader"),
    api("GET", "/questions/{question}", "reader"),
    api("GET", "/questions/{question}/answers", "reader"),
    api("GET", "/answers/{answer}", "reader"),
    # ---- questions: asking, answering, voting, accepting
    page("/{slug}/questions/new", "speaker"),
    page("/{slug}/questions/similar?title=晨读从哪里开始", "reader"),
    form("/{slug}/posts", "speaker", type="question", title="晨读从哪一篇开始？", anonymous="1"),
    form("/{slug}/questions/{other_question}/answers", "speaker", body="从最短的一篇。"),
    page("/{slug}/answers/{answer}/edit", "its author"),
    form("/{slug}/answers/{answer}/edit", "its author", body="从最长的一篇。"),
    form("/{slug}/answers/{answer}/delete", "its author"),
    form("/{slug}/answers/{answer}/vote", "voter", value="1"),
    form("/{slug}/questions/{answered_question}/accept", "its author", answer_id="{its_answer}", version="1"),
    api("POST", "/circles/{slug}/questions", "speaker", title="晨读从哪一篇开始？", anonymous=True),
    api("GET", "/circles/{slug}/questions/similar?title=晨读从哪里开始", "reader"),
    api("POST", "/questions/{other_question}/answers", "speaker", body="从最短的一篇。"),
    api("PATCH", "/answers/{answer}", "its author", body="从最长的一篇。"),
    api("DELETE", "/answers/{answer}", "its author"),
    api("PUT", "/answers/{answer}/vote", "voter", value=1),
    api("DELETE", "/answers/{answer}/vote", "voter"),
    api("PUT", "/questions/{answered_question}/accepted", "asker", answer_id="{its_answer}", version=1),
    # ---- questions: inviting experts to answer
    page("/{slug}/questions/{question}/invites", "speaker"),
    form("/{slug}/questions/{question}/invites", "speaker", user_id="{expert_to_ask}"),
    form("/{slug}/questions/{question_invited}/invites/decline", "who was asked"),
    page("/{slug}/questions/invites", "keeper"),
    api("GET", "/questions/{question}/invites", "speaker"),
    api("POST", "/questions/{question}/invites", "speaker", user_id="{expert_to_ask}"),
    api("POST", "/questions/{question_invited}/invites/decline", "who was asked"),
    api("GET", "/circles/{slug}/me/invites", "keeper"),
    # ---- questions: deciding about them, and moderating answers
    form("/{slug}/questions/{question}/close", "closer", reason="resolved"),
    form("/{slug}/questions/{closed_question}/reopen", "moderator"),
    form("/{slug}/questions/{duplicate_question}/reopen", "moderator"),
    page("/{slug}/questions/{question}/duplicate", "moderator"),
    form("/{slug}/questions/{question}/duplicate", "moderator", of="{other_question}"),
    page("/{slug}/manage/questions", "moderator"),
    page("/{slug}/answers/{edited_answer}/revisions", "editor of it"),
    form("/{slug}/answers/{answer}/hide", "moderator", reason="off topic"),
    form("/{slug}/answers/{hidden_answer}/restore", "moderator, of hidden"),
    form("/{slug}/answers/{answer}/remove", "moderator", reason="off topic"),
    api("GET", "/circles/{slug}/questions/unanswered", "moderator"),
    api("POST", "/questions/{question}/close", "closer", reason="resolved"),
    api("POST", "/questions/{closed_question}/reopen", "moderator"),
    api("POST", "/questions/{question}/duplicate", "moderator", of="{other_question}"),
    api("GET", "/answers/{edited_answer}/revisions", "editor of it"),
    api("POST", "/answers/{answer}/hide", "moderator", reason="off topic"),
    api("POST", "/answers/{hidden_answer}/restore", "moderator, of hidden"),
    api("POST", "/answers/{answer}/remove", "moderator", reason="off topic"),
    # ---- questions: who asked without a name
    page("/{slug}/questions/{question_unnamed}/reveal", "admin"),
    form("/{slug}/questions/{question_unnamed}/reveal", "admin", reason="A threat was reported here"),
    form("/{slug}/questions/{question_unnamed}/show-name", "its author"),
    api("POST", "/questions/{question_unnamed}/reveal", "admin", reason="A threat was reported here"),
    api("POST", "/questions/{question_unnamed}/show-name", "its author"),
    # ---- points: tasks and the board
    page("/{slug}/tasks", "follower"),
    form("/{slug}/tasks/{task}/claim", "speaker"),
    page("/{slug}/leaderboard", "reader"),
    page("/{slug}/manage/points/tasks", "admin"),
    page("/{slug}/manage/points/tasks/new", "admin"),
    form("/{slug}/manage/points/tasks", "admin", title="写三行诗", event="post", cadence="weekly", target="2",
         points="5", growth="0"),
    page("/{slug}/manage/points/tasks/{task}", "admin"),
    form("/{slug}/manage/points/tasks/{task}", "admin", title="写三行诗", target="1", points="3", growth="3",
         enabled="1"),
    api("GET", "/circles/{slug}/tasks", "follower"),
    api("POST", "/tasks/{task}/claim", "speaker"),
    api("GET", "/circles/{slug}/leaderboard", "reader"),
    page("/{slug}/topics/{topic}/leaderboard", "reader"),
    api("GET", "/topics/{topic_id}/leaderboard", "reader"),
    # ---- points of one's own
    page("/{slug}/points", "who was here"),
    page("/{slug}/points/as-of?at=2026-11-20T08:00", "who was here"),
    page("/{slug}/points/why?source=post:{post}", "its uploader"),
    page("/{slug}/points/rules", "reader"),
    api("GET", "/circles/{slug}/me/points", "who was here"),
    api("GET", "/circles/{slug}/me/ledger", "who was here"),
    api("GET", "/circles/{slug}/me/ledger/as-of?at=2026-11-20T08:00:00Z", "who was here"),
    api("GET", "/circles/{slug}/me/ledger/why?source=post:{post}", "its uploader"),
    api("GET", "/circles/{slug}/levels", "reader"),
    # ---- for machines and their makers
    page("/healthz", "anyone"),
    page("/readyz", "anyone"),
    page("/api/docs", "anyone"),
    api("GET", "/openapi.json", "anyone"),
    # ---- check-ins that wait for a reviewer
    page("/{slug}/manage/checkins", "moderator"),
    page("/{slug}/manage/campaigns/{reviewed}/review", "moderator"),
    form("/{slug}/manage/campaigns/{reviewed}/review", "moderator", ids=["{its_record}"], do="approve"),
    form("/{slug}/checkins/{record}/approve", "moderator, of hidden"),
    form("/{slug}/checkins/{record}/reject", "moderator, of hidden", reason="看不清"),
    api("GET", "/campaigns/{reviewed}/records", "moderator"),
    api("POST", "/checkin-records/{record}/approve", "moderator, of hidden"),
    api("POST", "/checkin-records/{record}/reject", "moderator, of hidden", reason="看不清"),
    # ---- checking in
    page("/{slug}/campaigns/{running}/checkin", "speaker"),
    form("/{slug}/campaigns/{running}/checkin", "speaker", body="早安"),
    page("/{slug}/campaigns/{running}/makeup/1", "speaker"),
    form("/{slug}/campaigns/{running}/makeup/1", "speaker", body="补上"),
    form("/{slug}/campaigns/{running}/cards", "speaker"),
    api("POST", "/campaigns/{running}/submit", "speaker", body="早安"),
    api("POST", "/campaigns/{running}/makeup", "speaker", idx=1, body="补上"),
    api("POST", "/campaigns/{running}/makeup-cards", "speaker"),
    # ---- campaigns, for those who manage them
    page("/{slug}/manage/campaigns", "admin"),
    page("/{slug}/manage/campaigns/new", "admin"),
    form("/{slug}/manage/campaigns", "admin", title="早安七天", start_date="2030-01-07", end_date="2030-01-13"),
    form("/{slug}/manage/campaigns/preview", "admin", title="早安七天", start_date="2030-01-07", end_date="2030-01-13"),
    page("/{slug}/manage/campaigns/{campaign}", "admin"),
    page("/{slug}/manage/campaigns/{draft_campaign}", "admin, by id"),
    form("/{slug}/manage/campaigns/{campaign}", "admin", title="晚安七天"),
    form("/{slug}/manage/campaigns/{campaign}/cover", "admin", file="{picture}"),
    form("/{slug}/manage/campaigns/{campaign}/cover/remove", "admin"),
    form("/{slug}/manage/campaigns/{draft_campaign}/publish", "admin, by id"),
    form("/{slug}/manage/campaigns/{campaign}/cancel", "admin", reason="改到下个月"),
    form("/{slug}/manage/campaigns/{campaign}/excuse", "admin", idx="1", reason="服务中断"),
    form("/{slug}/manage/campaigns/{campaign}/unexcuse", "admin", idx="1"),
    page("/{slug}/manage/campaigns/{campaign}/people", "admin"),
    form("/{slug}/manage/campaigns/{campaign}/people/{enrolled}/disqualify", "admin", reason="请人代写"),
    form("/{slug}/manage/campaigns/{campaign}/people/{enrolled}/reinstate", "admin"),
    form("/{slug}/manage/campaigns/{campaign}/people/{enrolled}/give", "admin", idx="1", reason="上传失败"),
    form("/{slug}/manage/campaigns/{campaign_given}/people/{enrolled}/take-back", "admin", idx="1"),
    api("POST", "/circles/{slug}/campaigns", "admin", title="早安七天", start_date="2030-01-07", end_date="2030-01-13"),
    api("PATCH", "/campaigns/{campaign}", "admin", title="晚安七天"),
    api("PATCH", "/campaigns/{draft_campaign}", "admin, by id", title="晚安七天"),
    api("POST", "/campaigns/{draft_campaign}/publish", "admin, by id"),
    api("POST", "/campaigns/{campaign}/cancel", "admin", reason="改到下个月"),
    api("POST", "/campaigns/{campaign}/excuse", "admin", idx=1, reason="服务中断"),
    api("POST", "/campaigns/{campaign}/unexcuse", "admin", idx=1),
    api("GET", "/campaigns/{campaign}/people", "admin"),
    api("POST", "/campaigns/{campaign}/people/{enrolled}/disqualify", "admin", reason="请人代写"),
    api("POST", "/campaigns/{campaign}/people/{enrolled}/reinstate", "admin"),
    api("POST", "/campaigns/{campaign}/people/{enrolled}/give", "admin", idx=1, reason="上传失败"),
    api("POST", "/campaigns/{campaign_given}/people/{enrolled}/take-back", "admin", idx=1),
    # ---- campaigns: reading, joining
    page("/{slug}/campaigns", "reader"),
    page("/{slug}/campaigns/{campaign}", "reader"),
    page("/{slug}/campaigns/{campaign}/checkins", "reader"),
    page("/{slug}/campaigns/{campaign}/board", "reader"),
    form("/{slug}/campaigns/{campaign}/enroll", "follower"),
    form("/{slug}/campaigns/{joined}/withdraw", "follower"),
    api("GET", "/circles/{slug}/campaigns", "reader"),
    api("GET", "/campaigns/{campaign}", "reader"),
    api("GET", "/campaigns/{campaign}/checkins", "reader"),
    api("GET", "/campaigns/{campaign}/board", "reader"),
    api("GET", "/campaigns/{joined}/me", "taking part"),
    api("POST", "/campaigns/{campaign}/enroll", "follower"),
    api("POST", "/campaigns/{joined}/withdraw", "follower"),
    # ---- teams of campaigns
    page("/{slug}/campaigns/{forming}/teams", "reader"),
    page("/{slug}/campaigns/{teamed}/teams/{its_team}", "reader"),
    form("/{slug}/campaigns/{forming}/teams", "speaker", name="早起小队"),
    form("/{slug}/campaigns/{teamed}/teams/{its_team}/join", "follower"),
    form("/{slug}/campaigns/{forming}/teams/leave", "follower"),
    page("/{slug}/campaigns/{teamed}/teams/{its_team}/manage", "admin"),
    form("/{slug}/campaigns/{teamed}/teams/{its_team}/rename", "admin", name="晨读小队", reason="名字不雅"),
    form("/{slug}/campaigns/{teamed}/teams/{its_team}/dissolve", "admin", reason="名字不雅"),
    api("GET", "/campaigns/{forming}/teams", "reader"),
    api("POST", "/campaigns/{forming}/teams", "speaker", name="早起小队"),
    api("GET", "/campaign-teams/{team}", "reader"),
    api("POST", "/campaign-teams/{team}/join", "follower"),
    api("POST", "/campaigns/{forming}/teams/leave", "follower"),
    api("POST", "/campaign-teams/{team}/rename", "admin", name="晨读小队", reason="名字不雅"),
    api("POST", "/campaign-teams/{team}/dissolve", "admin", reason="名字不雅"),
)  # fmt: skip


# ---- every route has its row ---------------------------------------------------------------------------------------


def route_of(app: Flask, row: Row) -> tuple[str, str] | None:
    """(endpoint, method) that answers the row's address."""
    path = row.path.partition("?")[0].replace("{slug}", "ring").replace("{topic}", "walks").replace("{username}", "ann")
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + "1" + rest.partition("}")[2]
    try:
        endpoint, _arguments = app.url_map.bind("localhost").match(path, method=row.method)
    except HTTPException:
        return None
    return endpoint, row.method


def test_every_route_says_who_may(plain_app: Flask) -> None:
    told = {route_of(plain_app, row) for row in TABLE}
    untold = [
        f"{method} {rule.rule} (endpoint {rule.endpoint}) has no row: add one to TABLE in tests/test_access_matrix.py, "
        "with the group of WHO that says who may, and what a good request sends"
        for rule in plain_app.url_map.iter_rules()
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
        if rule.endpoint != "static" and (rule.endpoint, method) not in told
    ]
    assert not untold, "\n".join(untold)


def test_every_row_is_about_a_route(plain_app: Flask) -> None:
    gone = [str(row) for row in TABLE if route_of(plain_app, row) is None]
    assert not gone, f"no route answers these rows of TABLE any more: {gone}"


# ---- and every row holds -------------------------------------------------------------------------------------------


def outcome(row: Row, response: TestResponse) -> str:
    """What became of the request, in the words of the table."""
    status, location = response.status_code, response.headers.get("Location", "")
    if status == 401 or (status == 303 and location.startswith("/login?next=")):
        return "sign-in"
    if status == 303 and row.method == "GET" and location.endswith("/about"):
        return "cover"
    if status == 403:
        code = response.get_json()["code"] if row.is_api else "FORBIDDEN"
        return "no" if code == "FORBIDDEN" else code
    if status < 400:
        return "ok"
    return {404: "hidden", 422: "refused"}.get(status, str(status))


def expected(row: Row, role: str, visibility: str) -> str:
    """What the table says; pages do not tell one 403 from another."""
    private = WHO.get(f"{row.who} (private)") if visibility == "private" else None
    found = (private or WHO[row.who])[role]
    return "no" if found in {"MUTED", "BANNED", "LEVEL_TOO_LOW"} and not row.is_api else found


def request_of(world: World, row: Row, role: str, path: str) -> Callable[[], TestResponse]:
    """A good request by this person, ready to go."""
    sends = world.fields(row.sends, role)
    if not row.is_api:
        browser = world.browser(role)
        if row.method == "GET":
            return lambda: browser.get(path)
        sends["csrf_token"] = world.csrf_token(role)
        return lambda: outside(browser.http.post, path, data=sends, headers={"Referer": "http://localhost/"})
    client, path = world.api(role), path.removeprefix("/api/v1")
    if "file" in sends:
        return lambda: client.call(row.method, path, data=sends)
    body: dict[str, Any] = {"json": sends} if row.method in {"POST", "PATCH"} or sends else {}
    if needs_key(world.app, row):
        body["headers"] = {"Idempotency-Key": secrets.token_urlsafe(12)}
    return lambda: client.call(row.method, path, **body)


def needs_key(app: Flask, row: Row) -> bool:
    """Whether the route moves points: such a request comes with a key, and what became of it is kept under that."""
    found = route_of(app, row)
    contract = getattr(app.view_functions[found[0]], "contract", None) if found else None
    return bool(contract and contract.key_required)


def cases() -> Iterator[Any]:
    """Every row on SQLite; on PostgreSQL the first of each group."""
    sampled = set()
    for row in TABLE:
        for visibility in ("public", "private") if row.about_a_circle else ("public",):
            yield pytest.param("sqlite", row, visibility, id=f"{row} {visibility} sqlite")
            sample = (row.who, visibility)
            if sample not in sampled:
                sampled.add(sample)
                yield pytest.param("postgres", row, visibility, id=f"{row} {visibility} postgres")


@pytest.fixture
def world(engine: Engine, row: Row, visibility: str) -> Iterator[World]:
    """A circle of this visibility, shared by all rows that leave its people as they are."""
    with engine.app.app_context():
        yield own_world(engine, visibility) if row.spends else shared_world(engine, visibility)
        db.session.remove()


@pytest.mark.parametrize(("engine", "row", "visibility"), list(cases()), indirect=["engine"])
def test_who_may(world: World, row: Row, visibility: str) -> None:
    wrong, path = [], ""
    with witness(world.app) as seen:
        for role in ROLES:
            path = path or world.path(row.path, role)
            request = request_of(world, row, role, path)
            before = seen.state()
            got, wanted = outcome(row, request()), expected(row, role, visibility)
            if got != wanted:
                wrong.append(f"{row} in a {visibility} circle by {role}: got {got}, wanted {wanted}")
            elif got not in {"ok", "cover"} and not needs_key(world.app, row) and seen.state() != before:
                wrong.append(f"{row} in a {visibility} circle by {role}: {got}, and yet something was written")
            if role == "visitor" or (got == "ok" and row.method != "GET"):
                path = ""  # what was acted on is spent; what was only read or refused serves the next one
    assert not wrong, "\n".join(wrong)
