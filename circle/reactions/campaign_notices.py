"""What people are told of campaigns and of their check-ins, and what becomes of those notices."""

from __future__ import annotations

from typing import Any

from circle.access import Permission
from circle.checkins import events as checkins
from circle.checkins import jobs as checkin_jobs
from circle.checkins import queries as checkin_queries
from circle.core import clock
from circle.core.jobs import enqueue
from circle.notifications.operations import (
    notify,
    notify_all_who_may,
    notify_each,
    rename_team_in_notices,
    requote_campaign,
    withdraw,
    withdraw_campaign,
)
from circle.reactions.common import moment

_REMINDER = ("checkin.reminder",)
_WAITING = ("checkin.waiting",)


def _about(event: Any, **more: Any) -> dict[str, Any]:
    return {"campaign_id": event.campaign_id, "title": event.title, **more}


def _period(event: Any, **more: Any) -> dict[str, Any]:
    cadence = checkin_queries.facts_of(event.campaign_id).cadence
    return _about(event, idx=event.idx, cadence=cadence, **more)


def _amounts(points: int, growth: int) -> dict[str, Any]:
    """Points and growth, and the `role` that says which of them there are ("": neither)."""
    role = "both" if points and growth else "points" if points else "growth" if growth else ""
    return {"role": role, "points": points, "growth": growth}


# ---- a campaign ------------------------------------------------------------------------------------------------------


def announce_campaign(event: checkins.CampaignPublished) -> None:
    enqueue(checkin_jobs.announce, event.campaign_id, event.by)


def tell_campaign(event: checkins.CampaignAnnounced) -> None:
    data = _about(event, role="running" if event.running else "", day=event.start_date.isoformat())
    key = str(event.campaign_id)
    notify_each(event.user_ids, "campaign.published", circle_id=event.circle_id, dedupe_key=key, data=data)


def withdraw_cancelled(event: checkins.CampaignCancelled) -> None:
    """Nobody is asked to join it, or to check in or to review there; what became of it is told when that is decided."""
    withdraw_campaign(event.campaign_id, ("campaign.published", *_REMINDER, *_WAITING))


def announce_excuse(event: checkins.PeriodExcused) -> None:
    withdraw_campaign(event.campaign_id, (*_REMINDER, "campaign.unexcused"), idx=event.idx)
    enqueue(checkin_jobs.announce_excuse, event.campaign_id, event.idx)


def tell_excuse(event: checkins.ExcuseAnnounced) -> None:
    data = _about(event, idx=event.idx, cadence=event.cadence, quote=event.reason)
    key = f"{event.campaign_id}:{event.idx}"
    notify_each(event.user_ids, "campaign.excused", circle_id=event.circle_id, dedupe_key=key, data=data)


def announce_unexcuse(event: checkins.PeriodUnexcused) -> None:
    withdraw_campaign(event.campaign_id, ("campaign.excused",), idx=event.idx)
    enqueue(checkin_jobs.announce_unexcuse, event.campaign_id, event.idx)


def tell_unexcuse(event: checkins.UnexcuseAnnounced) -> None:
    data, key = _about(event, idx=event.idx, cadence=event.cadence), f"{event.campaign_id}:{event.idx}"
    notify_each(event.user_ids, "campaign.unexcused", circle_id=event.circle_id, dedupe_key=key, data=data)


def announce_results(event: checkins.CampaignSettled) -> None:
    withdraw_campaign(event.campaign_id, (*_REMINDER, *_WAITING))
    enqueue(checkin_jobs.announce_results, event.campaign_id)


def tell_results(event: checkins.ResultsAnnounced) -> None:
    own = {}
    for each in event.results:
        placed = each.rank is not None and each.done > 0
        role = ("completed" if each.status == "completed" else "failed") + ("_rank" if placed else "")
        own[each.user_id] = {"role": role, "rank": each.rank if placed else None}
    key = str(event.campaign_id)
    notify_each(own, "campaign.settled", circle_id=event.circle_id, dedupe_key=key, data=_about(event), own=own)


# ---- somebody's part in it -------------------------------------------------------------------------------------------


def tell_completed(event: checkins.CampaignCompleted) -> None:
    """Told again when it was lost in between, for then the first notice went."""
    key = str(event.campaign_id)
    withdraw((event.user_id,), ("campaign.completion_lost",), dedupe_key=key)
    data = _about(event, **_amounts(event.points, event.growth))
    notify(event.user_id, "campaign.completed", circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_completion_lost(event: checkins.CompletionLost) -> None:
    key = str(event.campaign_id)
    withdraw((event.user_id,), ("campaign.completed",), dedupe_key=key)
    role = "reward" if checkin_queries.facts_of(event.campaign_id).rewards else ""
    if event.unexcused:
        role = "unexcused_reward" if role else "unexcused"
    data = _about(event, role=role)
    notify(event.user_id, "campaign.completion_lost", circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_cancelled(event: checkins.EnrollmentSettled) -> None:
    """One notice says that it was called off, why, and what that leaves. (How another one ended is told with the place
    on the board, which is known when all are settled.)"""
    if not event.cancelled:
        return
    amounts = _amounts(event.points, event.growth)
    if event.status == "completed" and not amounts["role"]:
        amounts["role"] = "none"
    data = _about(event, **amounts, quote=checkin_queries.facts_of(event.campaign_id).cancel_reason)
    key = str(event.campaign_id)
    notify(event.user_id, "campaign.cancelled", circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_disqualified(event: checkins.Disqualified) -> None:
    obsolete = ("campaign.completed", "campaign.completion_lost", "campaign.settled", *_REMINDER)
    withdraw_campaign(event.campaign_id, obsolete, user_id=event.user_id)
    data = _about(event, quote=event.reason)
    notify(event.user_id, "campaign.disqualified", circle_id=event.circle_id, dedupe_key=moment(), data=data)


def tell_reinstated(event: checkins.Reinstated) -> None:
    data = _about(event)
    notify(event.user_id, "campaign.reinstated", circle_id=event.circle_id, dedupe_key=moment(), data=data)


def withdraw_reminder_of_leaver(event: checkins.Withdrew) -> None:
    withdraw_campaign(event.campaign_id, _REMINDER, user_id=event.user_id)


# ---- a check-in ------------------------------------------------------------------------------------------------------


def withdraw_reminder(event: checkins.CheckinSubmitted | checkins.CheckinGiven) -> None:
    if isinstance(event, checkins.CheckinSubmitted) and not event.reminded:
        return
    withdraw((event.user_id,), _REMINDER, dedupe_key=f"{event.campaign_id}:{event.idx}")


def tell_approved(event: checkins.CheckinApproved) -> None:
    if not event.reviewed:
        return
    data = _period(event, post_id=event.post_id, **_amounts(event.points, 0))
    key = str(event.record_id)
    notify(event.user_id, "checkin.approved", circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_rejected(event: checkins.CheckinRejected) -> None:
    redo = checkin_queries.redo_of(event.record_id)
    until = redo.until.isoformat() if redo.until is not None else None
    data = _period(event, role=redo.way, until=until, quote=event.reason)
    key = str(event.record_id)
    notify(event.user_id, "checkin.rejected", circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_given(event: checkins.CheckinGiven) -> None:
    data, key = _period(event, quote=event.reason), str(event.record_id)
    notify(event.user_id, "checkin.given", circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_taken_back(event: checkins.CheckinTakenBack) -> None:
    data, key = _period(event), str(event.record_id)
    withdraw((event.user_id,), ("checkin.given",), dedupe_key=key)
    notify(event.user_id, "checkin.taken_back", circle_id=event.circle_id, dedupe_key=key, data=data)


# ---- reminders -------------------------------------------------------------------------------------------------------


def tell_reminders(event: checkins.RemindersDue) -> None:
    data = _about(event, idx=event.idx, until=event.closes_at.isoformat())
    key = f"{event.campaign_id}:{event.idx}"
    notify_each(event.user_ids, "checkin.reminder", circle_id=event.circle_id, dedupe_key=key, data=data)


def end_reminders_in_time(event: checkins.RemindersSent) -> None:
    enqueue(checkin_jobs.end_reminders, event.campaign_id, event.idx, delay=event.closes_at - clock.now())


def withdraw_reminders(event: checkins.RemindersOver) -> None:
    withdraw_campaign(event.campaign_id, _REMINDER, idx=event.idx)


# ---- those who review ------------------------------------------------------------------------------------------------


def look_for_reviews(event: checkins.CheckinSubmitted | checkins.CheckinWaits) -> None:
    waits = isinstance(event, checkins.CheckinWaits) or event.status == "pending"
    if waits and not checkin_queries.reviewers_told_today(event.campaign_id):
        job = checkin_jobs.tell_reviewers
        enqueue(job, event.campaign_id, key=f"{job.name}:{event.campaign_id}")


def tell_reviewers(event: checkins.ReviewsWait) -> None:
    withdraw_campaign(event.campaign_id, _WAITING)  # of the day before
    notify_all_who_may(
        Permission.CHECKIN_REVIEW, "checkin.waiting", circle_id=event.circle_id,
        dedupe_key=f"{event.campaign_id}:{event.day}", data=_about(event), but=event.of,
    )  # fmt: skip


def withdraw_reviews(event: checkins.ReviewsDone) -> None:
    withdraw_campaign(event.campaign_id, _WAITING)


def withdraw_decided_reviews(
    event: checkins.CheckinApproved | checkins.CheckinRejected | checkins.CheckinVoided,
) -> None:
    if isinstance(event, checkins.CheckinApproved) and not event.reviewed:
        return
    if not checkin_queries.reviews_wait(event.campaign_id):
        withdraw_campaign(event.campaign_id, _WAITING)


# ---- teams -----------------------------------------------------------------------------------------------------------


def tell_renamed_team(event: checkins.TeamRenamed) -> None:
    data = _about(event, before=event.before, team=event.after, quote=event.reason)
    notify_each(event.user_ids, "team.renamed", circle_id=event.circle_id, dedupe_key=moment(), data=data)


def tell_dissolved_team(event: checkins.TeamDissolved) -> None:
    data, key = _about(event, team=event.name, quote=event.reason), str(event.team_id)
    notify_each(event.user_ids, "team.dissolved", circle_id=event.circle_id, dedupe_key=key, data=data)


def erase_name_in_campaign_notices(event: checkins.CampaignNameErased) -> None:
    requote_campaign(event.campaign_id, event.names, event.label)


def rename_erased_team(event: checkins.TeamNameErased) -> None:
    rename_team_in_notices(event.campaign_id, event.before, event.after)


def tell_team_rewarded(event: checkins.TeamRewarded) -> None:
    data = _about(event, team=event.name, **_amounts(event.points, event.growth))
    key = str(event.campaign_id)
    notify(event.user_id, "team.rewarded", circle_id=event.circle_id, dedupe_key=key, data=data)
