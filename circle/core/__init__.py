"""Mechanism: what every feature stands on and no feature is named in.

Reading order for a newcomer: `operation` (how a write happens), `events` (what follows from it), `jobs` (what
leaves the process), `pagination` (how lists are read), then the two edges `web` and `api`.
"""
