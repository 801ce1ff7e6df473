"""Topics (话题): named threads of talk inside a circle, and following them.

Not here: the posts in a topic (posts keeps that table, as it must change with each post).
"""
