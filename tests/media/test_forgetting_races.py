"""What is taken into use in the very moment in which it would be forgotten stays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from circle.core.db import db
from circle.core.operation import operation
from circle.core.storage import storage
from circle.media import operations, uploads
from circle.media.models import Media
from circle.posts import operations as posts
from circle.posts.operations import DraftContent
from tests import patience
from tests.factories import Make, Place

ACTS: dict[str, Callable[[Place, int], object]] = {
    "post": lambda place, media_id: posts.publish_post(place.ann, place.slug, body="早", media_ids=[media_id]),
    "draft": lambda place, media_id: posts.new_draft(place.ann, place.slug, DraftContent.of(media_ids=[media_id])),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_is_used_in_the_moment_of_being_forgotten_stays(app: Flask, make: Make, act: str) -> None:
    place = make.place()
    media_id = uploads.take_upload(place.ann, FileStorage(BytesIO(make.picture()), "a.png"), "post")
    key = db.session.get_one(Media, media_id).storage_key
    db.session.rollback()
    written, outcomes = threading.Event(), []

    @operation
    def use_it_slowly() -> None:
        ACTS[act](place, media_id)
        written.set()
        time.sleep(0.3)  # the job looks meanwhile, and waits

    def run(work: Callable[[], object]) -> None:
        with app.app_context():
            try:
                outcomes.append(work())
            except Exception as error:
                outcomes.append(error)
                written.set()
            finally:
                db.session.remove()

    def forget() -> int:
        written.wait(10)
        return operations.forget_unused([media_id])

    patience.at_once(run, (use_it_slowly, forget))
    assert sorted(map(repr, outcomes)) == ["0", "None"]
    assert db.session.get(Media, media_id) is not None
    assert storage().size(key)
