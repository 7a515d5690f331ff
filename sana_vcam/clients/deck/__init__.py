"""Keypads: the Stream Deck plugin, the Companion module, and keys driven by ourselves on Linux."""
