"""The persons of a large directory, read in parts: ``partitions`` cuts them and puts them together, ``process`` reads
one. Each is a process of its own with a connection of its own; one that fails, fails the reading.
"""
