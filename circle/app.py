"""The composition root: `create_app` joins settings, extensions, features, reactions and error handling.

Nothing else builds or wires anything; a newcomer who asks "where does X come from" finds it here.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, g, render_template, request
from flask_babel import Babel
from flask_login import LoginManager, current_user
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from circle import reactions
from circle.accounts import api as accounts_api
from circle.accounts import jobs as accounts_jobs
from circle.accounts import losses, tokens
from circle.accounts import queries as accounts_queries
from circle.accounts import web as accounts_web
from circle.checkins import api as checkins_api
from circle.checkins import jobs as checkins_jobs
from circle.checkins import web as checkins_web
from circle.circles import api as circles_api
from circle.circles import web as circles_web
from circle.cli import register_commands
from circle.config import ROOT, Settings, SettingsError, load
from circle.core import (
    api,
    arrival,
    events,
    health,
    housekeeping,
    ids,
    lettering,
    mail,
    openapi,
    operation,
    pagination,
    storage,
    web,
)
from circle.core.api import ApiBlueprint
from circle.core.db import db, install_sqlite
from circle.core.errors import BadRequest, CircleError, NotFound, TooLarge, Unauthenticated, Unavailable
from circle.core.i18n import compile_catalogues, lazy
from circle.core.jinja import LocalizedEnvironment
from circle.core.limits import Limiter
from circle.core.spool import SpoolingRequest
from circle.core.storage_s3 import S3Address, S3Storage
from circle.core.turns import Turns
from circle.home import jobs as home_jobs
from circle.home import web as home_web
from circle.ledger import jobs as ledger_jobs
from circle.ledger import queries as ledger_queries
from circle.live import api as live_api
from circle.live import web as live_web
from circle.media import api as media_api
from circle.media import jobs as media_jobs
from circle.media import quota
from circle.media import web as media_web
from circle.notifications import api as notifications_api
from circle.notifications import jobs as notifications_jobs
from circle.notifications import queries as notifications_queries
from circle.notifications import web as notifications_web
from circle.points import api as points_api
from circle.points import jobs as points_jobs
from circle.points import web as points_web
from circle.points.queries.ageing import losses_of
from circle.posts import api as posts_api
from circle.posts import jobs as posts_jobs
from circle.posts import web as posts_web
from circle.qa import api as qa_api
from circle.qa import jobs as qa_jobs
from circle.qa import web as qa_web
from circle.templating import register_templating
from circle.topics import api as topics_api
from circle.topics import web as topics_web

log = structlog.get_logger(__name__)

#: JSON and ordinary forms; routes that take files say more with `core.web.takes_body`
MAX_BODY = 1024 * 1024

#: in the order of the import rule. `home` comes last: its /<slug> is the widest address
WEB = (
    health.bp,
    openapi.bp,
    accounts_web.bp,
    media_web.bp,
    notifications_web.bp,
    circles_web.bp,
    points_web.bp,
    topics_web.bp,
    posts_web.bp,
    qa_web.bp,
    checkins_web.bp,
    live_web.bp,
    home_web.bp,
)
API: tuple[ApiBlueprint, ...] = (
    accounts_api.bp,
    circles_api.bp,
    media_api.bp,
    notifications_api.bp,
    points_api.bp,
    topics_api.bp,
    posts_api.bp,
    qa_api.bp,
    checkins_api.bp,
    live_api.bp,
)

#: features with work of their own; importing these modules registers it (core.jobs)
JOBS = (
    housekeeping,
    accounts_jobs,
    media_jobs,
    ledger_jobs,
    points_jobs,
    posts_jobs,
    qa_jobs,
    checkins_jobs,
    notifications_jobs,
    home_jobs,
)

csrf = CSRFProtect()


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application from `settings` (default: the environment)."""
    settings = settings or load()
    app = Flask(
        "circle",
        root_path=str(ROOT / "circle"),
        static_folder=str(ROOT / "static"),
        template_folder=str(ROOT / "templates"),
    )
    app.jinja_environment = LocalizedEnvironment
    app.json = api.JsonAnswers(app)
    app.request_class = SpoolingRequest
    app.config.update(_flask_config(settings))
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, settings.proxies, settings.proxies, settings.proxies)  # type: ignore[method-assign]
    _configure_logging(settings)
    ids.configure(settings.node, settings.data_dir)
    pagination.configure(settings.secret_key)
    storage.configure(settings.secret_key)
    tokens.configure(settings.secret_key)
    lettering.configure(settings.font_paths)
    events.install(reactions.REACTIONS)
    _install_database(app, settings)
    app.extensions["circle_storage"] = _storage(settings)
    quota.configure(settings.media_quota_mb * 1024 * 1024)
    losses.configure(losses_of)
    health.tell("ledger", ledger_queries.health)
    app.extensions["circle_mailer"] = mail.make_mailer(settings.mail_url)
    app.extensions["circle_limiter"] = Limiter(settings.redis_url, enabled=settings.rate_limits)
    app.extensions["circle_live"] = live_web.make_hub(app, limit=settings.live_streams)
    app.extensions["circle_authenticate"] = accounts_queries.actor_of_token
    compile_catalogues()
    Babel(app, locale_selector=web.choose_locale, default_translation_directories="translations")
    app.url_map.converters.update(id=web.IdConverter, slug=web.SlugConverter)
    _install_requests(app)
    if settings.s3_url and settings.s3_presign:
        _allow_origin(app, _bucket(settings.s3_url).origin)
    _install_sign_in(app)
    _install_errors(app)
    register_templating(app)
    for blueprint in (*WEB, *API):
        app.register_blueprint(blueprint)
    for blueprint in API:
        csrf.exempt(blueprint)  # the API never reads the cookie, so there is nothing to forge
    csrf.exempt(notifications_web.submit_unsubscribe)  # a mail program has no page; the signed address is what counts
    register_commands(app)
    return app


def _storage(settings: Settings) -> storage.Storage:
    if settings.s3_url is None:
        return storage.LocalStorage(settings.media_dir)
    return S3Storage(_bucket(settings.s3_url), presign=settings.s3_presign)


def _bucket(url: str) -> S3Address:
    try:
        return S3Address.parse(url)
    except ValueError as error:
        raise SettingsError(f"CIRCLE_S3_URL: {error}") from None


def _flask_config(settings: Settings) -> dict[str, Any]:
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "TESTING": settings.testing,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(settings.database_url),
        "MAX_CONTENT_LENGTH": MAX_BODY,
        "MAX_FORM_PARTS": 200,
        "SESSION_COOKIE_NAME": "circle",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.base_url.startswith("https:"),
        "PERMANENT_SESSION_LIFETIME": 30 * 86400,
        "WTF_CSRF_TIME_LIMIT": None,
        "BABEL_DEFAULT_LOCALE": settings.locale,
        "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
        # a bug becomes a 500 answer with an incident number in every environment, so tests see what members see
        "PROPAGATE_EXCEPTIONS": False,
    }


def _engine_options(url: str) -> dict[str, Any]:
    # one connection per server thread; the default of 5 would make threads wait for each other. SQLite's are taken last
    # in, first out: the one that was used last has in its memory what is needed next, any other has to read it again
    own = {"pool_use_lifo": True} if url.startswith("sqlite") else {"pool_pre_ping": True}
    return {"pool_size": 32, "max_overflow": 8, **own}


def _install_database(app: Flask, settings: Settings) -> None:
    path = settings.database_url.removeprefix("sqlite:///")
    if settings.database_url.startswith("sqlite:///") and path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True, compare_type=True)
    with app.app_context():
        install_sqlite(db.engine, strict=not settings.production)
        if db.engine.dialect.name == "sqlite":
            app.extensions["circle_turns"] = Turns  # the server's settings put it in front of its threads


def _configure_logging(settings: Settings) -> None:
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not settings.production:
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if settings.production else _keep,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


def _keep(_logger: Any, _name: str, event: Any) -> Any:
    return event


# ---- requests ------------------------------------------------------------------------------------------------


def _install_requests(app: Flask) -> None:
    app.before_request(arrival.note_arrival)
    app.before_request(web.begin_request)
    app.before_request(api.begin_api_request)

    @app.before_request
    def allow_larger_body() -> None:
        view = app.view_functions.get(request.endpoint or "")
        size = getattr(view, "max_body", None)
        # a form is read before the view asks who sent it, so strangers are not read at such length
        if size is not None and _is_known():
            request.max_content_length = size

    app.before_request(web.check_form)  # after the size is known: these two read the form
    csrf.init_app(app)
    app.after_request(web.finish_response)

    @app.url_defaults
    def version_static(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "filename" in values:
            values.setdefault("v", _static_version(values["filename"]))

    @app.after_request
    def cache_static(response: Response) -> Response:
        version = request.args.get("v")
        if not version or request.endpoint != "static" or response.status_code not in {200, 304}:
            return response
        if version == _static_version((request.view_args or {}).get("filename", "")):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def _allow_origin(app: Flask, origin: str) -> None:
    """Let pages show pictures and play recordings that come from the bucket itself."""
    policy = web.CONTENT_SECURITY_POLICY
    for directive in ("img-src", "media-src"):
        policy = policy.replace(directive, f"{directive} {origin}", 1)

    @app.after_request  # runs before web.finish_response, which sets only what is missing
    def allow(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


@cache
def _static_version(filename: str) -> str | None:
    path = ROOT / "static" / filename
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else None


def _install_sign_in(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # the session row is what is revoked; a changing phone address must not sign out
    manager.user_loader(accounts_web.load_browser_user)

    @app.context_processor
    def who() -> dict[str, Any]:
        if not getattr(current_user, "is_authenticated", False):
            return {"me": None}
        if "me" not in g:
            g.me = current_user._get_current_object()  # templates ask it often; the proxy looks it up each time
            g.me.count_unread = notifications_queries.unread_count
        return {"me": g.me}


# ---- errors --------------------------------------------------------------------------------------------------


_PAGE_SENTENCES = {
    400: lazy("The request could not be understood."),
    405: lazy("This address cannot be used in that way."),
}


def _install_errors(app: Flask) -> None:
    @app.errorhandler(CircleError)
    def refused(error: CircleError) -> AnyResponse:
        return api.problem(error) if _is_api() else web.error_answer(error, render_template)

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> AnyResponse:
        return refused(BadRequest(lazy("This form was open for too long. Please go back, reload and send it again.")))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> AnyResponse:
        if 300 <= (error.code or 500) < 400:
            return error.get_response()  # type: ignore[return-value]
        if _is_api():
            return api.http_problem(error)
        kinds = {404: NotFound(), 413: TooLarge()}
        known = kinds.get(error.code or 500) or CircleError(error.description)
        known.status = error.code or 500
        known.sentence = _PAGE_SENTENCES.get(error.code or 500, known.sentence)
        answer = web.error_answer(known, render_template)
        if "Allow" in (headers := dict(error.get_headers())):
            answer.headers["Allow"] = headers["Allow"]
        return answer

    @app.errorhandler(Exception)
    def bug(error: Exception) -> AnyResponse:
        if isinstance(error, OperationalError) and "locked" in str(error.orig):
            return refused(Unavailable(retry_after=2))
        number = g.get("request_id", secrets.token_hex(4))[:8]
        log.error("incident", number=number, path=request.path, exc_info=error)
        operation.abandon()
        g.locale = app.config["SETTINGS"].locale
        if _is_api():
            return api.internal_problem(number)
        # the page must not depend on anything that may just have failed
        g.me = None
        return Response(render_template("errors/500.html", incident=number), 500)


def _is_known() -> bool:
    try:
        return (api.actor() if _is_api() else web.actor()).signed_in
    except Unauthenticated:  # said by the view, in its own order
        return False


def _is_api() -> bool:
    return request.path.startswith("/api/")
