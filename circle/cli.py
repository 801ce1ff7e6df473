"""Commands of the operator, beside Flask's own: `flask serve`, `worker`, `jobs`, `audit`, `ledger`, `checkins`,
`accounts`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import timedelta

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from circle import serve
from circle.accounts import leaving
from circle.accounts import operations as accounts
from circle.accounts.models import User
from circle.accounts.usernames import username_key
from circle.checkins import checking as checkins
from circle.checkins.models import Campaign
from circle.circles.models import Circle
from circle.core import audit, jobs
from circle.core import worker as worker_loop
from circle.core.audit import AuditHead
from circle.core.db import db
from circle.core.errors import CircleError
from circle.demo import load as demo
from circle.ledger.checking import Checked
from circle.ledger.queries import circles_with_books
from circle.points.checking import check_and_keep


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def _demo_sign_ins() -> list[str]:
    """What a newcomer is told, when the demo is what the database holds."""
    people = demo.sign_ins()
    wanted = [username_key(username) for username, _nickname, _role in people]
    if len(db.session.scalars(select(User.id).where(User.username_key.in_(wanted))).all()) < len(wanted):
        return []
    return [
        f"  sign in as {username} ({nickname}, {role}), password {demo.PASSWORD}" for username, nickname, role in people
    ]


@click.command("serve")
@click.option("--host", default=serve.HOST, show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, envvar="CIRCLE_PORT", type=click.IntRange(1, 65535))
@click.option(
    "--demo/--no-demo", "with_demo", default=True, help="Load the demo into an empty database (never in production)."
)
@with_appcontext
def serve_command(host: str, port: int, with_demo: bool) -> None:
    """Prepare the database and start the site with its job worker, until Ctrl-C. The demo is not for production."""
    app = _app()
    with_demo = with_demo and not app.config["SETTINGS"].production
    try:
        code = serve.run(
            app,
            host=host,
            port=port,
            echo=click.echo,
            load_demo=demo.load_demo if with_demo else None,
            sign_ins=_demo_sign_ins if with_demo else None,
        )
    except serve.ServeError as error:
        raise click.ClickException(str(error)) from error
    sys.exit(code)


@click.command("worker")
@click.option("--once", is_flag=True, help="Run what is due, then stop.")
@click.option(
    "--lease",
    default=int(jobs.LEASE.total_seconds()),
    show_default=True,
    type=click.IntRange(3, 3600),
    help="Seconds after which the job of a silent worker is taken over; the same for all workers.",
)
@with_appcontext
def worker(once: bool, lease: int) -> None:
    """Run jobs until stopped."""
    try:
        worker_loop.run(_app(), once=once, lease=timedelta(seconds=lease))
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error


@click.group("jobs", invoke_without_command=True)
@click.pass_context
@with_appcontext
def jobs_group(context: click.Context) -> None:
    """Show how many jobs there are and which were given up."""
    if context.invoked_subcommand is not None:
        return
    counts = jobs.counts()
    for status in ("pending", "leased", "done", "dead"):
        click.echo(f"{status:<8} {counts.get(status, 0):>8}")
    for each in jobs.dead():
        arguments = ", ".join(json.dumps(argument, ensure_ascii=False) for argument in each.args)
        click.echo(f"\n{each.id}  {each.name}({arguments})  {each.attempts} attempts\n    {each.error}")


@jobs_group.command("retry")
@click.argument("id_", metavar="ID", type=int)
@with_appcontext
def jobs_retry(id_: int) -> None:
    """Let the dead job ID start over."""
    if not jobs.retry(id_):
        raise click.ClickException(f"no dead job has the id {id_}")
    click.echo(f"{id_}: waits to be run again")


@click.group("audit")
def audit_group() -> None:
    """The audit log."""


@audit_group.command("verify")
@click.argument("streams", metavar="STREAM...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Verify every stream.")
@with_appcontext
def audit_verify(streams: Sequence[str], every: bool) -> None:
    """Recompute the chain of each STREAM (site, or circle:<id>); exits 1 when an entry does not fit."""
    if every == bool(streams):
        raise click.UsageError("name streams (site, circle:<id>), or say --all")
    if every:
        streams = db.session.scalars(select(AuditHead.stream).order_by(AuditHead.stream)).all()
    broken = False
    for stream in streams:
        first = audit.verify(stream)
        broken |= first is not None
        click.echo(f"{stream}: whole" if first is None else f"{stream}: broken at entry {first}", err=first is not None)
    if broken:
        sys.exit(1)


@click.group("ledger")
def ledger_group() -> None:
    """The books of points and growth."""


@ledger_group.command("check")
@click.argument("slugs", metavar="SLUG...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Check every circle.")
@with_appcontext
def ledger_check(slugs: Sequence[str], every: bool) -> None:
    """Add up the books of each circle SLUG again; exits 1 when something does not add up. What is found is kept: it
    blocks what leaves the circle until a check finds nothing any more."""
    if every == bool(slugs):
        raise click.UsageError("name circles, or say --all")
    circles = _circles_named(slugs) if slugs else _circles_with_books()
    head, lines, wrong = ("circle", "accounts", "transactions", "entries", "points", "violations"), [], []
    for circle_id, slug in circles:
        checked = check_and_keep(circle_id)
        lines.append((slug, *_numbers(checked)))
        wrong += [f"{slug}: {violation}" for violation in checked.violations]
    width = max([len(head[0]), *(len(line[0]) for line in lines)])
    for slug, *numbers in (head, *lines):
        click.echo(f"{slug:<{width}}" + "".join(f"{number:>14}" for number in numbers))
    for violation in wrong:
        click.echo(violation, err=True)
    if wrong:
        sys.exit(1)


def _numbers(checked: Checked) -> tuple[str, ...]:
    numbers = (checked.accounts, checked.txns, checked.entries, checked.points, len(checked.violations))
    return tuple(map(str, numbers))


def _circles_named(slugs: Sequence[str]) -> list[tuple[int, str]]:
    names = select(Circle.id, Circle.slug).where(Circle.slug.in_(slugs))
    known = {slug: id_ for id_, slug in db.session.execute(names)}
    if missing := [slug for slug in slugs if slug not in known]:
        raise click.ClickException(f"there is no circle {', '.join(missing)}")
    return [(known[slug], slug) for slug in slugs]


def _circles_with_books() -> list[tuple[int, str]]:
    names = select(Circle.id, Circle.slug).where(Circle.id.in_(circles_with_books())).order_by(Circle.slug)
    return [(id_, slug) for id_, slug in db.session.execute(names)]


@click.group("checkins")
def checkins_group() -> None:
    """Check-in campaigns."""


@checkins_group.command("check")
@click.argument("slugs", metavar="SLUG...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Check every circle.")
@with_appcontext
def checkins_check(slugs: Sequence[str], every: bool) -> None:
    """Count the campaigns of each circle SLUG anew from their check-ins; exits 1 when one says something else."""
    if every == bool(slugs):
        raise click.UsageError("name circles, or say --all")
    circles = _circles_named(slugs) if slugs else _circles_with_campaigns()
    click.echo(f"{'campaign':<22}{'enrolled':>10}{'check-ins':>12}{'violations':>12}  circle")
    wrong = []
    for circle_id, slug in circles:
        for campaign_id in checkins.campaigns_of(circle_id):
            found = checkins.check_campaign(campaign_id)
            numbers = f"{found.enrollments:>10}{found.records:>12}{len(found.violations):>12}"
            click.echo(f"{campaign_id:<22}{numbers}  {slug}")
            wrong += [f"{slug}: campaign {campaign_id}: {violation}" for violation in found.violations]
    for violation in wrong:
        click.echo(violation, err=True)
    if wrong:
        sys.exit(1)


def _circles_with_campaigns() -> list[tuple[int, str]]:
    names = select(Circle.id, Circle.slug).where(Circle.id.in_(select(Campaign.circle_id))).order_by(Circle.slug)
    return [(id_, slug) for id_, slug in db.session.execute(names)]


@click.group("accounts")
def accounts_group() -> None:
    """The accounts of people."""


@accounts_group.command("delete")
@click.argument("username", metavar="USERNAME")
@click.option("--keep-content/--delete-content", required=True, help="What becomes of what the person wrote.")
@with_appcontext
def accounts_delete(username: str, keep_content: bool) -> None:
    """Delete the account of USERNAME now, without the seven days: for a request that you have to answer."""
    try:
        user_id = leaving.user_id_named(username_key(username))
        accounts.order_deletion(user_id, keep_content=keep_content)
        accounts.close_account(user_id)
    except CircleError as error:
        raise click.ClickException(str(error.sentence)) from error
    click.echo(f"{username}: deleted; the job worker erases what is left within minutes")


def register_commands(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (serve_command, worker, jobs_group, audit_group, ledger_group, checkins_group, accounts_group):
        app.cli.add_command(command)
