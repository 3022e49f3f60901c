"""Kinds of what gives rights and what limits them: rules, the lists of occupations they name, and agreements."""
