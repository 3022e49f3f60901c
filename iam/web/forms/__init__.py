"""Forms: proof that they were meant, keeping one that came too early or too late, and bringing it back filled."""
