"""Editing a whole clip: its sessions, tries and accounts."""
