"""The kinds of failure in words: the one place where the user's sentences about a session are.

An error's own message has the addresses, codes and names that the log is for; what kind it is of
says the same to somebody who only wants to be on air again.
"""

from __future__ import annotations

from dataclasses import dataclass

from sana_vcam.lib.loopback import is_loopback


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of failure."""

    sentence: str
    """What is wrong and what mends it, for the user: no addresses, codes or exceptions."""
    words: str
    """The same for viewers of a meeting: nothing about keys, money or commands."""


UNREACHABLE = FaultKind(
    "The model's service cannot be reached. Is this computer online?",
    "The service cannot be reached now",
)
UNREACHABLE_HERE = FaultKind(
    "The model's runtime on this machine cannot be reached. Does it run, and at the address in "
    "[reactor] api_url?",
    "The service cannot be reached now",
)
NO_ANSWER = FaultKind(
    "The model's service does not answer. It is tried again by itself.",
    "The service does not answer now",
)
OUT_OF_ORDER = FaultKind(
    "The model's service has trouble of its own. It is tried again by itself.",
    "The service is out of order now",
)
NO_DESCRIPTORS = FaultKind(
    "This computer lets sana-vcam open no more files and connections. It is tried again by itself.",
    "The service cannot be reached now",
)
TOO_OFTEN = FaultKind(
    "Too many sessions were asked for in a short time, so there is a wait before the next.",
    "The service asks for a moment",
)
NO_ROOM = FaultKind(
    "No more sessions are free: the account, or the model, serves as many as it may. Is one open "
    "elsewhere?",
    "The service is full now",
)
IN_THE_WAY = FaultKind(
    "The service is still ending an earlier session.",
    "The service is busy for a moment",
)
NO_GPU = FaultKind(
    "No GPU became free in time. It is tried again by itself.",
    "No GPU is free now",
)
DROPPED = FaultKind(
    "The connection to the model dropped. It is joined again by itself.",
    "The connection was interrupted",
)
ENDED = FaultKind(
    "The service has ended the session. Another is opened by itself.",
    "The session has ended",
)
NOT_JOINED = FaultKind(
    "The connection to the model dropped and did not come back in time. Another session is opened "
    "by itself.",
    "The connection was interrupted",
)
NO_PICTURE = FaultKind(
    "The model gives no picture. Another session is tried by itself.",
    "The model gives no picture",
)
NEVER_A_PICTURE = FaultKind(
    "Several sessions in a row gave no picture, so no more are opened. Look at the log and at your "
    "account; then: sana-vcam ctl connect",
    "The service gives no picture",
)
MODEL_BUSY = FaultKind(
    "The model does not answer a command. It is tried again by itself.",
    "The model does not answer now",
)
KEY = FaultKind(
    "The service did not accept the API key. Put a valid one in the environment as "
    "REACTOR_API_KEY, or in the file that [reactor] api_key_file names.",
    "The service did not accept the key",
)
NO_KEY = FaultKind(
    "There is no API key. Put it in the environment as REACTOR_API_KEY, or in a file that "
    "[reactor] api_key_file names; `sana-vcam demo` needs none.",
    "The service needs a key",
)
KEY_OR_MODEL = FaultKind(
    "The service did not accept the API key, or the key is not for this model. Check "
    "REACTOR_API_KEY and [reactor] model.",
    "The service did not accept the key",
)
UNPAID = FaultKind(
    "The account has no credits left. Add some on the service's own page, then: sana-vcam ctl "
    "connect",
    "The account needs credits",
)
NO_MODEL = FaultKind(
    "The service does not have this model. Set [reactor] model to one that your account has.",
    "The service does not have this model",
)
OTHER_VERSION = FaultKind(
    "The service speaks another version than this software. Update it: pip install -U reactor-sdk",
    "The software needs an update",
)
MOVED = FaultKind(
    "The service has moved to another address. Set [reactor] api_url to that.",
    "The service refused the session",
)
NOT_TAKEN = FaultKind(
    "The service does not take this request. Check [reactor] model and max_session_s, or update: "
    "pip install -U reactor-sdk",
    "The service refused the session",
)


def ended_because(reason: str) -> FaultKind:
    """Say that the service has ended the session, in its own words, which viewers do not get."""
    sentence = f"The service has ended the session: {reason}. Another is opened by itself."
    return FaultKind(sentence, ENDED.words)


def unreachable(api_url: str) -> FaultKind:
    """Say that nobody answers at an address, here or elsewhere."""
    return UNREACHABLE_HERE if is_loopback(api_url) else UNREACHABLE


def as_sentence(message: str) -> str:
    """Write a message as a sentence, unless it begins with a name or an address."""
    first = message.partition(" ")[0]
    return message[:1].upper() + message[1:] if first.rstrip(",;:").isalpha() else message
