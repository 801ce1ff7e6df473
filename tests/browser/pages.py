"""Every page there is: its address, and who is shown it. A page that is missing here fails test_pages."""

from __future__ import annotations

from dataclasses import dataclass

from tests.browser.world import World

EVERYONE = ("visitor", "member", "owner")
SIGNED_IN = ("member", "owner")
OWNER = ("owner",)
VISITOR = ("visitor",)


@dataclass(frozen=True)
class View:
    """`path` may name fields of World in braces; `status` is what its readers get."""

    name: str
    path: str
    readers: tuple[str, ...]
    status: int = 200

    def address(self, world: World) -> str:
        return self.path.format(**vars(world))


#: by endpoint; one endpoint may be worth several looks
VIEWS: dict[str, tuple[View, ...]] = {
    endpoint: tuple(View(name, path, readers) for name, path, readers in looks)
    for endpoint, looks in {
        "accounts.login": [("sign in", "/login", VISITOR)],
        "accounts.signup": [("sign up", "/signup", VISITOR)],
        "accounts.terms": [("rules", "/terms", EVERYONE)],
        "accounts.privacy": [("privacy", "/privacy", EVERYONE)],
        "accounts.settings": [("settings", "/settings", SIGNED_IN)],
        "accounts.settings_profile": [("profile", "/settings/profile", SIGNED_IN)],
        "accounts.settings_security": [("security", "/settings/security", SIGNED_IN)],
        "accounts.settings_email": [("e-mail address", "/settings/email", SIGNED_IN)],
        "accounts.settings_blocked": [
            ("blocked people", "/settings/blocked", ("member",)),
            ("nobody blocked", "/settings/blocked", OWNER),
        ],
        "accounts.settings_data": [("one's data", "/settings/data", SIGNED_IN)],
        "accounts.settings_deletion": [("delete the account", "/settings/deletion", SIGNED_IN)],
        "accounts.forgot": [
            ("password forgotten", "/forgot", VISITOR),
            ("mail on its way", "/forgot?sent=1", VISITOR),
        ],
        "accounts.reset": [("link to a new password", "/reset/{reset_code}", VISITOR)],
        "accounts.confirm_email": [("link to confirm", "/confirm/{confirm_code}", VISITOR)],
        "accounts.settings_appearance": [("appearance", "/settings/appearance", SIGNED_IN)],
        "accounts.settings_language": [("language", "/settings/language", EVERYONE)],
        "circles.about": [
            ("about", "/{slug}/about", EVERYONE),
            ("about, by application", "/{studio}/about", ("visitor", "member")),
            ("about, behind a passphrase", "/{garden}/about", ("visitor", "member")),
        ],
        "circles.invited": [
            ("invited", "/{slug}/invite/{invite}", EVERYONE),
            ("invited too late", "/{slug}/invite/{spent_invite}", VISITOR),
        ],
        "circles.members": [
            ("members", "/{slug}/members", SIGNED_IN),
            ("members, none found", "/{slug}/members?q=nobody", ("member",)),
        ],
        "circles.new": [("start a circle", "/circles/new", SIGNED_IN)],
        "circles.manage_settings": [("circle settings", "/{slug}/manage/settings", OWNER)],
        "circles.manage_members": [
            ("managed members", "/{slug}/manage/members", OWNER),
            ("muted members", "/{slug}/manage/members?status=muted", OWNER),
            ("banned members", "/{slug}/manage/members?status=banned", OWNER),
        ],
        "circles.manage_applications": [
            ("applications", "/{studio}/manage/applications", OWNER),
            ("no applications", "/{slug}/manage/applications", OWNER),
        ],
        "circles.manage_invites": [
            ("invitations", "/{slug}/manage/invites", OWNER),
            ("no invitations", "/{studio}/manage/invites", OWNER),
        ],
        "points.manage": [("desk for points", "/{slug}/manage/points", OWNER)],
        "points.manage_rules": [("earning rules", "/{slug}/manage/points/rules", OWNER)],
        "points.manage_levels": [("levels", "/{slug}/manage/points/levels", OWNER)],
        "points.tasks": [("tasks", "/{slug}/tasks", SIGNED_IN)],
        "points.leaderboard": [
            ("leaderboard", "/{slug}/leaderboard", EVERYONE),
            ("leaderboard of all time", "/{slug}/leaderboard?window=all", ("member",)),
            ("empty leaderboard", "/{studio}/leaderboard", ("visitor", "owner")),
        ],
        "points.manage_tasks": [("managed tasks", "/{slug}/manage/points/tasks", OWNER)],
        "points.new_task": [("new task", "/{slug}/manage/points/tasks/new", OWNER)],
        "points.edit_task": [("change a task", "/{slug}/manage/points/tasks/{task}", OWNER)],
        "home.index": [("front page", "/", EVERYONE)],
        "home.circle": [
            ("feed", "/{slug}", EVERYONE),
            ("feed, following", "/{slug}?sort=following", ("member",)),
            ("empty feed", "/{studio}", ("visitor", "owner")),
        ],
        "home.me": [("me", "/me", SIGNED_IN)],
        "home.person": [
            ("person", "/@{person}", EVERYONE),
            ("person without posts", "/@waiting", ("visitor",)),
        ],
        "notifications.index": [
            ("notices", "/notifications", SIGNED_IN),
            ("unread notices", "/notifications?part=unread", ("member",)),
        ],
        "notifications.settings": [("notification settings", "/settings/notifications", SIGNED_IN)],
        "notifications.unsubscribe": [("no more mails", "/unsubscribe/{unsubscribe}", VISITOR)],
        "openapi.docs": [("API document", "/api/docs", VISITOR)],
        "points.mine": [
            ("points", "/{slug}/points", SIGNED_IN),
            ("growth, of one kind", "/{slug}/points?asset=growth&kind=out", ("member",)),
        ],
        "points.as_of": [
            ("how it stood", "/{slug}/points/as-of", ("member",)),
            ("how it stood at a moment", "/{slug}/points/as-of?at=2099-12-31", SIGNED_IN),
        ],
        "points.why": [("why points", "/{slug}/points/why?source=post:{own_post}", ("member",))],
        "points.rules": [("points rules", "/{slug}/points/rules", EVERYONE)],
        "posts.show": [
            ("post", "/{slug}/posts/{post}", EVERYONE),
            ("post with many comments", "/{slug}/posts/{talk}", ("member",)),
            ("hidden post", "/{slug}/posts/{hidden_post}", SIGNED_IN),
        ],
        "posts.new": [("composer", "/{slug}/posts/new", SIGNED_IN),
                      ("composer with a draft", "/{slug}/posts/new?draft={draft}", ("member",)),
                      ("composer for a question", "/{slug}/posts/new?type=question", ("member",))],
        "posts.drafts": [("drafts", "/me/drafts", ("member",)), ("no drafts", "/me/drafts", OWNER)],
        "posts.edit": [("edit a post", "/{slug}/posts/{own_post}/edit", ("member",)),
                       ("edit a post with pictures", "/{slug}/posts/{post}/edit", OWNER)],
        "posts.favorites": [("favorites", "/me/favorites", SIGNED_IN)],
        "posts.pin_form": [("pin a post", "/{slug}/posts/{post}/pin", OWNER),
                           ("change a pin", "/{slug}/posts/{talk}/pin", OWNER)],
        "checkins.index": [
            ("campaigns", "/{slug}/campaigns", EVERYONE),
            ("no campaigns", "/{studio}/campaigns", ("visitor", "owner")),
        ],
        "checkins.show": [
            ("campaign", "/{slug}/campaigns/{campaign}", EVERYONE),
            ("campaign of months", "/{slug}/campaigns/{long_campaign}", SIGNED_IN),
            ("campaign to come", "/{slug}/campaigns/{next_campaign}", EVERYONE),
            ("campaign that is settled", "/{slug}/campaigns/{past_campaign}", EVERYONE),
            ("campaign that was cancelled", "/{slug}/campaigns/{cancelled_campaign}", ("visitor", "member")),
            ("draft of a campaign", "/{slug}/campaigns/{draft_campaign}", OWNER),
        ],
        "checkins.board": [
            ("board of a campaign", "/{slug}/campaigns/{campaign}/board", EVERYONE),
            ("board of posts of a campaign", "/{slug}/campaigns/{campaign}/board?board=quality", ("member",)),
            ("board of teams of a campaign", "/{slug}/campaigns/{team_campaign}/board?board=team", ("member",)),
            ("board of a campaign that is settled", "/{slug}/campaigns/{past_campaign}/board", ("member",)),
            ("empty board of a campaign", "/{slug}/campaigns/{next_campaign}/board?board=quality", ("visitor",)),
        ],
        "checkins.new_checkin": [("checking in", "/{slug}/campaigns/{campaign}/checkin", ("member",))],
        "checkins.new_makeup": [
            ("making up", "/{slug}/campaigns/{campaign}/makeup/{missed}", ("member",)),
            ("making up without a card", "/{slug}/campaigns/{cardless}/makeup/1", ("member",)),
        ],
        "checkins.teams": [
            ("teams", "/{slug}/campaigns/{team_campaign}/teams", EVERYONE),
            ("teams of a campaign to come", "/{slug}/campaigns/{next_campaign}/teams", EVERYONE),
        ],
        "checkins.team": [("team", "/{slug}/campaigns/{team_campaign}/teams/{team}", EVERYONE)],
        "checkins.manage_team": [
            ("a team to manage", "/{slug}/campaigns/{team_campaign}/teams/{team}/manage", OWNER),
        ],
        "checkins.reviews": [
            ("check-ins that wait", "/{slug}/manage/checkins", OWNER),
            ("no check-ins that wait", "/{studio}/manage/checkins", OWNER),
        ],
        "checkins.review": [
            ("review", "/{slug}/manage/campaigns/{long_campaign}/review", OWNER),
            ("reviewed", "/{slug}/manage/campaigns/{long_campaign}/review?status=approved", OWNER),
            ("nothing to review", "/{slug}/manage/campaigns/{campaign}/review", OWNER),
        ],
        "checkins.posts": [("check-ins of a campaign", "/{slug}/campaigns/{campaign}/checkins", ("visitor", "member"))],
        "checkins.manage": [
            ("managed campaigns", "/{slug}/manage/campaigns", OWNER),
            ("no managed campaigns", "/{studio}/manage/campaigns", OWNER),
        ],
        "checkins.new_campaign": [("new campaign", "/{slug}/manage/campaigns/new", OWNER)],
        "checkins.manage_campaign": [
            ("campaign to manage", "/{slug}/manage/campaigns/{campaign}", OWNER),
            ("draft of a campaign", "/{slug}/manage/campaigns/{draft_campaign}", OWNER),
            ("campaign to manage, of months", "/{slug}/manage/campaigns/{long_campaign}", OWNER),
            ("campaign to manage, settled", "/{slug}/manage/campaigns/{past_campaign}", OWNER),
            ("campaign to manage, cancelled", "/{slug}/manage/campaigns/{cancelled_campaign}", OWNER),
        ],
        "checkins.people": [
            ("who takes part", "/{slug}/manage/campaigns/{campaign}/people", OWNER),
            ("nobody was taken out", "/{slug}/manage/campaigns/{campaign}/people?status=disqualified", OWNER),
        ],
        "qa.index": [
            ("questions", "/{slug}/questions", EVERYONE),
            ("questions that nobody answered", "/{slug}/questions?tab=unanswered", ("visitor",)),
            ("one's own questions", "/{slug}/questions?tab=mine", ("member",)),
            ("no questions", "/{studio}/questions", ("visitor", "owner")),
        ],
        "qa.show": [
            ("question with answers", "/{slug}/questions/{question}", EVERYONE),
            ("question that was asked before", "/{slug}/questions/{asked_again}", ("visitor",)),
            ("question without a name", "/{slug}/questions/{unnamed}", EVERYONE),
        ],
        "qa.similar": [
            ("similar questions", "/{slug}/questions/similar?title=怎么坚持早起读书", ("visitor", "member")),
            ("nothing similar", "/{slug}/questions/similar?title=茶", ("member",)),
        ],
        "qa.edit_answer": [("edit an answer", "/{slug}/answers/{answer}/edit", ("member",))],
        "qa.show_answer": [("one answer", "/{slug}/answers/{answer}", EVERYONE)],
        "qa.choose_original": [("was asked before", "/{slug}/questions/{question}/duplicate", OWNER)],
        "qa.invites": [("invite to answer", "/{slug}/questions/{unnamed}/invites", SIGNED_IN)],
        "qa.my_invites": [("asked to answer", "/{slug}/questions/invites", SIGNED_IN)],
        "qa.manage": [
            ("questions that wait", "/{slug}/manage/questions", OWNER),
            ("questions that wait for six hours", "/{slug}/manage/questions?hours=6", OWNER),
        ],
        "qa.revisions": [("edits of an answer", "/{slug}/answers/{answer}/revisions", SIGNED_IN)],
        "qa.ask_to_reveal": [("who asked", "/{slug}/questions/{unnamed}/reveal", OWNER)],
        "posts.revisions": [("edits of a post", "/{slug}/posts/{own_post}/revisions", SIGNED_IN),
                            ("no edits", "/{slug}/posts/{post}/revisions", OWNER)],
        "posts.replies": [("replies", "/{slug}/comments/{thread}/replies", EVERYONE)],
        "posts.edit_comment": [("edit a comment", "/{slug}/comments/{own_comment}/edit", ("member",))],
        "posts.topic_board": [
            ("leaderboard of a topic", "/{slug}/topics/{topic}/leaderboard", EVERYONE),
            ("leaderboard of a topic, once", "/{slug}/topics/{topic}/leaderboard?week=W2020-01", ("member",)),
        ],
        "posts.topic": [
            ("topic", "/{slug}/topics/{topic}", EVERYONE),
            ("closed topic without posts", "/{slug}/topics/past", EVERYONE),
        ],
        "topics.index": [
            ("topics", "/{slug}/topics", EVERYONE),
            ("no topics", "/{studio}/topics", ("visitor", "owner")),
        ],
        "topics.new": [("new topic", "/{slug}/topics/new", OWNER)],
        "topics.edit": [("edit a topic", "/{slug}/topics/{topic}/edit", OWNER)],
    }.items()
}  # fmt: skip

#: GET routes of the web that are not pages of their own
NOT_PAGES = {
    "circles.manage": "leads on to the first page of the back room that the person may open",
    "health.healthz": "for the machine that watches",
    "health.readyz": "for the machine that watches",
    "live.new_posts": "cards for the feed, or on to it",
    "live.now": "numbers for static/js/live.js",
    "live.stream": "a stream for static/js/live.js",
    "accounts.fetch_copy": "a ZIP file",
    "media.show": "a picture",
    "posts.feed": "for feed readers",
    "qa.ask": "leads on to the composer",
    "posts.people": "names for static/js/mention.js",
    "posts.titles": "titles for static/js/mention.js",
    "posts.share_card": "a picture",
    "posts.topic_feed": "for feed readers",
    "notifications.open_notice": "leads on to what the notice is about",
}

#: what stands instead of a page
DENIED = (
    View("not found", "/{slug}/nothing", EVERYONE, 404),
    View("not open", "/{slug}/manage/settings", ("member",), 403),
)

ALL = (*(view for views in VIEWS.values() for view in views), *DENIED)
