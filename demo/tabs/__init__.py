"""The pages of the app, one file a tab; each gets a session and builds its own controls."""
