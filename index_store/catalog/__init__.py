"""The catalog of a collection folder, in SQLite: which items exist, what is known of them, and what made them."""
