"""The books of every circle: double entry, append-only, provable. Points and growth (later money) move only through
`circle.ledger.operations`. It knows members as numbers; why something is earned or spent is the business of those who
call (`circle.points`). No pages, no API of its own.
"""
