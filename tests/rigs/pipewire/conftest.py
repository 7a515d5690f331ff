"""The rig's own tests are given sessions as those of others are."""

from tests.rigs.pipewire.fixtures import pipewire

__all__ = ["pipewire"]
