"""What may be read of points."""

from __future__ import annotations

from circle.points.queries.adjusting import (
    AdjustmentPowers,
    AdjustmentRow,
    BooksView,
    adjustable,
    adjustment_page,
    circle_books,
    get_adjustment,
    member_named,
    waiting_count,
)
from circle.points.queries.board import Board, board_of
from circle.points.queries.ladder import (
    LevelCount,
    LevelSettings,
    level_counts,
    level_settings,
)
from circle.points.queries.mine import (
    MyPoints,
    as_of,
    in_circles,
    ladder,
    level_history,
    levels,
    my_points,
    own_circle,
    points_here,
    rules_here,
    statement,
    until,
)
from circle.points.queries.privileges import level_allowing, makeup_cards_of, privileges
from circle.points.queries.rules import (
    EarnRules,
    RuleChange,
    RuleRow,
    Tried,
    configurable,
    earn_rules,
    rule_changes,
    try_rules,
)
from circle.points.queries.tasks import TaskRow, task_in, tasks_of, tasks_to_manage
from circle.points.queries.why import Why, explain

__all__ = [
    "AdjustmentPowers",
    "AdjustmentRow",
    "Board",
    "BooksView",
    "EarnRules",
    "LevelCount",
    "LevelSettings",
    "MyPoints",
    "RuleChange",
    "RuleRow",
    "TaskRow",
    "Tried",
    "Why",
    "adjustable",
    "adjustment_page",
    "as_of",
    "board_of",
    "circle_books",
    "configurable",
    "earn_rules",
    "explain",
    "get_adjustment",
    "in_circles",
    "ladder",
    "level_allowing",
    "level_counts",
    "level_history",
    "level_settings",
    "levels",
    "makeup_cards_of",
    "member_named",
    "my_points",
    "own_circle",
    "points_here",
    "privileges",
    "rule_changes",
    "rules_here",
    "statement",
    "task_in",
    "tasks_of",
    "tasks_to_manage",
    "try_rules",
    "until",
    "waiting_count",
]
