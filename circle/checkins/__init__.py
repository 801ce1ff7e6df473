"""Check-in campaigns: the owner opens one, members check in every day (or week) with a post, see their streak and the
board, and finish with a reward.

A check-in is a post of type `checkin` (its words, pictures, likes, comments and moderation are those of posts) with a
record that says which day of which campaign it stands for. Days are materialised when a campaign is published; streaks
are never counted up, but made from the set of days each time (`days.py`).
"""
