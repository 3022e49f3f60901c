"""What a rule can ask of a fact: each condition is one object that knows how it is read, compiled, matched, worded,
shown in the form, and what it names.

``condition`` says what every condition can; ``of_affiliation``, ``of_membership`` and ``of_relationship`` hold those of
each fact, each file with its list at the end. A new condition is a class and its place in that list, and its words.
"""
