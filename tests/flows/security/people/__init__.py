"""People and pages: what must hold of signing in, sessions, administration and HTTP, each test with the id of its
row."""
