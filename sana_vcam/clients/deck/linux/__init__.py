"""Decks that are plugged into this computer, driven without any other program.

    USB ── plugged.py ──▶ run.py (finds decks, serves each)
                             │
    daemon ── clients/link.py ─────────────▶ deck.py (one deck: page, light, presses)
                                                │  layout.py: which key does what
                                                │  keys.py: what each key shows
                                                ▼
                                             surface.py (threads: paints, writes, listens)
                                                └─ paint.py, icons.py: keys to pictures

`deck.py` and above run on the event loop; only `surface.py` touches the device.
"""
