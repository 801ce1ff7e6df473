"""Several processes on one SQLite file, as several web workers are: no like is lost, and nobody hears "locked"."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from circle.access import Actor
from circle.app import create_app
from circle.config import Settings
from circle.core.db import db
from circle.posts import operations as posts
from circle.posts.models import Post
from circle.posts.operations.counting import recount
from tests.factories import Make, actor_of

PROCESSES = 4


def like_in_a_process(settings: Settings, fans: list[Actor], post_id: int) -> int:
    """What one process does: every fan likes, takes it back, and likes again. Returns how many likes it saw last."""
    app = create_app(settings)
    with app.app_context():
        for fan in fans:
            for on in (True, False, True):
                seen = posts.like_post(fan, post_id, on=on).like_count
        db.session.remove()
        db.engine.dispose()
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_likes_from_several_processes_are_all_counted(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    fans = [actor_of(make.member(place.circle)) for _fan in range(PROCESSES * 5)]
    settings = replace(app.config["SETTINGS"], database_url=app.config["SQLALCHEMY_DATABASE_URI"])
    db.session.rollback()
    context: Any = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(PROCESSES, mp_context=context)
    try:
        running = [
            pool.submit(like_in_a_process, settings, fans[number::PROCESSES], post_id) for number in range(PROCESSES)
        ]
        assert max(each.result(timeout=120) for each in running) == len(fans)
    finally:
        # the pool itself would wait without end for one that hangs
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
    db.session.expire_all()
    post = db.session.get_one(Post, post_id)
    assert (post.like_count, post.engagement) == (len(fans), len(fans))
    assert post.hot_score == recount(post_id).hot_score
