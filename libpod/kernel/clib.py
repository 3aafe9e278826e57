"""Owns: the few parts of ctypes that the kernel modules need, from its C core alone.

`import ctypes` runs 500 lines of Python and imports `struct`: 2 ms of the 50 that a `run` takes, in every
command. The names and their meaning are those of ctypes; where the C core lacks something, they are
ctypes' own.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctypes import (
        CDLL,
        Structure,
        addressof,
        byref,
        c_char,
        c_char_p,
        c_int,
        c_long,
        c_size_t,
        c_uint,
        c_uint32,
        c_uint64,
        c_ulong,
        c_void_p,
        create_string_buffer,
        get_errno,
        memmove,
        sizeof,
    )
else:
    try:
        from _ctypes import (
            FUNCFLAG_CDECL,
            FUNCFLAG_USE_ERRNO,
            CFuncPtr,
            Structure,
            _memmove_addr,
            _SimpleCData,
            addressof,
            byref,
            dlopen,
            get_errno,
            sizeof,
        )

        def _simple(name, code):
            return type(_SimpleCData)(name, (_SimpleCData,), {"_type_": code})

        c_char = _simple("c_char", "c")
        c_char_p = _simple("c_char_p", "z")
        c_int = _simple("c_int", "i")
        c_long = _simple("c_long", "l")
        c_uint = _simple("c_uint", "I")
        c_ulong = _simple("c_ulong", "L")
        c_void_p = _simple("c_void_p", "P")
        c_size_t = c_ulong
        c_uint32 = c_uint
        c_uint64 = c_ulong if sizeof(c_ulong) == 8 else _simple("c_uint64", "Q")

        class _Function(CFuncPtr):
            _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO
            _restype_ = c_int

        class CDLL:
            """The symbols of the running program, as functions that keep errno."""

            def __init__(self, name, use_errno=True):
                self._name = name
                self._handle = dlopen(name, 0)

            def __getitem__(self, name):
                return _Function((name, self))

            def __getattr__(self, name):
                if name.startswith("__"):
                    raise AttributeError(name)
                function = self[name]
                setattr(self, name, function)
                return function

        def create_string_buffer(init):
            """A char array of these bytes and a zero byte, or of this size."""
            size = init if isinstance(init, int) else len(init) + 1
            buffer = (c_char * size)()
            if not isinstance(init, int):
                buffer.value = init
            return buffer

        class _Memmove(CFuncPtr):
            _flags_ = FUNCFLAG_CDECL
            _restype_ = c_void_p

        memmove = _Memmove(_memmove_addr)
        memmove.argtypes = (c_void_p, c_char_p, c_size_t)
    except ImportError:  # another interpreter, or a core that has changed
        from ctypes import (
            CDLL,
            Structure,
            addressof,
            byref,
            c_char,
            c_char_p,
            c_int,
            c_long,
            c_size_t,
            c_uint,
            c_uint32,
            c_uint64,
            c_ulong,
            c_void_p,
            create_string_buffer,
            get_errno,
            memmove,
            sizeof,
        )

__all__ = [
    "CDLL",
    "Structure",
    "addressof",
    "byref",
    "c_char",
    "c_char_p",
    "c_int",
    "c_long",
    "c_size_t",
    "c_uint",
    "c_uint32",
    "c_uint64",
    "c_ulong",
    "c_void_p",
    "create_string_buffer",
    "get_errno",
    "memmove",
    "sizeof",
]
