"""Tests of the connectors, module by module."""
