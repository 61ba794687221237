"""How the models that are part of Sightwords are made; needed by nobody who only uses them."""
