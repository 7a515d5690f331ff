"""Global hotkeys, which the desktop hears wherever the keyboard is, by its portal.

    desktop ── portal.py (D-Bus: GlobalShortcuts) ──▶ run.py ──▶ clients/link.py ── daemon
                  │                                     └─ actions.py: what a hotkey asks for
                  └─ identity.py: who asks, by the desktop entry that entry.py writes

All of it runs on the event loop; files are read and written by threads.
"""
