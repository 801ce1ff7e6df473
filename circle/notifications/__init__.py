"""Notices: one row per person and fact, shown in the inbox. Channels (mail, WeChat) hang on here later.

A notice stores what it needs to be shown, so that this feature imports none of those that tell it something.
"""
