"""Numbered migrations. A release expands, backfills and contracts over separate versions; the drift check holds models
to it."""
