"""The two yardsticks: a view that returns constant JSON, and a plain page over the same database.

The plain page is what a Flask tutorial would write with the models at hand: one ORM select of the 20 newest posts joined
with their authors, one template with 20 items. It has no session, no permissions, no likes, no menus and no languages.
What the site costs is given as a multiple of it.
"""

from __future__ import annotations

import os

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from jinja2 import DictLoader
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

import circle.app  # noqa: F401  (all tables, so that foreign keys find theirs)
from circle.accounts.models import User
from circle.circles.models import Circle
from circle.core.db import install_sqlite
from circle.posts.models import Post

PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>晨光圈</title></head><body><main>
{% for post, author in rows %}<article id="post-{{ post.id }}"><header><a href="/@{{ author.username }}">{{ author.nickname }}</a>
<time>{{ post.published_at.strftime("%Y-%m-%d %H:%M") }}</time></header>{% if post.title %}<h2>{{ post.title }}</h2>{% endif %}
<div>{{ post.body_html|safe }}</div><footer>{{ post.like_count }} · {{ post.comment_count }}</footer></article>
{% endfor %}</main></body></html>"""

app = Flask(__name__)
app.jinja_loader = DictLoader({"page.html": PAGE})
engine = create_engine(os.environ["CIRCLE_DATABASE_URL"], pool_size=32)
install_sqlite(engine, strict=False)
with Session(engine) as _session:
    CIRCLE = _session.scalars(select(Circle.id)).one()


@app.get("/constant")
def constant() -> ResponseReturnValue:
    return {"hello": "circle"}


@app.get("/page")
def page() -> ResponseReturnValue:
    with Session(engine) as session:
        newest = select(Post, User).join(User, User.id == Post.author_id)
        newest = newest.where(Post.circle_id == CIRCLE, Post.status == "published")
        rows = session.execute(newest.order_by(Post.published_at.desc(), Post.id.desc()).limit(20)).all()
        return render_template("page.html", rows=rows)


@app.get("/healthz")
def healthz() -> ResponseReturnValue:
    return "ok"
