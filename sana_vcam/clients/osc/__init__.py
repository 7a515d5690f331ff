"""Open Sound Control in: UDP packets of this machine become commands of the API.

    program ── UDP ──▶ receiver.py ──▶ packets.py ──▶ addresses.py ──▶ outbox.py ──▶ clients/link.py
                       loopback only   bytes to       message to       the newest    to the daemon
                                       messages       command          of each

All of it runs on the event loop.
"""
