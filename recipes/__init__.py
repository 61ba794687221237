"""How the built-in models are made, each by one command; not in the wheel, and nothing of Sightwords uses it."""
