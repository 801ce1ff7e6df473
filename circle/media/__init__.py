"""Uploads: judged by content, re-encoded without metadata, stored, and served to those who may see them.

Not here: which post shows which picture (posts), and who somebody's avatar is (accounts holds the id).
"""
