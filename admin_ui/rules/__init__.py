"""Rules and roles: what they give, the form that writes a rule, its effects before it is sent, and what waits about
it."""
