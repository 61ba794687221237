"""What can be asked besides a search: bent questions, other ways to rank, what a term means, which word lit it."""
