"""The mails of accounts, each in the language of who reads it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from flask import current_app, render_template
from flask_babel import force_locale

from circle.accounts.operations import Letter
from circle.accounts.queries import get_user
from circle.core.actor import SYSTEM
from circle.core.i18n import _
from circle.core.mail import Mail


def with_code(letter: Letter, purpose: str) -> Mail:
    """The link to confirm an address or to set a new password."""
    with force_locale(letter.locale or current_app.config["SETTINGS"].locale):
        if letter.taken:
            return _taken(letter)
        return _reset(letter) if purpose == "reset" else _confirm(letter)


def _reset(letter: Letter) -> Mail:
    return _letter(
        letter.email,
        _("Set a new password"),
        letter.nickname,
        [
            _("Somebody, most likely you, forgot the password of the account @%(name)s.", name=letter.username),
            _("This link lets you set a new one. It is good for 30 minutes, and once."),
        ],
        after=[_("If it was not you, do nothing: your password stays as it is.")],
        link=f"/reset/{letter.code}",
    )


def _confirm(letter: Letter) -> Mail:
    return _letter(
        letter.email,
        _("Confirm your e-mail address"),
        letter.nickname,
        [_("You want to use this address for your account @%(name)s.", name=letter.username)],
        after=[_("The link is good for 24 hours. If it was not you, do nothing, and nothing happens.")],
        link=f"/confirm/{letter.code}",
    )


def _taken(letter: Letter) -> Mail:
    return _letter(
        letter.email,
        _("This address is in use already"),
        letter.nickname,
        [
            _(
                "Somebody wanted to use this address for the account @%(name)s. It belongs to another account already, "
                "so nothing was changed.",
                name=letter.username,
            ),
            _("If it was you: sign in to the other account, or set a new password for it."),
        ],
        link="/forgot",
    )


def address_changed(user_id: int, address: str) -> Mail:
    """To the address that was the account's until now."""
    person = get_user(SYSTEM, user_id)
    with force_locale(current_app.config["SETTINGS"].locale):
        return _letter(
            address,
            _("Your e-mail address was changed"),
            person.nickname,
            [
                _("This address does not belong to the account @%(name)s any more.", name=person.username),
                _("If that was not you, please change your password at once, and tell the people who run this site."),
            ],
            link="/settings/security",
        )


def _letter(to: str, subject: str, name: str, before: Sequence[str], *, link: str, after: Sequence[str] = ()) -> Mail:
    settings = current_app.config["SETTINGS"]
    values = {
        "name": name,
        "before": before,
        "link": settings.base_url + link,
        "after": after,
        "site_name": settings.site_name,
    }
    return Mail(
        to=to,
        subject=f"{subject} · {settings.site_name}",
        text=render_template("accounts/mail_letter.txt", **values),
        html=render_template("accounts/mail_letter.html", **values),
        key=secrets.token_hex(),  # each is another one, also when it is tried again: its code is new
    )
