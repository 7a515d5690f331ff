"""Decides about sessions: when to open, what to ask for, when to try again, how to end."""
