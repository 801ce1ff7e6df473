"""Circles (圈子): the place, its members, roles, ways to join, mute and ban, settings.

Not here: what members write (topics, posts), and what they earn (points, later).
"""
