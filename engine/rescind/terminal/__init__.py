"""How decisions, orders, versions and test runs look on a terminal, and what the verbs share."""
