"""Drop folders: another system leaves a file in a folder each night, and the newest whole one is read.

Flow: ``choice`` looks once at what is there and chooses by ``order``: the day in a file's name, else when it was last
changed. A newest file that may still be written to is not read, nor is an older one in its place: the run says so and
is tried again. Nothing in the folder is ever changed. Which file was read last is the connector's checkpoint, so that
an older one is told as such. ``folder`` is a folder of this server; ``connectors.sftp`` has one of another.
"""
