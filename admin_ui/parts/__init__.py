"""What every page is made of: the frame with its menu, lists, pages of a list, files, words that several pages show,
and whose names were shown.
"""
