"""The system calls that the sandbox refuses, as a filter for the kernel: a small BPF program that bubblewrap installs.

A list of what is refused and not of what is allowed: notebooks bring NumPy, PyTorch, OpenMP, shells and CUDA, and what
these call changes with every version. Refused is what makes new namespaces, mounts or devices, what reaches into other
processes or the kernel itself, and memory that no limit of a process counts. A call that is newer than this file is
answered as an older kernel would (ENOSYS), and programs then do without it.
"""

from __future__ import annotations

import errno
import platform
import struct

FORBIDDEN = {  # name: (number on x86_64, number on aarch64); None where there is no such call
    # namespaces and mounts: a process that can make these has files and rights beyond its limits
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "statmount": (457, 457), "listmount": (458, 458), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "move_pages": (279, 239), "migrate_pages": (256, 238), "perf_event_open": (298, 241),
    # large and young parts of the kernel, in which most ways out of a sandbox were found
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "bpf": (321, 280),
    "userfaultfd": (323, 282), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "personality": (135, 92), "modify_ldt": (154, None),
    "uselib": (134, None), "vmsplice": (278, 75),
    # the machine itself
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "syslog": (103, 116), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "clock_adjtime": (305, 266), "sethostname": (170, 161), "setdomainname": (171, 162),
    "iopl": (172, None), "ioperm": (173, None), "lookup_dcookie": (212, 18), "nfsservctl": (180, 42),
    "_sysctl": (156, None), "vhangup": (153, 58),
    # memory that no limit of a process counts: it belongs to none
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "msgget": (68, 186),
    "semget": (64, 190), "mq_open": (240, 180),
}  # fmt: skip
ABSENT = {"io_uring_setup", "io_uring_enter", "io_uring_register", "memfd_create", "memfd_secret", "userfaultfd"}
"""What programs know how to do without on older kernels: ENOSYS says so, EPERM would be taken for an error."""
LAST_KNOWN = 466
"""removexattrat: from 424 on, all machines number their calls alike."""

CLONE = (56, 220)
CLONE3 = (435, 435)
"""Its flags lie in memory, where no filter can read them; the C library then falls back to clone."""
NEW_NAMESPACES = 0x02000000 | 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
"""cgroup, mount, uts, ipc, user, pid, net."""
SOCKET = (41, 198)
FAMILIES = (1, 2, 10)
"""AF_UNIX, AF_INET, AF_INET6: there is no network, and programs that ask for one shall be told so as usual."""
AF_NETLINK, NETLINK_ROUTE = 16, 0
"""How the C library asks for the names of network devices."""

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Which column of the tables, and the kernel's number of the architecture (AUDIT_ARCH)."""
X32 = 0x40000000

LOAD, JUMP_EQUAL, JUMP_GREATER, JUMP_BITS, RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE = 0, 4


def unsupported() -> str | None:
    """Why there is no filter for this machine, in a sentence; None where there is one."""
    machine = platform.machine()
    if machine in MACHINES and struct.calcsize("P") == 8:
        return None
    return f"The sandbox's filter of system calls knows 64-bit x86_64 and aarch64; this is {machine}."


def program(machine: str | None = None) -> bytes:
    """The filter for `machine`, else this one, as `bwrap --seccomp` reads it: 8 bytes an instruction."""
    column, architecture = MACHINES[machine or platform.machine()]
    lines = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),  # a call by another architecture's numbers, which this table would misread
        (LOAD, 0, 0, NUMBER),
    ]
    if architecture == MACHINES["x86_64"][1]:
        lines += [(JUMP_BITS, 0, 1, X32), (RETURN, 0, 0, KILL)]  # the same, in disguise
    for name, numbers in FORBIDDEN.items():
        number = numbers[column]
        if number is not None:
            lines += _if_number(number, [_refuse(errno.ENOSYS if name in ABSENT else errno.EPERM)])
    lines += _if_number(CLONE3[column], [_refuse(errno.ENOSYS)])
    lines += _if_number(
        CLONE[column],
        [_argument(0), (JUMP_BITS, 0, 1, NEW_NAMESPACES), _refuse(errno.EPERM), (RETURN, 0, 0, ALLOW)],
    )
    lines += _if_number(SOCKET[column], _sockets())
    lines += [(JUMP_GREATER, 0, 1, LAST_KNOWN), _refuse(errno.ENOSYS), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _sockets() -> list[tuple[int, int, int, int]]:
    lines = [_argument(0)]
    for family in FAMILIES:
        lines += [(JUMP_EQUAL, 0, 1, family), (RETURN, 0, 0, ALLOW)]
    lines += [(JUMP_EQUAL, 0, 3, AF_NETLINK), _argument(2), (JUMP_EQUAL, 0, 1, NETLINK_ROUTE), (RETURN, 0, 0, ALLOW)]
    return [*lines, _refuse(errno.EAFNOSUPPORT)]


def _if_number(number: int, then: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """`then` where the call is `number`. It must return: what it has loaded is no number any more."""
    return [(JUMP_EQUAL, 0, len(then), number), *then]


def _argument(index: int) -> tuple[int, int, int, int]:
    """Load the lower half of an argument. Both of the kernel's machines here put it first."""
    return (LOAD, 0, 0, 16 + 8 * index)


def _refuse(code: int) -> tuple[int, int, int, int]:
    return (RETURN, 0, 0, REFUSE | code)
