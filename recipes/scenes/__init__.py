"""How the built-in model is made: corpus, towers, head, figures and model card. `python -m recipes.scenes` runs it all.

Nothing here is needed to use the model; it may import training and evaluation.
"""
