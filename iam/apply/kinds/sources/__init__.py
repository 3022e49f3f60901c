"""Kinds of what tells us of people: sources and connections, and the organisations that are opened to them."""
