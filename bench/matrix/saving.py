"""Writing files so that nothing is lost: what was there stays until the new one is whole."""

import contextlib
import os
import tempfile
from pathlib import Path


class Unsaved(Exception):
    """A file that could not be written; the text says why, and what to do."""


def prepare(path, option="--output"):
    """The file that @path stands for, in a folder that exists. Raises Unsaved where it can be none; @option chooses another."""
    path = Path(path).resolve()
    if path.exists() and not path.is_file():
        raise Unsaved(f"{path}: not a regular file: choose another name with {option}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unsaved(f"{path.parent}: cannot be made: {error.strerror}: "
                      f"choose another place with {option}") from error
    return path


def write(path, text):
    """Writes @text to a file beside @path, which then takes its place. Raises Unsaved; @path is as before then."""
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        kept = "; the earlier one is unchanged" if path.exists() else ""
        raise Unsaved(f"{path}: cannot be written: {error.strerror}{kept}. "
                      "Make room, or choose another place with --output") from error


def rescue(path, text):
    """Where @path cannot be written: a file elsewhere, or None where there is no place either."""
    for folder in dict.fromkeys((tempfile.gettempdir(), os.getcwd(), "/dev/shm")):
        with contextlib.suppress(OSError):
            handle, name = tempfile.mkstemp(prefix=f"{path.stem}-", suffix=path.suffix, dir=folder)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
            except OSError:
                os.unlink(name)
                raise
            return Path(name)
    return None
