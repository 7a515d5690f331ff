"""The module for Bitfocus Companion: its source, its built bundle, and the way into a file."""
