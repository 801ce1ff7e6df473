"""The two yardsticks: a view that returns constant JSON, and a plain page over the same database.

The plain page is what a Flask tutorial would write: one ORM select of 20 posts joined with their authors, one template
with 20 items. It has no session, no permissions, no languages. What the site costs is given as a multiple of it.
"""

from __future__ import annotations

import os
from datetime import datetime

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from jinja2 import DictLoader
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from circle.core.db import UTCDateTime, install_sqlite


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UTCDateTime}  # noqa: RUF012


class Author(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str]
    nickname: Mapped[str]


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    circle_id: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str]
    title: Mapped[str]
    body_html: Mapped[str]
    like_count: Mapped[int]
    comment_count: Mapped[int]
    published_at: Mapped[datetime]
    author: Mapped[Author] = relationship(lazy="joined", innerjoin=True)


PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>晨光圈</title></head><body><main>
{% for post in posts %}<article id="post-{{ post.id }}"><header><a href="/@{{ post.author.username }}">{{ post.author.nickname }}</a>
<time>{{ post.published_at.strftime("%Y-%m-%d %H:%M") }}</time></header>{% if post.title %}<h2>{{ post.title }}</h2>{% endif %}
<div>{{ post.body_html|safe }}</div><footer>{{ post.like_count }} · {{ post.comment_count }}</footer></article>
{% endfor %}</main></body></html>"""

app = Flask(__name__)
app.jinja_loader = DictLoader({"page.html": PAGE})
engine = create_engine(os.environ["CIRCLE_DATABASE_URL"], pool_size=32)
install_sqlite(engine, strict=False)
with Session(engine) as _session:
    CIRCLE = _session.scalars(select(Post.circle_id).limit(1)).one()


@app.get("/constant")
def constant() -> ResponseReturnValue:
    return {"hello": "circle"}


@app.get("/page")
def page() -> ResponseReturnValue:
    with Session(engine) as session:
        newest = select(Post).where(Post.circle_id == CIRCLE, Post.status == "published")
        posts = session.scalars(newest.order_by(Post.published_at.desc(), Post.id.desc()).limit(20)).all()
        return render_template("page.html", posts=posts)


@app.get("/healthz")
def healthz() -> ResponseReturnValue:
    return "ok"
