"""What is told later: followers of topics, and by e-mail."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from flask import current_app, render_template
from flask_babel import force_locale

from circle.accounts.queries import MailPerson, mail_person
from circle.core import mail
from circle.core.i18n import ngettext
from circle.core.jobs import job
from circle.core.mail import Mail, MailRefused
from circle.notifications import operations, queries
from circle.notifications.kinds import CATEGORIES
from circle.notifications.queries import NoticeRow
from circle.notifications.unsubscribing import ALL, unsubscribe_path

log = structlog.get_logger(__name__)


@job("notifications.tell_followers")
def tell_followers(post_id: int, after: int = 0) -> None:
    """Tell the next followers of the post's topics; the batch asks for the one after it."""
    operations.tell_followers(post_id, after)


@job("notifications.send_mail")
def send_mail(user_id: int) -> None:
    """Mail somebody what they have not read; what the server does not take now waits for the next attempt."""
    taken = operations.take_waiting(user_id)
    person = mail_person(user_id)
    if not taken or person is None:
        return
    try:
        with force_locale(person.locale or current_app.config["SETTINGS"].locale):
            mail.send(_digest(person, queries.notices_by_id(user_id, taken)))
    except MailRefused as error:
        log.warning("mail refused", user=user_id, answer=str(error))
    except Exception:
        operations.put_back(taken)
        raise


@job("notifications.forget_read", every=timedelta(days=1))
def forget_read() -> None:
    """Drop what was read over half a year ago."""
    after: int | None = 0
    while after is not None:
        after = operations.forget_read(after)


def _digest(person: MailPerson, notices: Sequence[NoticeRow]) -> Mail:
    site = current_app.config["SETTINGS"]
    categories = sorted({notice.category for notice in notices})
    one = notices[0].text if len(notices) == 1 else ""
    subject = one or ngettext("%(num)s new notification for you", "%(num)s new notifications for you", len(notices))
    stop = site.base_url + unsubscribe_path(person.id, categories[0] if len(categories) == 1 else ALL)
    values: dict[str, Any] = {
        "person": person,
        "notices": notices,
        "base_url": site.base_url,
        "site_name": site.site_name,
        "stops": [
            (CATEGORIES[name].title, site.base_url + unsubscribe_path(person.id, name))
            for name in categories
            if name in CATEGORIES
        ],
    }
    return Mail(
        to=person.email,
        subject=subject,
        text=render_template("notifications/mail_digest.txt", **values),
        html=render_template("notifications/mail_digest.html", **values),
        key="notices:" + hashlib.sha256(repr([notice.id for notice in notices]).encode()).hexdigest(),
        unsubscribe=stop,
    )
