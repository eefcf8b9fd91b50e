"""Runs a command under a seccomp filter that denies some calls, as containers do: deny.py CALL… -- COMMAND…

Calls: unshare, setns, mount, ipv6 (sockets of it), nftables (sockets of it), pidfd_getfd, process_vm_readv, seccomp,
notif_sizes (asking seccomp for the sizes of its notifications), transparent and transparent6 (setting IP_TRANSPARENT, IPV6_TRANSPARENT)."""

import ctypes
import os
import struct
import sys

EPERM, EAFNOSUPPORT = 1, 97
# x86-64: number, the argument that must be equal (or None), its value, errno.
CALLS = {
    "unshare": (272, None, 0, EPERM),
    "mount": (165, None, 0, EPERM),
    "ipv6": (41, 0, 10, EAFNOSUPPORT),
    "nftables": (41, 2, 12, EPERM),
    "setns": (308, None, 0, EPERM),
    "pidfd_getfd": (438, None, 0, EPERM),
    "process_vm_readv": (310, None, 0, EPERM),
    "seccomp": (317, None, 0, EPERM),
    "notif_sizes": (317, 0, 3, EPERM),
    "transparent": (54, 2, 19, EPERM),
    "transparent6": (54, 2, 75, EPERM),
}
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2


def program(names):
    steps = []
    for name in names:
        number, argument, value, code = CALLS[name]
        deny = (RETURN, 0, 0, ERRNO | code)
        if argument is None:
            steps += [(LOAD, 0, 0, 0), (JUMP_EQUAL, 0, 1, number), deny]
        else:
            steps += [(LOAD, 0, 0, 0), (JUMP_EQUAL, 0, 3, number)]
            steps += [(LOAD, 0, 0, 16 + 8 * argument), (JUMP_EQUAL, 0, 1, value), deny]
    steps.append((RETURN, 0, 0, ALLOW))
    return steps


def main():
    split = sys.argv.index("--")
    code = b"".join(struct.pack("<HBBI", *step) for step in program(sys.argv[1:split]))
    buffer = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    filtered = Program(len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(filtered)):
        sys.exit(os.strerror(ctypes.get_errno()))
    os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])


main()
