"""What a post and a comment must be like. Raises; writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from circle.core import clock
from circle.core.errors import Conflict, Invalid, Refused
from circle.core.i18n import LazyString, lazy

MAX_IMAGES = 9
#: to take away, beside pictures, voice or video
MAX_FILES = 3
#: of all kinds together
MAX_MEDIA = MAX_IMAGES + MAX_FILES
MAX_TOPICS = 3
MAX_BODY = 10_000
#: of a picture's description
MAX_ALT = 200
MAX_COMMENT = 2_000
#: of one person
MAX_DRAFTS = 50
#: a draft nobody touches is kept so long
KEEP_DRAFTS = timedelta(days=180)
#: how far ahead a post may be planned
SOONEST, LATEST = timedelta(minutes=1), timedelta(days=365)
MAX_PINS = 5
#: how far ahead the end of a pin may lie
MAX_PIN = timedelta(days=366)
MIN_OPTIONS, MAX_OPTIONS = 2, 10
MAX_OPTION = 60
MAX_QUESTION = 120
#: of the title of a question
MIN_QUESTION_TITLE = 4
#: of a post, on cards and in notices
EXCERPT = 140
#: how long a poll may run
MAX_POLL = timedelta(days=90)
POLL_RESULTS = ("always", "voted", "closed")


def check_content(body: str, kinds: Sequence[str], topic_ids: Sequence[int], *, poll: bool = False) -> None:
    """A post says, shows or asks something, in bounds; `kinds` are those of its files (image, audio, video, file).

    Raises Refused POST_EMPTY, what check_files raises, TOO_MANY_TOPICS.
    """
    if not body.strip() and not kinds and not poll:
        raise Refused("POST_EMPTY", lazy("Write something, or add a picture."), field="body")
    check_files(kinds)
    if len(set(topic_ids)) > MAX_TOPICS:
        raise Refused("TOO_MANY_TOPICS", lazy("A post belongs to at most 3 topics."), field="topic_ids")


def check_type(type_: str, title: str, *, poll: bool, anonymous: bool) -> None:
    """A question has a title and no poll; only questions are asked without a name.

    Raises Invalid (title), Refused QUESTION_WITHOUT_POLL, NOT_ANONYMOUS.
    """
    if type_ != "question":
        if anonymous:
            sentence = lazy("Only questions can be asked without your name.")
            raise Refused("NOT_ANONYMOUS", sentence, field="anonymous")
        return
    if len(title) < MIN_QUESTION_TITLE:
        sentence = lazy("Say in a line what you would like to know: at least %(number)s characters.",
                        number=MIN_QUESTION_TITLE)  # fmt: skip
        raise Invalid(errors={"title": [sentence]})
    if poll:
        raise Refused("QUESTION_WITHOUT_POLL", lazy("A question has answers, not a poll."), field="poll")


def check_files(kinds: Sequence[str]) -> None:
    """Up to 9 pictures, or one voice note, or one video; and up to 3 files to take away with any of them.

    Raises Refused TOO_MANY_IMAGES, TOO_MANY_FILES, ONE_RECORDING or MIXED_MEDIA.
    """
    images, files = kinds.count("image"), kinds.count("file")
    recordings = kinds.count("audio") + kinds.count("video")
    if images > MAX_IMAGES:
        raise Refused("TOO_MANY_IMAGES", lazy("A post holds up to 9 pictures."), field="media_ids")
    if files > MAX_FILES:
        raise Refused("TOO_MANY_FILES", lazy("A post holds up to 3 files."), field="media_ids")
    if recordings > 1:
        raise Refused("ONE_RECORDING", lazy("A post holds one voice note or one video."), field="media_ids")
    if recordings and images:
        sentence = lazy("Pictures, a voice note or a video: please choose one of the three for this post.")
        raise Refused("MIXED_MEDIA", sentence, field="media_ids")


def check_comment(body: str) -> None:
    """A comment says something. Raises Refused COMMENT_EMPTY."""
    if not body.strip():
        raise Refused("COMMENT_EMPTY", lazy("Write a few words first."), field="body")


def check_status(status: str, allowed: Sequence[str]) -> None:
    """The step starts from one of `allowed`. Raises Conflict."""
    if status not in allowed:
        raise Conflict


def check_pin_count(count: int) -> None:
    """A circle has at most five pinned posts. Raises Refused TOO_MANY_PINS."""
    if count > MAX_PINS:
        raise Refused("TOO_MANY_PINS", lazy("Five posts are pinned already. Take one down first."), field="rank")


def check_pin_until(until: datetime | None) -> None:
    """A pin ends in the future, within a year. Raises Invalid (until)."""
    if until is None:
        return
    if until <= clock.now():
        raise Invalid(errors={"until": [lazy("That time is over already.")]})
    if until > clock.now() + MAX_PIN:
        raise Invalid(errors={"until": [lazy("A pin lasts a year at most.")]})


def check_not_own(actor_id: int | None, author_id: int) -> None:
    """Nobody likes what they wrote themselves. Raises Refused OWN_CONTENT."""
    if actor_id == author_id:
        raise Refused("OWN_CONTENT", lazy("You cannot like your own words, but others will."))


def check_poll(
    question: str,
    options: Sequence[str],
    *,
    max_choices: int,
    results: str,
    closes_at: datetime | None,
    closes_in: timedelta | None,
) -> None:
    """A poll has 2 to 10 different options, and an end if only that shows its result. Raises Invalid (poll)."""
    if len(question) > MAX_QUESTION or any(not 0 < len(option) <= MAX_OPTION for option in options):
        raise _not_a_poll(lazy("An option has 1 to %(number)s characters.", number=MAX_OPTION))
    if not MIN_OPTIONS <= len(options) <= MAX_OPTIONS:
        raise _not_a_poll(lazy("A poll has %(least)s to %(most)s options.", least=MIN_OPTIONS, most=MAX_OPTIONS))
    if len({option.casefold() for option in options}) < len(options):
        raise _not_a_poll(lazy("Two options of the poll are the same."))
    if max_choices < 1 or results not in POLL_RESULTS:
        raise _not_a_poll(lazy("This is not valid here."))
    if results == "closed" and closes_at is None and closes_in is None:
        raise _not_a_poll(lazy("Please say when the poll ends, as its result is shown only then."))
    if closes_in is not None and closes_at is not None:
        raise _not_a_poll(lazy("Please say only once when the poll ends."))
    if closes_in is not None and not timedelta(0) < closes_in <= MAX_POLL:
        raise _not_a_poll(lazy("A poll ends within %(days)s days.", days=MAX_POLL.days))
    check_closing(closes_at)


def check_closing(closes_at: datetime | None) -> None:
    """A poll ends in the future, but not too far. Raises Invalid (poll)."""
    if closes_at is not None and not timedelta(0) < closes_at - clock.now() <= MAX_POLL:
        raise _not_a_poll(lazy("A poll ends within %(days)s days.", days=MAX_POLL.days))


def _not_a_poll(sentence: LazyString) -> Invalid:
    return Invalid(errors={"poll": [sentence]})


def check_open(closes_at: datetime | None) -> None:
    """The poll still takes votes. Raises Refused POLL_CLOSED."""
    if closes_at is not None and closes_at <= clock.now():
        raise Refused("POLL_CLOSED", lazy("This poll is over."))


def check_choices(chosen: Collection[int], options: Collection[int], most: int) -> None:
    """Only options of this poll, and not more than it allows. Raises Invalid (option_ids), Refused TOO_MANY_CHOICES."""
    if not set(chosen) <= set(options):
        raise Invalid(errors={"option_ids": [lazy("One of the options does not belong to this poll.")]})
    if len(chosen) > most:
        sentence = lazy("Please choose at most %(number)s.", number=most)
        raise Refused("TOO_MANY_CHOICES", sentence, field="option_ids")


def check_draft_count(count: int) -> None:
    """One person keeps up to 50 drafts. Raises Refused TOO_MANY_DRAFTS."""
    if count >= MAX_DRAFTS:
        sentence = lazy("You have 50 drafts already. Delete one you no longer need, then this one can be kept, too.")
        raise Refused("TOO_MANY_DRAFTS", sentence)


def check_seq(seq: int | None, now: int, *, same_writer: bool) -> None:
    """A save starts from the newest state of the draft (None: from any). Raises Conflict DRAFT_STALE.

    The same writer may be behind: the answer to their own save got lost on the way.
    """
    if seq is not None and seq != now and not same_writer:
        sentence = lazy("This draft was changed on another device. Both versions are kept.")
        raise Conflict(sentence, code="DRAFT_STALE")


def check_publish_at(moment: datetime) -> None:
    """A planned moment is at least a minute and at most a year ahead. Raises Invalid (publish_at)."""
    ahead = moment - clock.now()
    if ahead < SOONEST:
        raise Invalid(errors={"publish_at": [lazy("Please choose a time that is still to come.")]})
    if ahead > LATEST:
        raise Invalid(errors={"publish_at": [lazy("Please choose a time within the next year.")]})


def moment_of(written: str, tz: str) -> datetime:
    """The moment that "2026-11-22T08:30", a date and time without a zone, means in `tz`.

    Of an hour that comes twice (clocks going back) the first counts. Raises Invalid (publish_at), also for an hour
    that a change of clocks leaves out.
    """
    try:
        naive = datetime.fromisoformat(written)
        if naive.tzinfo is not None:
            raise ValueError
        here = naive.replace(tzinfo=ZoneInfo(tz))
        moment = here.astimezone(UTC)
        exists = moment.astimezone(here.tzinfo).replace(tzinfo=None) == naive
    except (ValueError, OverflowError):
        raise Invalid(errors={"publish_at": [lazy("This is not a valid time.")]}) from None
    if not exists:
        sentence = lazy("The clocks go forward that night, so this time does not exist. Please choose another.")
        raise Invalid(errors={"publish_at": [sentence]})
    return moment


#: why a planned post did not appear, by the code of the refusal; told in the language of whoever reads it
_FAILURES: dict[str, LazyString] = {
    "MUTED": lazy("You were muted in the circle at that time."),
    "BANNED": lazy("You no longer take part in the circle."),
    "FORBIDDEN": lazy("You were not a member of the circle at that time."),
    "NOT_FOUND": lazy("The circle was not open to you at that time."),
    "TOPIC_CLOSED": lazy("One of its topics is closed. Choose another one and publish again."),
    "POST_EMPTY": lazy("There was nothing in it to publish."),
    "LEVEL_TOO_LOW": lazy("Your level in the circle did not allow all that is in it. Take out what is too much."),
    "DAILY_LIMIT": lazy("You had published as many posts that day as your level allows. Plan it for another time."),
}


def failure_sentence(code: str) -> LazyString:
    """Why a planned post did not appear, for its author; `code` is what the draft keeps."""
    return _FAILURES.get(code) or lazy("Something in it could not be published. Open it, check it and publish again.")
