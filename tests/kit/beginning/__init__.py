"""A consortium begins from nothing, on pages alone: an empty installation, its administrators' desks, and the steps by
which it comes to be. What is on the forms is found by its label, in Finnish."""
