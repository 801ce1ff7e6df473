"""Measuring how fast the site is: `make bench`, `make bench-growth`. How to read the figures: README.md here."""
