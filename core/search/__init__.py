"""One question, one way through: a query is checked, encoded, weighed, answered, explained; must not know interfaces."""
