"""One-time codes: a way in for who has no password yet or has forgotten it, by hand, by mail or by letter."""
