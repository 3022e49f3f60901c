"""Feeds of an HR system, a school register and a directory: what each run makes of them."""
