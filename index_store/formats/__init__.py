"""Collections as files of other programs, and copies of one collection in another."""
