"""Where requests come in and are counted: the door, whose address asks, limits, logs, measures and the management
port."""
