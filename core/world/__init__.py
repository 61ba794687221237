"""The illustrated world: endless, repeatable scenes with pictures and captions; knows no models or indexes."""
