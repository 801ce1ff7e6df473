"""What the caps leave of a rule: the one place that decides it, for earning and for trying other rules on the past."""

from __future__ import annotations

from typing import NamedTuple

from circle.points.earn_rules import Rule


class Had(NamedTuple):
    """What somebody earned before in the same day and week, by this rule and by all of them."""

    times_today: int
    #: how often from the same giver today; None where there is none
    times_from_giver: int | None
    points_today: int
    points_this_week: int
    all_points_today: int
    all_points_this_week: int


def hindrance(rule: Rule, length: int | None) -> str:
    """Why the rule gives nothing at all for a text of so many characters (None: not a text), else empty."""
    if not rule.enabled:
        return "disabled"
    return "too_short" if rule.min_len is not None and length is not None and length < rule.min_len else ""


def left_of(rule: Rule, total: Rule, had: Had) -> tuple[int, int, str]:
    """(points, growth, reason): what the rule gives, as far as its caps and those over everything (`total`) leave it.

    Growth is cut in the proportion in which points are. The reason is a word of catalog.REASONS, empty when nothing was
    cut (domain specification §1).
    """
    if rule.daily_count_cap is not None and had.times_today >= rule.daily_count_cap:
        return 0, 0, "count_cap"
    giver_cap, from_giver = rule.giver_daily_cap, had.times_from_giver
    if giver_cap is not None and from_giver is not None and from_giver >= giver_cap:
        return 0, 0, "giver_cap"
    points, reason = rule.points, ""
    limits = [
        (rule.daily_point_cap, had.points_today, "point_cap"),
        (rule.weekly_point_cap, had.points_this_week, "point_cap"),
    ]
    if total.enabled:
        limits += [
            (total.daily_point_cap, had.all_points_today, "total_cap"),
            (total.weekly_point_cap, had.all_points_this_week, "total_cap"),
        ]
    for cap, before, name in limits:
        if cap is not None and points > max(0, cap - before):
            points, reason = max(0, cap - before), name
    growth = rule.growth * points // rule.points if rule.points else rule.growth
    return points, growth, reason
