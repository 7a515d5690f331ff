"""A guest with the real camera drivers, on a machine that has none of them.

cache.py      where what was built lies, and whether it is what the recipe would build now
apt.py        packages from the archive that this host itself uses
debian.py     stage "debian": Debian 12's kernel and drivers for QEMU, and the root folder
uml.py        stage "uml": a User Mode Linux kernel and the newest drivers
initramfs.py  the first program of both guests
guest.py      boots a guest, runs one command in it, and brings back what came of it
"""

from tests.rigs.guest.rig.cache import Cache, RigMissing
from tests.rigs.guest.rig.guest import Guest, GuestDied, GuestTimeout, Outcome, Share

__all__ = ["Cache", "Guest", "GuestDied", "GuestTimeout", "Outcome", "RigMissing", "Share"]
