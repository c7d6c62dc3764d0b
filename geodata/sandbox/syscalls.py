"""Numbers of the Linux system calls that no reader of files needs, for seccomp.

Each is shut because Landlock does not reach it: sockets other than TCP, other processes,
memory and queues shared with them, ownership and times of files that may only be read, and
what belongs to the administrator. Numbers are those of ``asm/unistd_64.h`` (x86-64) and
``asm-generic/unistd.h`` (arm64).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a filter has to know of one processor architecture.

    ``audit`` is its number in ``linux/audit.h``; ``shut`` are the numbers of calls that are
    refused. The others are refused depending on their arguments.
    """

    audit: int
    shut: tuple[int, ...]
    clone: int
    clone3: int
    kill: int
    tgkill: int
    rt_sigqueueinfo: int
    rt_tgsigqueueinfo: int
    prlimit64: int
    prctl: int
    mmap: int


NEWEST = 450
"""The last number of Linux 5.17, the same on both. What came later is answered as that kernel
would: there is no such call, and libraries do without."""

SOCKETS = MappingProxyType(
    {
        "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200),
        "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242), "sendto": (44, 206),
        "sendmsg": (46, 211), "sendmmsg": (307, 269), "recvfrom": (45, 207),
        "recvmsg": (47, 212), "recvmmsg": (299, 243),
    }
)  # fmt: skip

PROCESSES = MappingProxyType(
    {
        "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
        "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
        "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272),
        "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
        "tkill": (200, 130), "unshare": (272, 97), "setns": (308, 268), "setpgid": (109, 154),
        "setsid": (112, 157), "setpriority": (141, 140), "ioprio_set": (251, 30),
        "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119),
        "sched_setparam": (142, 118), "sched_setattr": (314, 274), "migrate_pages": (256, 238),
        "move_pages": (279, 239),
    }
)  # fmt: skip

SHARED = MappingProxyType(
    {
        "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197),
        "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
        "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
        "mq_open": (240, 180), "mq_unlink": (241, 181), "mq_timedsend": (242, 182),
        "mq_timedreceive": (243, 183), "mq_notify": (244, 184), "mq_getsetattr": (245, 185),
        "memfd_create": (319, 279), "memfd_secret": (447, 447),
    }
)  # fmt: skip
"""Memory of ``memfd_create`` is here too: the limit of a process does not count it."""

ATTRIBUTES = MappingProxyType(
    {
        "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, None),
        "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "setxattr": (188, 5),
        "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
        "lremovexattr": (198, 15), "fremovexattr": (199, 16), "utime": (132, None),
        "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    }
)  # fmt: skip

KERNEL = MappingProxyType(
    {
        "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
        "io_uring_register": (427, 427), "bpf": (321, 280), "perf_event_open": (298, 241),
        "userfaultfd": (323, 282), "keyctl": (250, 219), "add_key": (248, 217),
        "request_key": (249, 218), "open_by_handle_at": (304, 265),
        "name_to_handle_at": (303, 264), "personality": (135, 92), "lookup_dcookie": (212, 18),
        "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "inotify_init": (253, None),
        "inotify_init1": (294, 26), "inotify_add_watch": (254, 27), "syslog": (103, 116),
        "vhangup": (153, 58), "modify_ldt": (154, None), "iopl": (172, None),
        "ioperm": (173, None),
    }
)  # fmt: skip

MACHINE = MappingProxyType(
    {
        "mount": (165, 40), "umount2": (166, 39), "mount_setattr": (442, 442),
        "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
        "fspick": (433, 433), "open_tree": (428, 428), "move_mount": (429, 429),
        "pivot_root": (155, 41), "chroot": (161, 51), "quotactl": (179, 60),
        "quotactl_fd": (443, 443), "swapon": (167, 224), "swapoff": (168, 225),
        "reboot": (169, 142), "acct": (163, 89), "init_module": (175, 105),
        "finit_module": (313, 273), "delete_module": (176, 106), "create_module": (174, None),
        "kexec_load": (246, 104), "kexec_file_load": (320, 294), "settimeofday": (164, 170),
        "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
        "sethostname": (170, 161), "setdomainname": (171, 162), "nfsservctl": (180, 42),
    }
)  # fmt: skip

GROUPS: tuple[Mapping[str, tuple[int, int | None]], ...] = (
    SOCKETS, PROCESSES, SHARED, ATTRIBUTES, KERNEL, MACHINE,
)  # fmt: skip


def _shut(column: int) -> tuple[int, ...]:
    numbers = (row[column] for group in GROUPS for row in group.values())
    return tuple(sorted(number for number in numbers if number is not None))


MACHINES: Mapping[str, Machine] = MappingProxyType(
    {
        "x86_64": Machine(
            audit=0xC000003E, shut=_shut(0), clone=56, clone3=435, kill=62, tgkill=234,
            rt_sigqueueinfo=129, rt_tgsigqueueinfo=297, prlimit64=302, prctl=157, mmap=9,
        ),
        "aarch64": Machine(
            audit=0xC00000B7, shut=_shut(1), clone=220, clone3=435, kill=129, tgkill=131,
            rt_sigqueueinfo=138, rt_tgsigqueueinfo=240, prlimit64=261, prctl=167, mmap=222,
        ),
    }
)  # fmt: skip
"""By the name that ``platform.machine()`` gives."""
