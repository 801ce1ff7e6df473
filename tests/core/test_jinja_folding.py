"""What is worked out while compiling says what jinja would say when asked, whatever stands in a catalogue."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import pytest
from flask import Flask, render_template
from flask.templating import Environment
from flask_babel import force_locale, get_domain
from jinja2 import DictLoader

PLURAL = "ngettext('%(num)s reply', '%(num)s replies', n)"
EXPRESSIONS = {
    "sentence": "_('Comments')",
    "value": "_('Hidden: %(reason)s', reason=why)",
    "constant": "_('Hidden: %(reason)s', reason='<i>')",
    "twice": "_('%(reason)s', reason=_('Comments'))",
    "filtered": "_('Comments')|upper",
    "joined": "_('Comments') ~ why",
    "attribute": "'<a title=\"' ~ _('Comments') ~ why ~ '\">'",
    "gettext": "gettext('Comments')",
    "plural": PLURAL,
    "plural_named": "ngettext('%(num)s of %(who)s', '%(num)s by %(who)s', n, who=why)",
    "plural_renamed": "ngettext('%(num)s reply', '%(num)s replies', n, num=why)",
    "static": "url_for('static', filename='a&b.css')",
    "home": "url_for('home.index')",
    "queried": "url_for('home.index', next=why)",
    "icon": "icon('x<y', 's')",
}
PAGES = {f"{name}.{kind}": "{{ " + text + " }}" for name, text in EXPRESSIONS.items() for kind in ("html", "txt")}
HOSTILE = (
    "%(reason)s %(num)s %(who)s", "<b>&\"'%(reason)s</b>", "{{ 7 * 7 }} {% raw %} #}", "100%% %(reason)s", "100%",
    "%(other)s", "%s %d", "'\"\\ \n", "\x00\u2028", "Markup('x')", "}}{{ csrf_token() }}",
)  # fmt: skip


@pytest.fixture
def ask(plain_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, str]]:
    """`ask(page, language, translation, …)`: what our environment says, and what jinja's own says."""
    monkeypatch.setattr(plain_app.jinja_env, "loader", DictLoader(PAGES))
    plain_app.jinja_env.cache.clear()
    plain = Environment(plain_app, autoescape=plain_app.select_jinja_autoescape)
    plain.loader = DictLoader(PAGES)
    plain.globals.update(plain_app.jinja_env.globals)
    plain.filters.update(plain_app.jinja_env.filters)
    plain.add_extension("jinja2.ext.i18n")
    translations: Any = lambda: get_domain().get_translations()  # noqa: E731
    plain.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: translations().ugettext(text),
        ngettext=lambda one, many, n: translations().ungettext(one, many, n),
        newstyle=True,
    )

    def both(page: str, locale: str, translation: str | None = None, **values: Any) -> tuple[str, str]:
        with plain_app.test_request_context(), force_locale(locale), pytest.MonkeyPatch.context() as patch:
            if translation is not None:
                plain_app.jinja_env.cache.clear()
                catalogue = translations()._catalog
                for told in ("Comments", "Hidden: %(reason)s", "%(reason)s"):
                    patch.setitem(catalogue, told, translation)
                for one, form in product(("%(num)s reply", "%(num)s of %(who)s"), (0, 1)):
                    patch.setitem(catalogue, (one, form), translation)
            said = [
                _said(lambda: render_template(page, **values)),
                _said(lambda: plain.get_template(page).render(values)),
            ]
        plain_app.jinja_env.cache.clear()
        return said[0], said[1]

    return both


def _said(render: Callable[[], str]) -> str:
    try:
        return render()
    except (ValueError, KeyError, TypeError) as wrong:  # the pattern asks for what is not given
        return f"<{type(wrong).__name__}>"


@pytest.mark.parametrize("page", PAGES)
def test_a_folded_expression_says_what_jinja_says(ask: Callable[..., tuple[str, str]], page: str) -> None:
    for locale, why, number in product(("zh_Hans_CN", "en"), ("<b>%s & {{ 1 }}", "100%(n)s"), (0, 1, 2)):
        ours, jinjas = ask(page, locale, why=why, n=number)
        assert ours == jinjas


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith(("static", "home", "queried", "icon"))])
def test_no_translation_gets_out_of_its_place(ask: Callable[..., tuple[str, str]], page: str) -> None:
    for translation in HOSTILE:
        ours, jinjas = ask(page, "zh_Hans_CN", translation, why="<b>", n=2)
        assert ours == jinjas, translation


def test_a_bad_translation_spoils_only_the_page_that_says_it(plain_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    page = "{% if wanted %}{{ _('Comments') }}{% endif %}fine"
    monkeypatch.setattr(plain_app.jinja_env, "loader", DictLoader({"page.html": page}))
    with plain_app.test_request_context(), force_locale("zh_Hans_CN"):
        monkeypatch.setitem(get_domain().get_translations()._catalog, "Comments", "100%")
        assert render_template("page.html", wanted=False) == "fine"
        with pytest.raises(ValueError, match="incomplete format"):
            render_template("page.html", wanted=True)
    plain_app.jinja_env.cache.clear()


def test_threads_that_speak_two_languages_do_not_mix_them(plain_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {f"{number}.html": "{{ _('Comments') }}{% include 'in.html' %}" for number in range(20)}
    monkeypatch.setattr(plain_app.jinja_env, "loader", DictLoader(pages | {"in.html": "{{ lang }}"}))

    def told(order: tuple[int, str]) -> str:
        with plain_app.test_request_context(), force_locale(order[1]):
            return render_template(f"{order[0]}.html")

    orders = list(product(range(20), ("zh_Hans_CN", "en"))) * 4
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(told, orders))
    assert said == ["评论zh-CN" if locale != "en" else "Commentsen" for _number, locale in orders]


def test_what_macros_share_between_requests_holds_nothing_of_anybody(plain_app: Flask) -> None:
    """Macros that are imported without context are made once per process: whatever they keep is everybody's."""
    with plain_app.test_request_context():
        token = plain_app.jinja_env.globals["csrf_token"]()
        names = [name for name in plain_app.jinja_env.list_templates() if name.startswith("_macros/")]
        assert names
        for name in names:
            kept = vars(plain_app.jinja_env.get_template(name)._get_default_module())
            assert token not in repr({key: value for key, value in kept.items() if not callable(value)}), name
