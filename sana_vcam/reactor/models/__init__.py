"""The models of the platform that are known here, and the way from a name to a record."""

from __future__ import annotations

from sana_vcam.config.preset import nearest_first
from sana_vcam.reactor.models.adapters import Adapter, ModelReading, Step, adapter_for
from sana_vcam.reactor.models.helios import HELIOS
from sana_vcam.reactor.models.images import Image, NotAnImage
from sana_vcam.reactor.models.joyai import JOYAI
from sana_vcam.reactor.models.longlive import LONGLIVE
from sana_vcam.reactor.models.record import Look, Model, Scalar, Setting
from sana_vcam.reactor.models.sana import SANA
from sana_vcam.reactor.models.schema import Schema, complete, from_schema, read_schema
from sana_vcam.reactor.models.vidu import VIDU
from sana_vcam.reactor.models.x2 import X2

MODELS = (SANA, X2, VIDU, JOYAI, HELIOS, LONGLIVE)


def find(name: str) -> Model | None:
    """Find the record of a model by any name that it goes by; None: not known here."""
    wanted = name.strip().lower()
    return next((one for one in MODELS if wanted in (one.name, *one.aliases)), None)


def record_of(name: str) -> Model:
    """Find the record of a model, or make one that knows nothing yet."""
    return find(name) or from_schema(name, None)


def connect_names(name: str) -> tuple[str, ...]:
    """List the names under which to ask the platform for a model, the given one first.

    A name without an owner is tried once more with it: token and session of today's platform are
    for a name with an owner, and older accounts may have either.
    """
    name = name.strip()
    if "/" in name:
        return (name,)
    known = find(name)
    return (name, known.name if known is not None else f"reactor/{name}")


def nearest(name: str) -> str:
    """Name the known model that a wrong name is most like."""
    owners = {alias: one for one in MODELS for alias in (one.name, *one.aliases)}
    return owners[nearest_first(name, list(owners))[0]].name


__all__ = [
    "MODELS",
    "SANA",
    "Adapter",
    "Image",
    "Look",
    "Model",
    "ModelReading",
    "NotAnImage",
    "Scalar",
    "Schema",
    "Setting",
    "Step",
    "adapter_for",
    "complete",
    "connect_names",
    "find",
    "from_schema",
    "nearest",
    "read_schema",
    "record_of",
]
