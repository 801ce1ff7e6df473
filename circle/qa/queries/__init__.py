"""Every read of questions and answers: what this actor may see, as view rows."""

from __future__ import annotations

from circle.qa.queries.answers import ANSWER_SORTS, answer_page, get_answer
from circle.qa.queries.desk import (
    WAITS,
    ExpertRow,
    Figures,
    WaitingRow,
    desk,
    experts,
    figures,
    has_duplicates,
    left_behind,
    waiting,
)
from circle.qa.queries.inviting import (
    InvitableRow,
    InviteDesk,
    MyInviteRow,
    QuestionInviteRow,
    first_invites,
    invite_desk,
    my_invites,
    question_title,
    questions_with_due_invites,
)
from circle.qa.queries.questions import TABS, get_question, question_list
from circle.qa.queries.revealing import Veiled, veiled_question
from circle.qa.queries.revisions import AnswerRevisionRow, EditedAnswer, answer_revisions, edited_answer
from circle.qa.queries.rows import AnswerCan, AnswerRow, QuestionCan, QuestionRef, QuestionRow
from circle.qa.queries.similar import SimilarRow, similar_questions
from circle.qa.queries.standing_in import asker_gone

__all__ = [
    "ANSWER_SORTS",
    "TABS",
    "WAITS",
    "AnswerCan",
    "AnswerRevisionRow",
    "AnswerRow",
    "EditedAnswer",
    "ExpertRow",
    "Figures",
    "InvitableRow",
    "InviteDesk",
    "MyInviteRow",
    "QuestionCan",
    "QuestionInviteRow",
    "QuestionRef",
    "QuestionRow",
    "SimilarRow",
    "Veiled",
    "WaitingRow",
    "answer_page",
    "answer_revisions",
    "asker_gone",
    "desk",
    "edited_answer",
    "experts",
    "figures",
    "first_invites",
    "get_answer",
    "get_question",
    "has_duplicates",
    "invite_desk",
    "left_behind",
    "my_invites",
    "question_list",
    "question_title",
    "questions_with_due_invites",
    "similar_questions",
    "veiled_question",
    "waiting",
]
