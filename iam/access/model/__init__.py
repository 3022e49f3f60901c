"""What is stored of rights: applications and roles, rules, agreements with their clauses, assignments, and what waits
for a second person.

``agreements`` holds the commands on agreements beside the reading of their clauses, which every other room asks for.
"""
