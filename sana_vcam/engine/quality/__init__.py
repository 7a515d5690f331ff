"""How good the connection to the model is: one word, and what limits it."""
