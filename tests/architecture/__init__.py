"""Tests that hold the house: its layers, names, texts, lock files and ways of being deployed."""
