"""The library: not there, too old, or with other objects than those that it should have."""

import ctypes

import pytest

from sana_vcam.lib.pipewire.library import Interface, Library, Methods, PipeWireError


def test_without_the_library_there_is_one_sentence():
    with pytest.raises(PipeWireError, match=r"libnone\.so\.0 is not installed: sudo apt install"):
        Library("libnone.so.0")


def test_a_library_without_a_function_is_too_old():
    with pytest.raises(PipeWireError, match=r"has no pw_init, so it is older than 0\.3\.40"):
        Library("libc.so.6")


ADD = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


class Table(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("first", ctypes.c_void_p), ("add", ADD))


def an_object(kind):
    table = Table(add=ADD(lambda data, more: (data or 0) + more))
    made = Interface(kind, 0, ctypes.addressof(table), 40)
    return made, table


def test_a_method_is_called_by_its_place_with_the_objects_data():
    made, _table = an_object(b"PipeWire:Interface:Core")
    methods = Methods(ctypes.addressof(made), b"Interface:Core", {"add": (2, ADD)})
    assert methods.call("add", 2) == 42


@pytest.mark.parametrize("kind", [b"PipeWire:Interface:Registry", None])
def test_an_object_of_another_kind_is_never_called(kind):
    made, _table = an_object(kind)
    with pytest.raises(PipeWireError, match="which this version cannot use"):
        Methods(ctypes.addressof(made), b"Interface:Core", {"add": (2, ADD)})
