"""Makes the model `photos`: `python -m recipes.photos --captioned DIR --labelled DIR`; `__main__` names the stages."""
