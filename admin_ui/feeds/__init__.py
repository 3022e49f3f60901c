"""Sources and their runs: how each stands, what a run read and did, and the records whose person cannot be told."""
