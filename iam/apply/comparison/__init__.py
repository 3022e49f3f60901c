"""What stands, in the same shapes; a draft of what would stand; a difference of one thing; and what writing needs."""
