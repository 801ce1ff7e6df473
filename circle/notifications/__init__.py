"""Notices: one row per person and fact, shown in the inbox, and sent by e-mail to those who want it.

A notice stores what it needs to be shown, so that this feature imports none of those that tell it something.
"""
