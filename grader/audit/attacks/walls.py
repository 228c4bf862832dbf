"""Attacks on the sandbox's walls: new namespaces, mounts, system calls that no notebook needs, memory beyond limits.

Each is a cell that tries one thing after another, and prints what gave way.
"""

from __future__ import annotations

GAVE_WAY = "GAVE WAY:"

START = f"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)

def tell(what):
    print("{GAVE_WAY}", what, flush=True)

def child(work):
    # What a process of its own returns: so that the next one finds everything as before.
    number = os.fork()
    if number == 0:
        try: os._exit(work())
        finally: os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
"""

NAMESPACES = (
    START
    + """
KINDS = {"user": 0x10000000, "mount": 0x00020000, "network": 0x40000000, "process": 0x20000000, "IPC": 0x08000000,
         "host name": 0x04000000, "cgroup": 0x02000000, "time": 0x00000080}
USER = KINDS["user"]
for kind, flag in KINDS.items():
    for also in (0, USER):
        if child(lambda: int(libc.unshare(flag | also) != 0)) == 0:
            tell(f"a new {kind} namespace")
            break
stack = ctypes.create_string_buffer(65536)
entry = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(lambda _: 0)
for kind, flag in KINDS.items():
    top = ctypes.c_void_p(ctypes.addressof(stack) + 65536 - 64)
    if flag != 0x80 and child(lambda: int(libc.clone(entry, top, flag | USER | 17, None) == -1)) == 0:
        tell(f"a process cloned into a new {kind} namespace")
"""
)

MOUNTS = (
    START
    + """
def mounted(kind, place, also=0):
    def work():
        if also and libc.unshare(0x10000000 | 0x20000):
            return 1
        options = b"size=512m" if kind == b"tmpfs" else None
        return int(libc.mount(b"none", place, kind, 0, options) != 0)
    return child(work) == 0

for kind in (b"tmpfs", b"proc", b"sysfs", b"devpts", b"overlay", b"cgroup2", b"mqueue"):
    for place in (b"/work", b"/tmp", b"/dev/shm"):
        if mounted(kind, place) or mounted(kind, place, also=1):
            tell(f"a mount of {kind.decode()}")
            break
if child(lambda: int(libc.mount(b"/", b"/work", None, 4096, None) != 0)) == 0:
    tell("a folder bound to another place")
if child(lambda: int(libc.mount(b"none", b"/", None, 32 | 4096, None) != 0)) == 0:
    tell("a read-only mount made writable")
if child(lambda: int(libc.umount2(b"/cases", 2) != 0)) == 0 or child(lambda: int(libc.umount2(b"/usr", 2) != 0)) == 0:
    tell("a mount taken away")
"""
)

CALLS = (
    START
    + """
import errno, platform
# Their numbers on x86_64 and aarch64; from 424 on all machines count alike.
NUMBERS = {
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "userfaultfd": (323, 282),
    "bpf": (321, 280), "perf_event_open": (298, 241), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "pivot_root": (155, 41),
    "setns": (308, 268), "fanotify_init": (300, 262), "open_by_handle_at": (304, 265), "swapon": (167, 224),
    "quotactl": (179, 60), "acct": (163, 89), "reboot": (169, 142),
}
column = {"x86_64": 0, "aarch64": 1}.get(platform.machine())
for name, numbers in NUMBERS.items() if column is not None else ():
    def refused():
        ctypes.set_errno(0)
        result = libc.syscall(ctypes.c_long(numbers[column]), *(ctypes.c_long(0) for _ in range(6)))
        return 0 if result == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS, errno.EACCES) else 1
    if child(refused) == 1:
        tell(f"the system call {name} answers")
"""
)

SOCKETS = (
    START
    + """
import socket
for name in ("AF_PACKET", "AF_ALG", "AF_VSOCK", "AF_BLUETOOTH", "AF_CAN", "AF_TIPC"):
    family = getattr(socket, name, None)
    kinds = {"AF_ALG": socket.SOCK_SEQPACKET, "AF_CAN": socket.SOCK_RAW, "AF_PACKET": socket.SOCK_DGRAM}
    try:
        made = socket.socket(family, kinds.get(name, socket.SOCK_STREAM)) if family is not None else None
    except OSError:
        continue
    if made is not None:
        tell(f"a socket of the family {name}")
"""
)

PLACES = (
    START
    + """
import glob
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches", "/sys/fs/cgroup",
             "/proc/1/mem", "/proc/kcore", "/dev/mem", "/dev/kmsg", *glob.glob("/dev/sd*"), *glob.glob("/dev/nvme*")):
    try:
        if os.path.isdir(path):
            open(os.path.join(path, "left"), "w").close()
        else:
            open(path, "r+b" if path.startswith("/dev") else "ab").close()
    except OSError:
        continue
    tell(f"{path} can be written to")
try:
    if os.geteuid() == 0 and os.setuid(1) is None and os.setuid(0) is None: tell("a user who becomes root again")
except OSError: pass
if libc.prctl(39, 0, 0, 0, 0) != 1:  # PR_GET_NO_NEW_PRIVS
    tell("a program that gives rights may do so")
"""
)

WALLS = {
    "new namespaces": NAMESPACES,
    "mounts": MOUNTS,
    "system calls that no notebook needs": CALLS,
    "sockets of unusual families": SOCKETS,
    "the machine's own files": PLACES,
}
