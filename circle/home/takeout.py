"""The copy of all that somebody has here: a ZIP of JSON and files, made by a job and fetched within a week.

Everything is read in batches and written at once, so that a copy of ten thousand posts and two gigabytes needs no more
memory than a small one. The words of others are not in it, but for what was told to the person in notices and why
points were given to them or taken.
"""

from __future__ import annotations

import secrets

import structlog
from flask import current_app
from flask_babel import force_locale

from circle.access import Actor
from circle.accounts import copies, operations
from circle.accounts.operations.takeouts import FOLDER
from circle.accounts.queries import MeRow, get_me, get_user
from circle.core import clock
from circle.core.errors import NotFound
from circle.core.i18n import _
from circle.core.operation import abandon
from circle.core.spool import spool_file
from circle.core.storage import storage
from circle.home import belongings
from circle.home.archive import Archive

log = structlog.get_logger(__name__)


def make(takeout_id: int) -> None:
    """Make the copy that was asked for, store it, and let its owner know. Safe to run again, also at the same time."""
    try:
        asked = copies.get_takeout(takeout_id)
        person = get_user(Actor(id=None), asked.user_id)
    except NotFound:
        return
    if asked.status != "waiting":
        return
    owner = Actor(id=person.id, username=person.username, nickname=person.nickname)
    # two that work at once must not have one key, or who comes second would remove the other's file
    key = f"{FOLDER}{takeout_id}-{secrets.token_hex(8)}.zip"
    with spool_file() as file:
        with Archive(file, clock.now()) as archive:
            _fill(archive, owner)
        size = file.tell()
        abandon()  # nothing is read any more, and storing may take its time
        storage().put(key, file, mime="application/zip")
    if not operations.finish_takeout(takeout_id, storage_key=key, size=size):
        storage().delete(key)


def _fill(archive: Archive, owner: Actor) -> None:
    me = get_me(owner)
    with force_locale(me.settings["locale"] or current_app.config["SETTINGS"].locale):
        archive.text("README.txt", _readme(me))
        archive.json("profile.json", belongings.profile(me))
        for name, items in belongings.lists(me.id):
            archive.json_list(f"{name}.json", items)
        archive.json_list("notifications.json", belongings.notices(owner))
    for file in belongings.files(me.id):
        if file.path is None:
            log.warning("stored file missing", key=file.key, takeout_of=me.id)
        else:
            archive.file(file.path, storage().stream(file.key), file.created_at)


def _readme(me: MeRow) -> str:
    base = current_app.config["SETTINGS"].base_url
    contents = {
        "profile.json": _("who you are here, your settings, and your former user names"),
        "agreements.json": _("which rules you agreed to, and when"),
        "sign_ins.json": _("where you are signed in"),
        "blocked.json": _("whom you have blocked"),
        "circles.json": _("your circles and your place in them"),
        "applications.json": _("your applications to circles, with your answers"),
        "posts.json": _("your posts with their earlier versions and polls"),
        "drafts.json": _("what you have not published"),
        "comments.json": _("your comments"),
        "likes.json": _("what you liked"),
        "favorites.json": _("what you kept"),
        "topics.json": _("topics you follow"),
        "topic_places.json": _("your places on the weekly leaderboards of topics"),
        "votes.json": _("your votes in polls"),
        "answers.json": _(
            "your answers to questions, with their earlier versions (your questions are among your posts)"
        ),
        "answer_votes.json": _("which answers you found helpful or not"),
        "invitations_to_answer.json": _("what you were invited to answer, and whom you invited"),
        "campaigns.json": _("the check-in campaigns you took part in, and how far you got"),
        "check_ins.json": _("your check-ins day by day (their words are among your posts)"),
        "makeup_cards.json": _("your make-up cards"),
        "campaign_places.json": _("your places on the boards of campaigns that are over"),
        "points.json": _("your points, growth and level in each circle"),
        "points_statement.json": _("every movement of your points and growth"),
        "points_earned.json": _("what you earned for what, and why something earned less"),
        "levels.json": _("how your level rose and fell"),
        "tasks.json": _("your tasks, and how far you are"),
        "points_adjusted.json": _("what was given to you or taken by hand, and why"),
        "notification_settings.json": _("what you want to be told"),
        "notifications.json": _("what you were told, last first"),
        "files.json": _("a list of your pictures, recordings and documents; they are in the folder files"),
    }
    lines = [
        _("A copy of everything of @%(name)s on %(site)s", name=me.username, site=base),
        _("Made on %(when)s (UTC).", when=f"{clock.now():%Y-%m-%d %H:%M}"),
        "",
        _("Times are in UTC. Addresses begin with %(site)s.", site=base),
        "",
        *(f"{name}: {meaning}" for name, meaning in contents.items()),
        "",
        _("Passwords are not in it: nobody can read them, we neither. Keep this copy where only you can get at it."),
    ]
    return "\n".join(lines) + "\n"
