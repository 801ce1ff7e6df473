"""Templates compiled once per language.

What a template says is mostly constant: sentences, icons, addresses of static files. Looking each of them up again for
every card of every page costs more than the rest of the page. So a template is compiled for each language by itself,
and calls whose arguments are constants are answered while compiling:

    {{ _("Comments") }}  {{ icon("heart") }}  {{ url_for("static", filename="css/base.css") }}

`lang` is the language a template is compiled for. A sentence with values, `_("Like, %(count)s", count=n)`, becomes the
translated pattern and `%`. Nothing else changes: what depends on a value, a person or a request is computed as before.
"""

from __future__ import annotations

import secrets
import weakref
from collections.abc import Callable, Hashable, MutableMapping
from functools import lru_cache
from typing import Any, Protocol

from flask.templating import Environment
from flask_babel import get_locale, gettext
from jinja2 import Template, nodes
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
            return self._sentence(node, str(node.args[0].value))
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

    def _sentence(self, node: nodes.Call, message: str) -> nodes.Node:
        told: str = gettext(message)
        if self._autoescape:
            told = Markup(told)  # noqa: S704 (catalogues are ours; jinja does the same at run time)
        if not node.kwargs:
            return nodes.Const(told % {}, lineno=node.lineno)
        pairs = [nodes.Pair(nodes.Const(keyword.key), keyword.value) for keyword in node.kwargs]
        return nodes.Mod(nodes.Const(told), nodes.Dict(pairs), lineno=node.lineno)


class Drawn(Protocol):
    """What a remembered macro draws: frozen, and equal to another exactly when both look alike."""

    @property
    def drawn_from(self) -> Hashable: ...


class _Order:
    """One drawing that is wanted; equal orders get the same drawing."""

    __slots__ = ("_hash", "_key", "subject")

    def __init__(self, key: Hashable, subject: Drawn) -> None:
        self._key, self._hash, self.subject = key, hash(key), subject

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Order) and self._key == other._key


class Remembered:
    """A macro that is not worked out again for what it has drawn already.

    A page shows the same cards to everybody, and Python draws them slowly. `subject.drawn_from` holds all values that
    the macro shows, also what this reader may do and likes; together with the language, whether somebody is signed in,
    the time as it is told and the arguments it decides the drawing. So nobody can be shown what is not theirs: a
    drawing is only given to whoever's own data would make exactly this one. The reader's CSRF token is put in
    afterwards, in place of a mark that no text can hold.
    """

    def __init__(self, env: Environment, template: str, macro: str, size: int = 1000) -> None:
        self._environment, self._template, self._macro = env, template, macro
        self._mark = secrets.token_hex(24)
        self._draw = lru_cache(maxsize=size)(self._drawn)

    def __call__(self, subject: Drawn, token: str | None, besides: Hashable, *arguments: Any) -> Markup:
        """The drawing of `subject`. `token` is the CSRF token, None for a visitor; `besides` is what else it shows: the
        language, and the time as it is told now."""
        key = (token is not None, besides, arguments, subject.drawn_from)
        html = self._draw(_Order(key, subject), token is not None, *arguments)
        return Markup(html if token is None else html.replace(self._mark, token))  # noqa: S704 (made by the template)

    def _drawn(self, order: _Order, signed_in: bool, *arguments: Any) -> str:
        template = self._environment.get_template(self._template)
        module: Any = template.make_module({"me": signed_in, "given_token": self._mark if signed_in else ""})
        return str(getattr(module, self._macro)(order.subject, *arguments))


class LocalizedEnvironment(Environment):
    """Flask's environment, with every template compiled for the language that asks for it first."""

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
