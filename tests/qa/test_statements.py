"""What is done most often costs a fixed number of statements."""

from __future__ import annotations

from flask import Flask

from circle.qa import operations as qa
from tests.factories import Make
from tests.qa.questioning import ask


def test_a_vote_is_six_statements_and_one_that_changes_nothing_four(
    app: Flask, make: Make, statements: list[str]
) -> None:
    place = make.place()
    mod, answer = place.mod, qa.write_answer(place.bob, ask(place), body="先把手机放到另一个房间。")
    for value, most in ((1, 6), (1, 4), (-1, 6), (0, 6), (0, 4)):
        statements.clear()
        qa.vote(mod, answer, value=value)
        assert len(statements) <= most, statements
