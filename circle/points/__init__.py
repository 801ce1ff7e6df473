"""Points, growth, levels and tasks: what is earned for what, with caps and versions; what a level allows; tasks and
boards; the pages on which members see their points and owners set the rules. It says *why* points move; that they move
rightly is the ledger's. Other features do not call it to award anything: `circle/reactions/__init__.py` does.
"""
