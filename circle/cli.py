"""Commands of the operator: `flask worker`, `flask demo`, `flask audit`."""

from __future__ import annotations

import sys
import time

import click
from flask import Flask
from flask.cli import with_appcontext

from circle.core import audit, jobs
from circle.core.db import db


@click.command("worker")
@click.option("--once", is_flag=True, help="Run what is due, then stop.")
@with_appcontext
def worker(once: bool) -> None:
    """Run jobs until stopped."""
    while True:
        jobs.enqueue_periodic()
        if not jobs.run_due() and not once:
            db.session.remove()
            time.sleep(1)
        if once:
            return


@click.group("audit")
def audit_group() -> None:
    """The audit log."""


@audit_group.command("verify")
@click.argument("stream", default="site")
@with_appcontext
def audit_verify(stream: str) -> None:
    """Recompute the chain of STREAM (site, or circle:<id>); exits 1 at the first entry that does not fit."""
    broken = audit.verify(stream)
    if broken is not None:
        click.echo(f"{stream}: broken at entry {broken}", err=True)
        sys.exit(1)
    click.echo(f"{stream}: whole")


def register_commands(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(worker)
    app.cli.add_command(audit_group)
