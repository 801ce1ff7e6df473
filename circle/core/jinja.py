"""Templates compiled once per language.

What a template says is mostly constant: sentences, icons, addresses of static files. Looking each of them up again for
every card of every page costs more than the rest of the page. So a template is compiled for each language by itself,
and calls whose arguments are constants are answered while compiling:

    {{ _("Comments") }}  {{ icon("heart") }}  {{ url_for("static", filename="css/base.css") }}

`lang` is the language a template is compiled for. A sentence with values, `_("Like, %(count)s", count=n)`, becomes the
translated pattern and `%`; so does `ngettext` where the language has one form for all numbers. Nothing else changes:
what depends on a value, a person or a request is computed as before.
"""

from __future__ import annotations

import secrets
import threading
import weakref
from collections.abc import Callable, Hashable, MutableMapping, Sequence
from typing import Any, Protocol

from flask.templating import Environment
from flask_babel import get_domain, get_locale, gettext
from jinja2 import Template, nodes
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

_GETTEXT = {"_", "gettext"}
#: functions of constant arguments only, whose answers are the same in every request; by the name templates use
Constant = Callable[..., Any]


def lang_of(locale: object) -> str:
    """The language tag of a page: `lang` in templates."""
    return "zh-CN" if str(locale).startswith("zh") else "en"


class _Fold(NodeTransformer):
    def __init__(self, constants: dict[str, Constant], autoescape: bool) -> None:
        self._constants, self._autoescape = constants, autoescape

    def visit_Call(self, node: nodes.Call, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802 (jinja's name)
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.dyn_args or node.dyn_kwargs:
            return node
        name = node.node.name
        if name in _GETTEXT and len(node.args) == 1 and isinstance(node.args[0], nodes.Const):
            return self._sentence(node, gettext(str(node.args[0].value)), node.kwargs)
        if name == "ngettext" and len(node.args) == 3 and _counts_alike():
            one, many, number = node.args
            if isinstance(one, nodes.Const) and isinstance(many, nodes.Const):
                told = get_domain().get_translations().ngettext(str(one.value), str(many.value), 2)
                if told != str(many.value):  # else it is not translated, and English counts
                    values = [nodes.Keyword("num", number), *node.kwargs]
                    return self._sentence(node, told, values)
        given = [*node.args, *(keyword.value for keyword in node.kwargs)]
        if name in self._constants and all(isinstance(one, nodes.Const) for one in given):
            values = [one.value for one in node.args]  # type: ignore[attr-defined]
            named = {keyword.key: keyword.value.value for keyword in node.kwargs}  # type: ignore[attr-defined]
            made = self._constants[name](*values, **named)
            return node if made is None else nodes.Const(made, lineno=node.lineno)
        return node

    def visit_Name(self, node: nodes.Name, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802 (jinja's name)
        if node.name == "lang" and node.ctx == "load":
            return nodes.Const(lang_of(get_locale()), lineno=node.lineno)
        return node

    def _sentence(self, node: nodes.Call, told: str, values: Sequence[nodes.Keyword]) -> nodes.Node:
        if self._autoescape:
            told = Markup(told)  # noqa: S704 (catalogues are ours; jinja does the same at run time)
        if not values:
            try:
                return nodes.Const(told % {}, lineno=node.lineno)
            except (ValueError, TypeError, KeyError):  # a bad translation spoils the page that says it, not every page
                return node
        pairs = [nodes.Pair(nodes.Const(keyword.key), keyword.value) for keyword in values]
        return nodes.Mod(nodes.Const(told), nodes.Dict(pairs), lineno=node.lineno)


def _counts_alike() -> bool:
    """Whether the language has one form for every number, as Chinese has."""
    locale = get_locale()
    return locale is not None and not locale.plural_form.tags


class Drawn(Protocol):
    """What a remembered macro draws: frozen, and equal to another exactly when both look alike."""

    @property
    def drawn_from(self) -> Hashable: ...


class _Order:
    """One drawing that is wanted; equal orders get the same drawing."""

    __slots__ = ("_hash", "_key")

    def __init__(self, key: Hashable) -> None:
        self._key, self._hash = key, hash(key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Order) and self._key == other._key


class _Shelf:
    """The drawings used last, at most `room` characters of them: a number of drawings would bound nothing, for one may
    be a hundred times as long as another.

    It has two halves; when the newer one is full, the older one is thrown away.
    """

    def __init__(self, room: int) -> None:
        self._half, self._filled, self._filling = room // 2, 0, threading.Lock()
        self._new: dict[_Order, str] = {}
        self._old: dict[_Order, str] = {}

    def get(self, order: _Order) -> str | None:
        found = self._new.get(order)
        if found is None and (found := self._old.get(order)) is not None:
            self.put(order, found)
        return found

    def put(self, order: _Order, html: str) -> None:
        with self._filling:
            if self._filled + len(html) > self._half:
                self._old, self._new, self._filled = self._new, {}, 0
            if len(html) <= self._half and order not in self._new:
                self._new[order] = html
                self._filled += len(html)

    def __len__(self) -> int:
        return sum(map(len, self._new.values())) + sum(map(len, self._old.values()))


class Remembered:
    """A macro that is not worked out again for what it has drawn already.

    A page shows the same cards to everybody, and Python draws them slowly. `subject.drawn_from` holds all values that
    the macro shows, also what this reader may do and likes; together with the language, whether somebody is signed in,
    the time as it is told and the arguments it decides the drawing. So nobody can be shown what is not theirs: a
    drawing is only given to whoever's own data would make exactly this one. The reader's CSRF token is put in
    afterwards, in place of a mark that no text can hold.
    """

    def __init__(self, env: Environment, template: str, macro: str, room: int = 8_000_000) -> None:
        self._environment, self._template, self._macro = env, template, macro
        self._mark = secrets.token_hex(24)
        self._shelf = _Shelf(room)

    def __call__(self, subject: Drawn, token: str | None, besides: Hashable, *arguments: Any) -> Markup:
        """The drawing of `subject`. `token` is the CSRF token, None for a visitor; `besides` is what else it shows: the
        language, and the time as it is told now."""
        key = (token is not None, besides, arguments, subject.drawn_from)
        order = _Order(key)
        html = self._shelf.get(order)
        if html is None:
            html = self._drawn(subject, token is not None, *arguments)
            self._shelf.put(order, html)
        return Markup(html if token is None else html.replace(self._mark, token))  # noqa: S704 (made by the template)

    def _drawn(self, subject: Drawn, signed_in: bool, *arguments: Any) -> str:
        template = self._environment.get_template(self._template)
        module: Any = template.make_module({"me": signed_in, "given_token": self._mark if signed_in else ""})
        return str(getattr(module, self._macro)(subject, *arguments))


class _Template(Template):
    """A template whose macros, imported without context, are made once: jinja compares two sets of names before."""

    def _get_default_module(self, ctx: Context | None = None) -> Any:
        return super()._get_default_module(None)


class LocalizedEnvironment(Environment):
    """Flask's environment, with every template compiled for the language that asks for it first."""

    template_class = _Template
    #: filled by the composition root; a function that answers None leaves its call to run time
    constants: dict[str, Constant]

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self.constants = {}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        escaped = self.autoescape if isinstance(self.autoescape, bool) else self.autoescape(name)
        folded: nodes.Template = _Fold(self.constants, escaped).visit(tree)
        return folded

    def _load_template(self, name: str, globals: MutableMapping[str, Any] | None) -> Template:
        # as jinja's own, with the language as part of the key
        if self.loader is None or self.cache is None:
            return super()._load_template(name, globals)
        locale = get_locale()
        key: Any = (weakref.ref(self.loader), locale.language if locale else "", name)
        template = self.cache.get(key)
        if template is not None and (not self.auto_reload or template.is_up_to_date):
            if globals:
                template.globals.update(globals)
            return template
        template = self.loader.load(self, name, self.make_globals(globals))
        self.cache[key] = template
        return template
