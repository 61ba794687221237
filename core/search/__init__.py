"""One question, answered and explained: how it is read, bent, ranked, and why each result is where it is."""
