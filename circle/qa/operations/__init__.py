"""Every write of questions and answers. (Asking and editing a question: `posts.operations`.)"""

from circle.qa.operations.accepting import accept_answer
from circle.qa.operations.answering import delete_answer, edit_answer, write_answer
from circle.qa.operations.asking import begin_question, keep_answered_question
from circle.qa.operations.counting import Votes, recount_votes, refresh_question
from circle.qa.operations.voting import vote

__all__ = [
    "Votes",
    "accept_answer",
    "begin_question",
    "delete_answer",
    "edit_answer",
    "keep_answered_question",
    "recount_votes",
    "refresh_question",
    "vote",
    "write_answer",
]
