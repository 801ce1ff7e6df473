"""One-click unsubscribing as RFC 8058 has it, held against published cases, and as mail programs send it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from circle.notifications import operations, queries
from circle.notifications.operations import Choice
from circle.notifications.unsubscribing import unsubscribe_path
from circle.posts import operations as posts
from tests.clients import outside
from tests.factories import Make, Place
from tests.mailserver import MailServer
from tests.notifications.test_mail import box, give_address, mails, run_later

__all__ = ["box"]


@pytest.fixture
def place(make: Make) -> Place:
    made = make.place()
    give_address(made.users["ann"])
    return made


def understood(unsubscribe: str, post: str | None) -> dict[str, str]:
    """What a mail program makes of the two headers."""
    addresses = re.findall(r"<([^>]+)>", unsubscribe)
    web = [address for address in addresses if address.startswith("https://")]
    if web:
        return {"kind": "OneClick" if post == "List-Unsubscribe=One-Click" else "HttpLink", "url": web[0]}
    return {"kind": "Mailto", "address": addresses[0].removeprefix("mailto:")}


def test_the_headers_are_those_of_one_click(place: Place, make: Make, box: MailServer, shared_data: Path) -> None:
    vectors = json.loads((shared_data / "conformance/http/rfc8058-one-click-unsubscribe.json").read_text())
    for case in vectors["cases"]:
        assert understood(case["list_unsubscribe"], case["list_unsubscribe_post"]) == case["expected"], case["name"]
    posts.write_comment(place.bob, make.post(place), body="真好")
    run_later()
    sent = box.newest()
    assert [len(sent.get_all(name, [])) for name in ("List-Unsubscribe", "List-Unsubscribe-Post")] == [1, 1]
    # this site is tested without https; a real one has it
    address = sent["List-Unsubscribe"].replace("http://", "https://")
    assert understood(address, sent["List-Unsubscribe-Post"])["kind"] == "OneClick"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_either_kind_of_body_unsubscribes_without_a_redirect_and_scanners_do_not(
    app: Flask, place: Place, make: Make, kind: str
) -> None:
    path = unsubscribe_path(place.users["ann"].id, "replies")
    http = app.test_client()
    for method in (http.get, http.head):
        assert outside(method, path).status_code == 200
    assert mails(place.ann, "replies", make)
    answer = outside(http.post, path, data={"List-Unsubscribe": "One-Click"}, content_type=kind)
    assert (answer.status_code, answer.headers.get("Set-Cookie")) == (200, None)
    assert not mails(place.ann, "replies", make)


def test_a_way_out_stops_mails_of_its_own_person_and_nothing_else(app: Flask, place: Place, make: Make) -> None:
    before = queries.settings_of(place.bob)
    operations.choose_settings(place.ann, {"replies": Choice(inbox=False, mail=False)})
    outside(app.test_client().post, unsubscribe_path(place.users["ann"].id, "all"))
    assert queries.settings_of(place.bob) == before
    chosen: dict[str, Any] = {row.category: row for row in queries.settings_of(place.ann).categories}
    assert not any(row.mail for row in chosen.values())
    assert [name for name, row in chosen.items() if not row.inbox] == ["replies"]  # the inbox stays as it was
