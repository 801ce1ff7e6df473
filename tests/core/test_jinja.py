"""Templates are compiled once per language, with everything constant worked out."""

from __future__ import annotations

import pytest
from flask import Flask, render_template
from flask_babel import force_locale
from jinja2 import DictLoader, nodes

from circle.core.jinja import LocalizedEnvironment


@pytest.fixture
def site(plain_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with a few templates of its own."""
    pages = {
        "plain.html": "{{ _('Comments') }}|{{ lang }}",
        "values.html": "{{ _('Hidden: %(reason)s', reason=why) }}",
        "counts.html": "{{ ngettext('%(num)s choice', '%(num)s choices', n) }}|"
        "{{ ngettext('%(count)s member', '%(count)s members', n, count=name) }}",
        "icons.html": "{{ icon('heart') }}{{ icon(name) }}",
        "outer.html": "{% include 'plain.html' %}",
        "shadow.html": "{% for _ in [1] %}{{ 1 }}{% endfor %}{{ url_for('home.person', username=name) }}",
        "plain.txt": "{{ _('Hidden: %(reason)s', reason=why) }}",
    }
    monkeypatch.setattr(plain_app.jinja_env, "loader", DictLoader(pages))
    return plain_app


def test_a_template_speaks_the_language_of_each_reader(site: Flask) -> None:
    with site.test_request_context():
        for _time in range(2):
            with force_locale("zh_Hans_CN"):
                assert (render_template("plain.html"), render_template("outer.html")) == ("评论|zh-CN", "评论|zh-CN")
            with force_locale("en"):
                assert (render_template("plain.html"), render_template("outer.html")) == ("Comments|en", "Comments|en")


def test_values_in_sentences_are_escaped_in_pages_and_not_in_plain_text(site: Flask) -> None:
    with site.test_request_context(), force_locale("en"):
        assert render_template("values.html", why="<b>%s & 100%") == "Hidden: &lt;b&gt;%s &amp; 100%"
        assert render_template("plain.txt", why="<b>") == "Hidden: <b>"


def test_numbers_take_their_form_of_each_language(site: Flask) -> None:
    environment = site.jinja_env
    with site.test_request_context():
        with force_locale("zh_Hans_CN"):
            assert render_template("counts.html", n=1, name="<1") == "1 个选项|&lt;1 位圈友"
            source = "{{ ngettext('%(num)s choice', '%(num)s choices', n) }}"
            assert not list(environment._parse(source, "counts.html", None).find_all(nodes.Call))
        with force_locale("en"):
            assert render_template("counts.html", n=1, name="1") == "1 choice|1 member"
            assert render_template("counts.html", n=2, name="2") == "2 choices|2 members"


def test_constant_icons_are_drawn_while_compiling_and_others_when_asked(site: Flask) -> None:
    environment = site.jinja_env
    assert isinstance(environment, LocalizedEnvironment)
    with site.test_request_context():
        page = render_template("icons.html", name="x<y")
        tree = environment._parse("{{ icon('heart') }}{{ icon(name) }}", "icons.html", None)
    assert "#heart" in page and "#x&lt;y" in page
    assert len(list(tree.find_all(nodes.Call))) == 1


def test_an_address_with_a_value_is_built_when_it_is_asked_for(site: Flask) -> None:
    with site.test_request_context():
        assert render_template("shadow.html", name="文燕").endswith("/@%E6%96%87%E7%87%95")
