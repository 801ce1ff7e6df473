"""The blueprint of the pages of campaigns and check-ins."""

from __future__ import annotations

from flask import Blueprint

from circle.checkins import rule_texts, wording

bp = Blueprint("checkins", __name__)
#: the sentences about campaigns, also for the home of a circle
bp.record_once(lambda state: state.app.jinja_env.globals.update(campaign_texts=wording, campaign_rules=rule_texts))
