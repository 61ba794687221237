"""Models and what is asked of them: search, explanations, training, evaluation, and the illustrated world."""
