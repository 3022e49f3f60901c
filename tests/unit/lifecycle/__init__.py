"""Tests of the commands that write facts."""
