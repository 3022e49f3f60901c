"""What stands, in the same shapes; a draft of what would stand; and the difference between the two."""
