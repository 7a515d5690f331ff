"""What people call the programs that read a camera."""

import pytest

from sana_vcam.media.sinks.applications import APPLICATIONS, application_name, application_names


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("firefox-esr", "Firefox"),
        ("Firefox", "Firefox"),
        ("obs", "OBS"),
        ("chromium", "Chromium"),
        ("my-recorder", "my-recorder"),
    ],
)
def test_a_program_is_named_as_people_do(program, name):
    assert application_name(program) == name


def test_two_windows_of_one_application_are_named_once():
    assert application_names(["firefox", "obs", "Firefox", ""]) == ("Firefox", "OBS")


def test_no_process_belongs_to_two_applications():
    every = [process for one in APPLICATIONS for process in one.processes]
    assert len(every) == len(set(every))
    assert all(process == process.casefold() for process in every)


def test_every_application_reads_one_kind_at_least():
    assert all(one.v4l2 or one.pipewire for one in APPLICATIONS)
