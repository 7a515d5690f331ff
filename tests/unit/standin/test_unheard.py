"""How much of a session goes unheard."""

from __future__ import annotations

from sana_vcam.standin.settings import Settings
from sana_vcam.standin.unheard import Hearing


def test_everything_is_heard_unless_told_otherwise() -> None:
    hearing = Hearing(Settings())
    assert hearing.answers_schema
    assert all(hearing.hears_data() for _ in range(3))


def test_each_session_begins_deaf_again() -> None:
    hearing = Hearing(Settings(deaf=2))
    for _session in range(2):
        hearing.begin_session()
        assert [hearing.hears_data() for _ in range(4)] == [False, False, True, True]
