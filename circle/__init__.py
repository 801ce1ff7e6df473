"""circle (粉丝圈): a place that a brand, teacher or creator and its fans make together.

Start reading at `docs/architecture.md`; the shortest walk through the code is
`circle/posts/web.py:publish` -> `circle/posts/operations/publish.py` -> `circle/reactions/__init__.py`.
"""

__version__ = "0.1.0"
