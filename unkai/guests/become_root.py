"""A program of 200 bytes that becomes root and runs a script: the guest's sudo.

Whoever logs in to the test guest may be root, so nothing has to be decided. Debian's sudo would
bring PAM and six libraries, which cost more than the rest of the guest's programs; to compile one
needs a compiler on the host. So the few instructions are written here, a line for each call.
"""

from __future__ import annotations

import struct

_LOAD_ADDRESS = 0x400000
_ELF_HEADER_BYTES, _PROGRAM_HEADER_BYTES = 64, 56
_INSTRUCTIONS = (
    "31ff b86a000000 0f05",  # setgid(0)
    "31ff 31f6 b874000000 0f05",  # setgroups(0, NULL)
    "31ff b869000000 0f05",  # setuid(0)
    "488b0424",  # rax = argc
    "488d742408",  # rsi = argv
    "488d54c608",  # rdx = environment, after argv and its NULL
    "488d3d13000000",  # rdi = the script's name, which follows the code
    "b83b000000 0f05",  # execve(rdi, rsi, rdx)
    "bf01000000 b83c000000 0f05",  # exit(1)
)


def program(script: str) -> bytes:
    """An x86-64 ELF executable, to be owned by root with the setuid bit."""
    code = bytes.fromhex("".join(_INSTRUCTIONS)) + script.encode() + b"\0"
    start = _ELF_HEADER_BYTES + _PROGRAM_HEADER_BYTES
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    entry = _LOAD_ADDRESS + start
    header = struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, entry, _ELF_HEADER_BYTES, 0, 0, 64, 56, 1, 64, 0, 0
    )
    size = start + len(code)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, _LOAD_ADDRESS, _LOAD_ADDRESS, size, size, 4096)
    return ident + header + load + code
