"""What a client of the SDK is made of, one step at a time: `URL`.

Says on standard output what it has just done, and waits for a line on standard input before it goes
on. It ends with the session connected.
"""

from __future__ import annotations

import asyncio
import importlib
import sys

MODULES = ("numpy", "reactor_sdk", "cv2", "sana_vcam.app.daemon")


async def main(url: str) -> None:
    _done("python")
    for name in MODULES:
        importlib.import_module(name)
        _done(f"import {name}")
    from reactor_sdk import Reactor

    reactor = Reactor("sana-streaming", local=True, api_url=url)
    await reactor.connect()
    await asyncio.to_thread(_done, "connect")
    await reactor.disconnect()
    reactor.close()


def _done(what: str) -> None:
    print(what, flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:2]))
