"""What the pages on roles, rules, applications and agreements read: narrowed to the asker's part, a constant number of
statements.
"""
