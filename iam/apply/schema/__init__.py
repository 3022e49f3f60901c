"""What the items of every kind are made of: keys, texts, names by language, days; the model of an item is with its
kind.

Unknown settings are errors, values never shown in them. Lists whose order means nothing are kept sorted, so that two
declarations of the same thing are equal. What an item names is looked up by the checks, never here.
"""
