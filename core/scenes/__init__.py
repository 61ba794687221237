"""The illustrated world: endless, deterministic scenes with pictures and captions; knows nothing of models or indexes."""
