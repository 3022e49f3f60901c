"""Small builders of facts, roles, rules and agreements for tests.

They write through the product's own commands where there is one and as plain rows where only a feed writes; each call
is a change of its own, at the clock's present. They never commit; ``consortium`` does, which starts a whole application
with rows of its own.
"""
