"""Every write of questions and answers. (Asking and editing a question: `posts.operations`.)"""

from circle.qa.operations.accepting import accept_answer
from circle.qa.operations.answering import delete_answer, edit_answer, write_answer
from circle.qa.operations.asking import ask_question, begin_question, keep_answered_question
from circle.qa.operations.closing import close_question, mark_duplicate, reopen_left_behind, reopen_question
from circle.qa.operations.counting import Votes, recount_votes, refresh_question
from circle.qa.operations.inviting import answer_invite, decline_invite, end_invites, expire_invites, invite
from circle.qa.operations.moderating import hide_answer, remove_answer, restore_answer
from circle.qa.operations.renaming import renew_mention
from circle.qa.operations.revealing import reveal_identity, show_name
from circle.qa.operations.voting import vote

__all__ = [
    "Votes",
    "accept_answer",
    "answer_invite",
    "ask_question",
    "begin_question",
    "close_question",
    "decline_invite",
    "delete_answer",
    "edit_answer",
    "end_invites",
    "expire_invites",
    "hide_answer",
    "invite",
    "keep_answered_question",
    "mark_duplicate",
    "recount_votes",
    "refresh_question",
    "remove_answer",
    "renew_mention",
    "reopen_left_behind",
    "reopen_question",
    "restore_answer",
    "reveal_identity",
    "show_name",
    "vote",
    "write_answer",
]
