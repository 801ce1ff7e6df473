"""Questions and answers: members ask, the circle and its experts answer, whoever asked accepts, and it stays.

A question is a post of type `question` (its words, pictures, topics, likes, comments and moderation are those of posts)
with a row of its own for what only questions have. Answers are not comments: one per person, edited rather than
repeated, voted on, accepted. Not here: bounties and paid questions.
"""
