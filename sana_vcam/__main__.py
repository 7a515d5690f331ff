"""The command's entry; `python -m sana_vcam` is the same as `sana-vcam`.

`ctl` goes past the command line's parser: a press of a key must not pay for it.
"""

from __future__ import annotations

import sys

from sana_vcam.lib.descriptors import fill_standard_streams
from sana_vcam.lib.streams import speak_any_encoding, told


def main() -> int:
    """Run one command and return the exit status."""
    fill_standard_streams()
    speak_any_encoding()
    return told(_run)


def _run() -> int:
    if sys.argv[1:2] == ["ctl"]:
        from sana_vcam.clients.ctl import ctl

        return ctl.main(sys.argv[2:])
    from sana_vcam.app import cli, native

    native.limit_threads()
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
