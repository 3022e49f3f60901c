"""What pages state, as small declarations of one thing: ``stating`` looks at one and writes it, and refuses what it
would write besides; ``organisation_acts`` and ``code_list_acts`` say what is stated."""
