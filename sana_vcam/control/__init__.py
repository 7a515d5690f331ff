"""The local control API: hotkeys, prompts and presets over a WebSocket on loopback."""
