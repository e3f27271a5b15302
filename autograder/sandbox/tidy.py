"""A folder that a student's code has filled → no folder: however deep it is nested, whatever its modes and names."""

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count

__all__ = ["remove_folder"]


def remove_folder(folder: str) -> None:
    """Removes `folder` and all that is in it, without following a link. What can't be removed stays; nothing is raised."""
    with suppress(OSError):
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _empty(top)
        finally:
            os.close(top)
        os.rmdir(folder)


def _empty(top: int) -> None:
    # What lies two levels down is moved up to the first, again and again: `shutil.rmtree` goes down instead, and its stack
    # ends before a student's folders do.
    mark, moved, removed = secrets.token_hex(8), count(), True
    while removed and (names := os.listdir(top)):
        removed = False
        for name in names:
            if _is_folder(name, top):
                with suppress(OSError):
                    removed |= _lift(name, top, (f"{mark}-{number}" for number in moved))
                removed |= _try(os.rmdir, name, top)
            else:
                removed |= _try(os.unlink, name, top)


def _lift(name: str, top: int, fresh: Iterator[str]) -> bool:
    """Moves the folders in the folder `name` up to `top` and removes its files; whether there was something to do."""
    os.chmod(name, 0o700, dir_fd=top)
    inner, done = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top), False
    try:
        for below in os.listdir(inner):
            if _is_folder(below, inner):
                with suppress(OSError):
                    os.chmod(below, 0o700, dir_fd=inner)
                    os.rename(below, next(fresh), src_dir_fd=inner, dst_dir_fd=top)
                    done = True
            else:
                done |= _try(os.unlink, below, inner)
    finally:
        os.close(inner)
    return done


def _is_folder(name: str, parent: int) -> bool:
    with suppress(OSError):
        return stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode)
    return False


def _try(remove: Callable[..., None], name: str, parent: int) -> bool:
    with suppress(OSError):
        remove(name, dir_fd=parent)
        return True
    return False
