"""What the register of security requirements asks, row by row and class by class."""
