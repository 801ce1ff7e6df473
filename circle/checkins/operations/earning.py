"""What a check-in earns. Its answer says how much, so it is switched here and not by a reaction."""

from __future__ import annotations

from circle.checkins.models import CheckinRecord
from circle.points.operations import Cause, Earned, count_task_events, set_earned


def set_checkin_earned(record: CheckinRecord, *, on: bool) -> Earned:
    """Switch what a record earns: one source for each period of a person, whatever becomes of the posts (C9).

    A period that was made up, or given by hand, earns nothing: it counts for completion and the streak.
    """
    if record.source != "normal":
        return Earned(0, 0, False, True)
    key = f"checkin:{record.campaign_id}:{record.user_id}:{record.idx}"
    cause = Cause(key, "checkin", f"checkin:{record.campaign_id}")
    # what it earned first belongs to the day on which it was done, also when a reviewer comes later
    return set_earned(record.circle_id, record.user_id, cause, on=on, effective_at=record.submitted_at)


def count_for_tasks(record: CheckinRecord, *, posted: bool = False, has_media: bool = False) -> None:
    """Count a check-in for tasks: as the post that it is (when it was just `posted`), and as a check-in once it is
    approved. As with points, one that was made up is no check-in.

    Before anything is earned: progress in tasks is locked before the books, here as for every post.
    """
    done = (("post",) + ("post_media",) * has_media) if posted else ()
    done += ("checkin",) * (record.source == "normal" and record.status == "approved")
    if done:
        count_task_events(record.circle_id, record.user_id, done, f"post:{record.post_id}")
