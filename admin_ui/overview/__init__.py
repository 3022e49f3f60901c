"""The overview: what waits for the reader, what is amiss, what is coming; and what waits for a second person."""
