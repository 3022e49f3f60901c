"""The kinds of things that are declared: what is wrong with what is stated of each, and how a difference of it is
written.
"""
