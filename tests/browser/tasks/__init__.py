"""The tasks of a day, each by the administrator whose task it is, on a telephone and at a desk.

``conftest`` serves one demonstration a worker, with an administrator of every role; ``desk`` signs them in. Each test
works on people and things that no other test touches.
"""
