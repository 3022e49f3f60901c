"""Tests of plans: what they would do, and what holds them."""
