"""Rules of accounts: which names and passwords may be chosen."""

from __future__ import annotations

from circle.accounts.common_passwords import COMMON
from circle.accounts.usernames import MAX_LENGTH, MIN_LENGTH, check_username, username_key
from circle.core.errors import Invalid, Refused
from circle.core.i18n import lazy

MIN_PASSWORD = 8
MAX_PASSWORD = 200

_NAME_SENTENCES = {
    "too_short": lazy("A user name has at least %(count)s characters.", count=MIN_LENGTH),
    "too_long": lazy("A user name has at most %(count)s characters.", count=MAX_LENGTH),
    "charset": lazy("Only letters, Chinese characters, digits, and single . _ - inside, please."),
    "mixed_script": lazy("These characters come from scripts that do not go together. Please use one script."),
    "reserved": lazy("This name could be mistaken for the people who run the site. Please choose another."),
}


def check_name(raw: str) -> str:
    """The user name as it will be shown. Raises Invalid (field username) with a sentence for what is wrong."""
    try:
        return check_username(raw)
    except ValueError as error:
        raise Invalid(errors={"username": [_NAME_SENTENCES[str(error)]]}) from None


def name_taken() -> Refused:
    """The refusal of a name that somebody has, or that looks like one that somebody has."""
    return Refused(
        "USERNAME_TAKEN", lazy("Somebody already has this name, or one that looks the same."), field="username"
    )


def check_password(password: str, username: str, *, field: str = "password") -> None:
    """8 to 200 characters, not the user name, not one that everybody tries first. Raises Invalid for `field`."""
    plain = password.casefold()
    if len(password) < MIN_PASSWORD:
        sentence = lazy("Please use at least %(count)s characters.", count=MIN_PASSWORD)
    elif len(password) > MAX_PASSWORD:
        sentence = lazy("Please use at most %(count)s characters.", count=MAX_PASSWORD)
    elif plain == username.casefold() or (username and username_key(password) == username_key(username)):
        sentence = lazy("The password must not be your user name.")
    elif plain in COMMON or len(set(plain)) < 3:
        sentence = lazy("This password is one of the first that others would try. Please choose another.")
    else:
        return
    raise Invalid(errors={field: [sentence]})
