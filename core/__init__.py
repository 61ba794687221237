"""Models and what is asked of them: encoders, head, explanations, search, training, evaluation, the illustrated world."""
