"""Tests of declarations: applying, refusing, exporting."""
