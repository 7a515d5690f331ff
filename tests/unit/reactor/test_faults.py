"""What a user is told of a failure: words, no addresses, and nothing of the machinery."""

from __future__ import annotations

import re

import pytest
from reactor_sdk import (
    ConflictError,
    NetworkError,
    NotFoundError,
    RateLimitedError,
    ReactorError,
    ServerError,
    UnauthorizedError,
)
from reactor_sdk.errors import ERROR_CLASSES

from sana_vcam.reactor import Refused, SessionError, SessionGone, SessionLost, Unavailable, faults
from sana_vcam.reactor.errors import from_connect, from_mint

CLOUD = "https://api.reactor.inc"
HERE = "http://127.0.0.1:8080"
KINDS = [kind for kind in vars(faults).values() if isinstance(kind, faults.FaultKind)]
MACHINERY = re.compile(r"https?:|HTTP|Error|NETWORK|None|[Ee]xception")
"""What no sentence for a user has, nor any word for viewers."""


def connecting(error: Exception, api_url: str = CLOUD) -> SessionError:
    return from_connect(error, model="sana-streaming", api_url=api_url)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.words)
def test_every_kind_has_a_sentence_and_calm_words(kind):
    assert kind.sentence[0].isupper()
    assert kind.words[0].isupper()
    assert not MACHINERY.search(kind.sentence)
    assert not MACHINERY.search(kind.words)
    assert not re.search(r"sana-vcam|REACTOR|\[|`", kind.words), "strangers read this"


@pytest.mark.parametrize("error", ERROR_CLASSES, ids=lambda kind: kind.__name__)
def test_whatever_the_sdk_raises_is_said_in_a_sentence(error: type[ReactorError]):
    meant = connecting(error("error sending request for url (http://10.0.0.1/start_session)"))
    assert meant.fault is not None
    assert meant.sentence == meant.fault.sentence
    assert "10.0.0.1" not in meant.sentence + meant.words
    assert meant.sentence != str(meant), "the details are elsewhere"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (connecting(NetworkError("error sending request")), faults.UNREACHABLE),
        (connecting(NetworkError("refused"), HERE), faults.UNREACHABLE_HERE),
        (connecting(OSError("no route")), faults.UNREACHABLE),
        (connecting(RateLimitedError("slow down")), faults.TOO_OFTEN),
        (connecting(ServerError("oops", status=503)), faults.OUT_OF_ORDER),
        (connecting(ServerError("oops", status=504)), faults.NO_ANSWER),
        (connecting(ConflictError("busy")), faults.IN_THE_WAY),
        (connecting(ReactorError("no", code="SESSION_LIMIT_REACHED")), faults.NO_ROOM),
        (connecting(NotFoundError("no such model")), faults.NO_MODEL),
        (connecting(UnauthorizedError("no", status=401)), faults.KEY),
        (connecting(UnauthorizedError("no", status=403)), faults.KEY_OR_MODEL),
        (from_mint(401, None, api_url=CLOUD), faults.KEY),
        (from_mint(402, None, api_url=CLOUD), faults.UNPAID),
        (from_mint(302, None, api_url=CLOUD), faults.MOVED),
        (from_mint(429, "3", api_url=CLOUD), faults.TOO_OFTEN),
        (from_mint(500, None, api_url=CLOUD), faults.OUT_OF_ORDER),
        (SessionLost("the connection dropped during set_prompt"), faults.DROPPED),
        (SessionGone("the session cannot be joined (HTTP 404)"), faults.ENDED),
    ],
    ids=lambda one: getattr(one, "words", str(one)),
)
def test_the_kind_is_named_rightly(error: SessionError, kind: faults.FaultKind):
    assert error.fault is kind
    assert error.words == kind.words


def test_a_failure_without_a_kind_is_its_own_sentence_and_no_address_is_capitalised():
    assert Unavailable("the model gave nothing").sentence == "The model gave nothing"
    assert Refused("http://127.0.0.1:8080 said no").sentence == "http://127.0.0.1:8080 said no"
    assert Refused("sana-vcam cannot do that").sentence == "sana-vcam cannot do that"
    assert Refused("/dev/video0 is gone").sentence == "/dev/video0 is gone"
    assert Refused("").sentence == ""
