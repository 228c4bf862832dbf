"""How the processes of the sandbox talk: 8 hexadecimal digits of length, then that many bytes."""

from __future__ import annotations

from os import read, write


def read_frame(descriptor: int) -> bytes | None:
    """The next frame; None when the other end is closed."""
    head = _read(descriptor, 8)
    return _read(descriptor, int(head, 16)) if len(head) == 8 else None


def write_frame(descriptor: int, data: bytes) -> None:
    """Write one frame, whole."""
    view = memoryview(b"%08x" % len(data) + data)
    while view:
        view = view[write(descriptor, view) :]


def is_whole(data: bytes | bytearray) -> bool:
    """Whether `data`, from a process that is not to be trusted, holds a frame with all of its bytes."""
    try:
        return len(data) >= 8 + int(data[:8], 16)
    except ValueError:
        return False


def _read(descriptor: int, size: int) -> bytes:
    chunks = []
    while size and (chunk := read(descriptor, min(size, 1 << 20))):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
