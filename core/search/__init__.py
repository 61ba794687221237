"""One question, one way through: a query is checked, encoded, weighed, answered, explained; knows no interface."""
