"""The first program inside: builds the walls around itself, then becomes the program that is to be run.

Run by `process.run` as a script of its own; imports nothing but the standard library, and nothing of Bakeoff.

    we (bakeoff) ── this script: the clock ── [namespaces] ── process 1 inside: limits, no rights ── the program

On Linux: a user namespace (unless we are root), and namespaces for mounts, processes, network, IPC and host name.
The new root is an empty file system in memory into which Python's own folders are bound read-only; the old root is
unmounted. Then rights are given up for good (no_new_privs, an unprivileged user, no capabilities), and system calls
that reach the kernel's rarely used corners are refused (seccomp). `unshare(2)`, `pivot_root(2)`, `prctl(2)` and
`seccomp(2)` in the Linux manual describe each step.
"""

import ctypes
import json
import os
import select
import signal
import struct
import sys
from typing import Any

SETUP_FAILED, TIMED_OUT = 125, 124
"""Exit status when the walls could not be built (nothing was run then), and when the program was ended by the clock."""

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_NOATIME, MS_BIND, MS_REC, MS_PRIVATE, MS_RELATIME = 1024, 4096, 16384, 1 << 18, 1 << 21
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
NOBODY = 65534

# (AUDIT_ARCH, number of pivot_root), from include/uapi/linux/audit.h and the tables below.
ARCHITECTURES = {"x86_64": (0xC000003E, 155), "aarch64": (0xC00000B7, 41)}

# mount, umount2, pivot_root, ptrace, unshare, setns, bpf, perf_event_open, keyctl, add_key, request_key, userfaultfd,
# io_uring_setup, io_uring_enter, io_uring_register, open_by_handle_at, kexec_load, init_module, finit_module,
# process_vm_readv, process_vm_writev, personality, fsopen, open_tree, move_mount, mount_setattr; numbers from
# arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux.
REFUSED = {
    "x86_64": (165, 166, 155, 101, 272, 308, 321, 298, 250, 248, 249, 323, 425, 426, 427, 304, 246, 175, 313, 310, 311,
               135, 430, 428, 429, 442),
    "aarch64": (40, 39, 41, 117, 97, 268, 280, 241, 219, 217, 218, 282, 425, 426, 427, 265, 104, 105, 273, 270, 271,
                92, 430, 428, 429, 442),
}  # fmt: skip


def main() -> None:
    """Build the walls that the order asks for, and run what it names."""
    order = json.loads(sys.argv[1])
    if sys.platform == "linux":
        _libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != order["parent"]:
            os._exit(SETUP_FAILED)  # it died before we asked to be told
    if order["wall"] == "namespaces":
        try:
            _leave(order)
        except OSError as error:
            _fail(f"{error.strerror or error} ({error.filename or 'namespaces'})")
    alive, ours = os.pipe()
    child = os.fork()
    if child:
        os.close(alive)
        _wait(child, order["seconds"])
    os.close(ours)
    try:
        _give_up_rights(order)
        if select.select([alive], [], [], 0)[0]:
            os._exit(SETUP_FAILED)  # who waits for us died before we asked to be told
        os.close(alive)
    except OSError as error:
        _fail(f"{error.strerror or error} (limits)")
    try:
        os.execve(order["argv"][0], order["argv"], order["environment"])
    except OSError as error:
        _fail(f"{order['argv'][0]}: {error.strerror}")


def _wait(child: int, seconds: float) -> None:
    """Stay outside, so that the program has a parent that is not Bakeoff; end it when its time is over."""

    def too_late(*_: object) -> None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os._exit(TIMED_OUT)

    signal.signal(signal.SIGALRM, too_late)
    signal.signal(signal.SIGTERM, too_late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _fail(why: str) -> None:
    os.write(2, f"sandbox: {why}".encode())
    os._exit(SETUP_FAILED)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc(), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)


def _leave(order: dict[str, Any]) -> None:
    """Leave the machine's processes, network and files behind."""
    machine = os.uname().machine
    if machine not in ARCHITECTURES:
        raise OSError(0, f"the processor architecture {machine} is not known")
    user, group = os.geteuid(), os.getegid()
    spaces = NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET
    try:
        if user != 0:
            raise PermissionError
        _call("unshare", spaces)
    except PermissionError:
        _call("unshare", spaces | NEWUSER)
        for name, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(line)
    _mount(None, "/", None, MS_REC | MS_PRIVATE, None)
    root = order["root"]
    _mount("none", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    # Before the folders: a virtual environment may lie below /tmp.
    os.mkdir(root + "/tmp", 0o777)
    _mount("none", root + "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, f"size={4 * order['file_bytes']},mode=1777")
    for path in order["folders"]:
        _bind(path, root)
    for path in ("/dev/null", "/dev/zero", "/dev/urandom"):
        _bind(path, root)
    _mount(None, root, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, None)
    os.chdir(root)
    # Old and new root on the same place, then the old one is unmounted (pivot_root(2), "pivot_root(".", ".")").
    if _libc().syscall(ARCHITECTURES[machine][1], b".", b".") != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "pivot_root")
    _call("umount2", b".", MNT_DETACH)
    os.chdir("/tmp")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None) -> None:
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    try:
        _call("mount", texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"mount {target}") from None


def _bind(path: str, root: str) -> None:
    """Show a file or folder of the old root in the new one, read-only; a device as it is."""
    target = root + path
    os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
    if os.path.islink(path):  # /lib -> usr/lib
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.makedirs(target, 0o755, exist_ok=True)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    _mount(path, target, None, MS_BIND | MS_REC, None)
    if path.startswith("/dev/"):
        return  # nodev would make the device a file that cannot be opened
    kept = os.statvfs(target).f_flag  # what an outer namespace has locked must be said again
    flags = MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_RDONLY | (kept & MS_NOEXEC)
    flags |= (MS_NOATIME if kept & os.ST_NOATIME else 0) | (MS_RELATIME if kept & os.ST_RELATIME else 0)
    _mount(None, target, None, flags, None)


def _give_up_rights(order: dict[str, Any]) -> None:
    """Limits, an unprivileged user, and no way back."""
    if order["wall"] == "namespaces":
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            # A user namespace of its own, so that its processes are counted apart from others of this user.
            _libc().unshare(NEWUSER)
        _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _call("prctl", PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    _set_limits(order)
    if order["wall"] == "namespaces":
        _refuse_calls()


def _set_limits(order: dict[str, Any]) -> None:
    import resource

    seconds = max(1, int(order["seconds"] + 1))
    limits = [
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, order["file_bytes"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_AS, order["memory_bytes"]),
    ]
    if order["wall"] == "namespaces":
        limits.append((resource.RLIMIT_NPROC, order["processes"]))
    for kind, value in limits:
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise


def _refuse_calls() -> None:
    """A seccomp filter: the calls in REFUSED, and those of another architecture, fail with EPERM."""
    machine = os.uname().machine
    allow, refuse = 0x7FFF0000, 0x00050000 | 1
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    numbers = REFUSED[machine]
    filters = [(load, 0, 0, 4), (equal, 1, 0, ARCHITECTURES[machine][0]), (answer, 0, 0, refuse), (load, 0, 0, 0)]
    if machine == "x86_64":  # the x32 way to call, whose numbers start at 2^30
        filters += [(at_least, 0, 1, 0x40000000), (answer, 0, 0, refuse)]
    for number in numbers:
        filters += [(equal, 0, 1, number), (answer, 0, 0, refuse)]
    filters.append((answer, 0, 0, allow))
    code = b"".join(struct.pack("HBBI", *one) for one in filters)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(filters), ctypes.addressof(buffer))
    _call("prctl", PR_SET_SECCOMP, 2, ctypes.c_char_p(program), 0, 0)


if __name__ == "__main__":
    main()
