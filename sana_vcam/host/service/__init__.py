"""The daemon as a systemd service: its unit files, their installation, what it is doing now."""
