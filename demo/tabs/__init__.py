"""The pages of the app, one file a tab; each gets the app state and builds its own controls."""
