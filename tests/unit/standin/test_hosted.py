"""The options of a stand-in, and what each model makes of those that are not given."""

from __future__ import annotations

import argparse
from typing import get_args

import pytest

from sana_vcam.standin.__main__ import add_arguments, settings_from
from sana_vcam.standin.hosted import HOSTED, HostedName, hosted_named
from sana_vcam.standin.settings import Settings


def parsed(*words: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return settings_from(parser.parse_args(words))


def test_without_options_it_is_what_settings_are_by_default() -> None:
    assert parsed() == Settings()
    assert (parsed().model, parsed().wire) == ("sana-streaming", "live")


def test_every_model_is_in_the_table() -> None:
    assert set(HOSTED) == set(get_args(HostedName))


@pytest.mark.parametrize(
    ("model", "size", "chunks"),
    [
        ("sana-streaming", (1280, 704), [9, 24, 24]),
        ("x2", (0, 0), [4, 4, 4]),
        ("joyai", (1248, 720), [1, 8, 8]),
        ("vidu", (952, 544), [1, 1, 1]),
        ("helios", (640, 384), [33, 33, 33]),
    ],
)
def test_a_model_has_its_own_size_and_chunks(
    model: str, size: tuple[int, int], chunks: list[int]
) -> None:
    settings = parsed("--model", model)
    assert (settings.width, settings.height) == size
    assert [settings.chunk_length(index) for index in range(3)] == chunks


def test_what_is_given_wins() -> None:
    settings = parsed("--model", "helios", "--width", "320", "--chunk-frames", "5")
    assert (settings.width, settings.height, settings.chunk_frames) == (320, 384, 5)
    assert settings.chunk_length(0) == 5


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("x2", "x2"),
        ("xmax/x2", "x2"),
        ("reactor/x2", "x2"),
        ("reactor/sana-streaming", "sana-streaming"),
        ("vidu-s2-editing", "vidu"),
        (" Helios ", "helios"),
        ("joy-video-edit", "joyai"),
        ("", None),
        ("sora", None),
    ],
)
def test_a_model_is_found_by_each_of_its_names(name: str, found: str | None) -> None:
    assert hosted_named(name) == found
