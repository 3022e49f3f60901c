"""Tests of rules, derivation, rights and explanation."""
