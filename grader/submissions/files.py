"""The files of a folder or an archive, each fit to be opened or with the reason why it is not.

An archive is a stranger's: of its members only regular files count, with a name that stays inside, within bounds. A
header may lie about a size, so bytes are counted when they are read.
"""

from __future__ import annotations

import contextlib
import gzip
import lzma
import os
import re
import stat
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from course_lib.errors import CourseError

FILE_BYTES = 64 * 2**20
"""A file of a submission may have so many bytes."""
LEARNER_BYTES = 512 * 2**20
"""All files of one learner together."""
TOTAL_BYTES = 8 * 2**30
"""What a run may unpack."""
MEMBERS = 200_000
"""So many files a class may have; one learner's archive a twentieth of it."""
NAME = 255
"""No file system takes a longer name."""
JUNK = re.compile(r"__MACOSX|__pycache__|Thumbs\.db|desktop\.ini|\._.*|\.(?!ipynb_checkpoints$)(?!.*\.ipynb$).*", re.I)
"""What systems and editors leave by themselves. Copies of notebooks are not among it: they are told."""
OTHER_BEGINNING = "it does not begin as one"
OUTSIDE = "has a name that leads out of the folder"
ERRORS = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, tarfile.TarError, OSError, ValueError, EOFError, RuntimeError),
    *(NotImplementedError, MemoryError),
)
"""What a damaged archive makes the standard library raise."""


class UnusableError(Exception):
    """A file that cannot be read; the text completes "it ..."."""


@dataclass(frozen=True)
class File:
    """A file on its way in."""

    name: str
    """Its path below the folder or in the archive, with slashes."""
    open: Callable[[], IO[bytes]]
    size: int = 0
    """As its header says."""
    path: Path | None = None
    """Where it lies, if it is in no archive."""
    refused: str = ""
    """Why it is not opened; completes "it ..."."""
    folder: bool = False

    def read(self, most: int = FILE_BYTES) -> bytes:
        """Its bytes. Raises `UnusableError`, also for more than `most`."""
        if self.refused:
            raise UnusableError(self.refused)
        try:
            with self.open() as source:
                data = source.read(most + 1)
        except ERRORS as error:
            raise UnusableError(f"could not be unpacked ({_reason(error)})") from None
        if len(data) > most:
            raise UnusableError(too_large(most))
        return data

    def head(self, size: int = 1024) -> bytes:
        """Its first bytes; none of a file that cannot be read."""
        try:
            with self.open() as source:
                return b"" if self.refused else source.read(size)
        except ERRORS:
            return b""

    def below(self, folder: str) -> File:
        """The same file, named as one in a folder."""
        return replace(self, name=f"{folder}/{self.name}")


class Room:
    """How many bytes may still be unpacked, of one learner's and of all."""

    def __init__(self, of_all: list[int] | None = None) -> None:
        self._all = of_all if of_all is not None else [TOTAL_BYTES]
        self._mine = LEARNER_BYTES

    def give_back(self, folder: Path) -> None:
        """What lies in a folder that is about to be deleted counts no more for the others."""
        self._all[0] += sum(path.stat().st_size for path in folder.iterdir())

    def learner(self) -> Room:
        """The room of one more learner."""
        return Room(self._all)

    def copy(self, file: File, path: Path) -> None:
        """Unpack a file. Raises `UnusableError` when it cannot be, and then leaves nothing."""
        if file.refused:
            raise UnusableError(file.refused)
        if path.exists():  # on some systems names that differ in case are one
            raise UnusableError("could not be unpacked (another file has this name)")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with file.open() as source, path.open("xb") as target:
                size = 0
                while chunk := source.read(2**20):
                    size += len(chunk)
                    self._mine -= len(chunk)
                    self._all[0] -= len(chunk)
                    if size > FILE_BYTES:
                        raise UnusableError(too_large(FILE_BYTES))
                    if self._mine < 0:
                        raise UnusableError(f"is one file too many: all of it together {too_large(LEARNER_BYTES)}")
                    if self._all[0] < 0:
                        raise UnusableError(
                            f"did not fit: the class's files are larger than {TOTAL_BYTES // 2**30} GiB"
                        )
                    target.write(chunk)
        except (UnusableError, *ERRORS) as error:
            path.unlink(missing_ok=True)
            if isinstance(error, UnusableError):
                raise
            raise UnusableError(f"could not be unpacked ({_reason(error)})") from None


def too_large(most: int) -> str:
    """Completes "it ..." of a file with too many bytes."""
    size = f"{most // 2**20} MiB" if most >= 2**20 else f"{most} bytes"
    return f"is larger than a submission may be ({size})"


def printable(text: str) -> str:
    """A name as it can be shown on every screen and written into every file: one line, no tricks, not too long."""
    shown = "".join(c if c.isprintable() else "?" for c in text)
    return shown if len(shown) <= NAME else f"{shown[:80]}…{shown[-40:]}"


def short(name: str) -> str:
    """A name of a length that names have; of a longer one, which is refused, as much as is shown."""
    return "/".join(part if len(part) <= NAME else printable(part) for part in name.split("/"))


def in_folder(folder: Path, only: Collection[str] | None = None) -> Iterator[File]:
    """The files and folders below a folder; links are not followed. only: of the topmost names, these."""
    problems: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=problems.append):
        here = Path(place)
        if only is not None and here == folder:
            folders[:], names = [n for n in folders if n in only], [n for n in names if n in only]
        folders[:] = sorted(name for name in folders if not JUNK.fullmatch(name))
        for name in list(folders):
            file = _on_disk(here / name, folder, directory=True)
            if file.refused:
                folders.remove(name)
            yield file
        for name in sorted(names):
            if not JUNK.fullmatch(name):
                yield _on_disk(here / name, folder)
    for error in problems:
        path = Path(str(error.filename))
        name = path.relative_to(folder).as_posix() if path != folder else path.name
        yield File(name, path.open, refused=f"is a folder that cannot be opened ({error.strerror})", folder=True)  # type: ignore[arg-type]


def _on_disk(path: Path, top: Path, directory: bool = False) -> File:
    name = path.relative_to(top).as_posix()
    refused, size = "", 0
    try:
        found = path.lstat()
        size = found.st_size
        if stat.S_ISLNK(found.st_mode):
            refused = "is a link, not a file"
        elif not directory and not stat.S_ISREG(found.st_mode):
            refused = "is a pipe, a socket or a device, not a file"
        elif not directory and size > FILE_BYTES:
            refused = too_large(FILE_BYTES)
    except OSError as error:
        refused = f"cannot be opened ({error.strerror})"
    return File(name, lambda: path.open("rb"), size, path, refused, directory)


def in_archive(path: Path, most: int = MEMBERS) -> Iterator[File]:
    """The files in a zip or tar file. Raises `CourseError` for one that cannot be read."""
    try:
        if _begins(path, b"PK"):
            yield from _in_zip(path, most)
        elif tarfile.is_tarfile(path):
            yield from _in_tar(path, most)
        else:
            raise CourseError(f"{path} is not a zip file that can be read: {OTHER_BEGINNING}")
    except ERRORS as error:
        raise CourseError(f"{path} is not a zip file that can be read: {_reason(error)}") from None


def _in_zip(path: Path, most: int) -> Iterator[File]:
    if _directory_bytes(path) > most * 300:
        raise CourseError(f"{path} names more files than a class has ({most}).")
    archive = zipfile.ZipFile(path)
    members = archive.infolist()
    if len(members) > most:
        raise CourseError(f"{path} holds {len(members)} files, more than a class has ({most}).")
    for member in members:
        name = _told_name(member)
        kind = stat.S_IFMT(member.external_attr >> 16)
        refused = _refused(name, member.file_size, kind in (0, stat.S_IFREG, stat.S_IFDIR))
        if not refused and member.flag_bits & 0x1:
            refused = "is encrypted"
        if not _is_junk(name):
            yield File(name.rstrip("/"), lambda member=member: archive.open(member), member.file_size, None, refused,  # type: ignore[misc]
                       member.is_dir())  # fmt: skip


def _in_tar(path: Path, most: int) -> Iterator[File]:
    archive = tarfile.open(path, "r:")  # noqa: SIM115  its members are opened as long as it is used
    for number, member in enumerate(archive):
        if number >= most:
            raise CourseError(f"{path} holds more files than a class has ({most}).")
        name = member.name.removeprefix("./")
        refused = _refused(name, member.size, member.isreg() or member.isdir())
        if not _is_junk(name):
            yield File(name, lambda member=member: _of_tar(archive, member), member.size, None, refused, member.isdir())  # type: ignore[misc]


def _of_tar(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    opened = archive.extractfile(member)
    if opened is None:
        raise OSError("it is no file")
    return opened


def expand(file: File, spool: Path, room: Room) -> list[File] | None:
    """What lies in a learner's archive, each named below it; None for a file that is none.

    An Office document is a zip file, too: it is left as it is. Raises `UnusableError` for one that cannot be read.
    """
    head = file.head(512)
    packed = head.startswith(b"\x1f\x8b")
    if not packed and not head.startswith((b"PK\x03\x04", b"PK\x05\x06")) and head[257:262] != b"ustar":
        return None
    handle, name = tempfile.mkstemp(dir=spool)
    os.close(handle)
    path = Path(name)
    path.unlink()
    if packed:
        file = replace(file, open=lambda opened=file.open: cast(IO[bytes], gzip.GzipFile(fileobj=opened())))  # type: ignore[misc]
    room.copy(file, path)
    if packed and not tarfile.is_tarfile(path):
        inner = re.sub(r"\.gz$", "", Path(file.name).name, flags=re.I)
        return [File(f"{file.name}/{inner}", lambda: path.open("rb"), path.stat().st_size)]
    try:
        found = list(in_archive(path, MEMBERS // 20))
    except CourseError as error:
        raise UnusableError(f"is an archive that cannot be read ({str(error).rpartition(': ')[2]})") from None
    if any(f.name in ("[Content_Types].xml", "mimetype") for f in found):
        return None
    return [one.below(file.name) for one in found if not one.folder]


def _told_name(member: zipfile.ZipInfo) -> str:
    """The name with slashes; UTF-8 that is not declared as such (macOS does that) is read as UTF-8."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _refused(name: str, size: int, is_file: bool) -> str:
    """Why a member is not unpacked; empty when it is."""
    parts = name.rstrip("/").split("/")
    if not name or name.startswith("/") or ".." in parts or ":" in name or _unfit(name):
        return OUTSIDE
    if max(map(len, parts)) > NAME or len(name) > 16 * NAME:
        return f"has a name of {len(name)} characters"
    if not is_file:
        return "is a link or a device, not a file"
    return too_large(FILE_BYTES) if size > FILE_BYTES else ""


def _unfit(name: str) -> bool:
    """Whether a name holds what no name does: control characters, halves of characters."""
    return any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name)


def _is_junk(name: str) -> bool:
    return any(JUNK.fullmatch(part) for part in name.split("/") if part not in ("..", "."))


def _begins(path: Path, mark: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(mark)) == mark


def _directory_bytes(path: Path) -> int:
    """How long a zip file's list of members is: reading it makes an object of each."""
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, 2**16 + 22), os.SEEK_END)
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    return int.from_bytes(tail[at + 12 : at + 16], "little") % (2**32 - 1) if at >= 0 else 0


def _reason(error: BaseException) -> str:
    return printable((getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0])[:200]
