"""Real servers for the tests: each starts as a child process on free loopback ports, in a temporary folder of its own.

``process`` holds what they share (start, wait until ready, stop, show the log); one module a server. A server is a
context manager and may be started again after ``stop``. No server outlives the test process, however that ends.
"""
