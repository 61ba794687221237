"""Models: an encoder with its head and vocabulary, by name, by folder, as published; know no collection."""
