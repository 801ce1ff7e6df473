"""What search engines are told of a public question: a schema.org QAPage, made of view rows as a visitor gets them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from circle.accounts.queries import Author
from circle.core.markup import plain_text
from circle.qa.queries import AnswerRow, QuestionRow


def qa_page(question: QuestionRow, answers: Sequence[AnswerRow], base_url: str) -> dict[str, Any]:
    """The QAPage of a question with its first answers. Nobody who is not named on the page is named in it."""
    post = question.post
    told: dict[str, Any] = {
        "@type": "Question",
        "name": post.title,
        "text": plain_text(post.body_html) or post.title,
        "url": base_url + question.url,
        "answerCount": post.answer_count,
        "upvoteCount": post.like_count,
        **_since(post.published_at),
        **_by(post.author, base_url),
    }
    if post.edited_at is not None:
        told["dateModified"] = post.edited_at.isoformat()
    others = [_answer(row, base_url) for row in answers if not row.accepted]
    accepted = [_answer(row, base_url) for row in answers if row.accepted]
    if accepted:
        told["acceptedAnswer"] = accepted[0]
    if others:
        told["suggestedAnswer"] = others
    return {"@context": "https://schema.org", "@type": "QAPage", "mainEntity": told}


def _answer(row: AnswerRow, base_url: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "@type": "Answer",
        "text": plain_text(row.body_html) or row.excerpt,
        "url": f"{base_url}{row.question_url}#answer-{row.id}",
        "upvoteCount": row.up,
        "downvoteCount": row.down,
        **_since(row.created_at),
        **_by(row.author, base_url),
    }
    if row.edited_at is not None:
        told["dateModified"] = row.edited_at.isoformat()
    return told


def _since(moment: datetime) -> dict[str, str]:
    # schema.org's own example says "created", the search engines ask for "published"
    return {"dateCreated": moment.isoformat(), "datePublished": moment.isoformat()}


def _by(author: Author, base_url: str) -> dict[str, Any]:
    if author.anonymous or author.url is None:  # not named, or gone
        return {}
    return {"author": {"@type": "Person", "name": author.nickname, "url": base_url + author.url}}
