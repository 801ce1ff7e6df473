"""E-mail addresses: how they are read, and what makes two of them the same."""

from __future__ import annotations

import re
import unicodedata

from circle.core.errors import Invalid
from circle.core.i18n import lazy

MAX_LENGTH = 254
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def check_address(raw: str, *, field: str = "email") -> str:
    """The address as mail is sent to it. Full-width signs of Chinese keyboards are read as what they mean, and names of
    domains in other scripts as they are written on the wire. Raises Invalid for `field`."""
    address = unicodedata.normalize("NFKC", raw).replace("。", ".").strip()
    local, _at, domain = address.rpartition("@")
    try:
        domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        domain = ""
    labels = domain.split(".")
    good = (
        _LOCAL.fullmatch(local) and len(local) <= 64 and len(labels) >= 2 and all(map(_LABEL.fullmatch, labels))
        and not labels[-1].isdigit() and len(local) + 1 + len(domain) <= MAX_LENGTH
    )  # fmt: skip
    if not good:
        raise Invalid(errors={field: [lazy("This does not look like an e-mail address.")]})
    return f"{local}@{domain}"


def address_key(address: str) -> str:
    """What is unique about an address: nobody sane has two that differ in case only."""
    return address.lower()
