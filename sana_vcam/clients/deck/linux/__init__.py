"""Decks that are plugged into this computer, driven without any other program.

    USB ── plugged.py ──▶ run.py (finds decks, serves each)
                             │
    daemon ── link.py ──▶ scene.py ──▶ panel.py (one deck: page, light, presses)
                                          │  layout.py: which key does what
                                          │  faces.py: what each key shows
                                          ▼
                                       surface.py (threads: paints, writes, listens)
                                          └─ paint.py, icons.py: faces to pictures

`panel.py` and above run on the event loop; only `surface.py` touches the device.
"""
