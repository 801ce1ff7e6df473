"""Posts: what members write, with pictures and topics; comments, likes, the feeds, and hiding by moderators.

This slice is the pattern that later ones copy (docs/new-feature.md walks through it). Not here: topics themselves,
uploads, and what a post earns.
"""
