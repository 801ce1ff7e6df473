"""Every write of points."""

from __future__ import annotations

from circle.points.operations.adjusting import (
    approve_adjustment,
    ask_adjustment,
    reject_adjustment,
    reverse_adjustment,
)
from circle.points.operations.ageing import KEEP_LEFT, assess_level, erase_member, forfeit_left, remind_running_out
from circle.points.operations.beginning import begin_points, begin_tasks, ensure_tasks
from circle.points.operations.earning import Cause, Earned, set_earned, switch_all
from circle.points.operations.granting import Grant, set_granted
from circle.points.operations.ladder import reassess_levels, rise_on_return, save_levels
from circle.points.operations.levels import reward
from circle.points.operations.rules import save_rules
from circle.points.operations.task_settings import create_task, update_task
from circle.points.operations.tasks import claim_task, count_task_events, expire_tasks, uncount_task_events

__all__ = [
    "KEEP_LEFT",
    "Cause",
    "Earned",
    "Grant",
    "approve_adjustment",
    "ask_adjustment",
    "assess_level",
    "begin_points",
    "begin_tasks",
    "claim_task",
    "count_task_events",
    "create_task",
    "ensure_tasks",
    "erase_member",
    "expire_tasks",
    "forfeit_left",
    "reassess_levels",
    "reject_adjustment",
    "remind_running_out",
    "reverse_adjustment",
    "reward",
    "rise_on_return",
    "save_levels",
    "save_rules",
    "set_earned",
    "set_granted",
    "switch_all",
    "uncount_task_events",
    "update_task",
]
