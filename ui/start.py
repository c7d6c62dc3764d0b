"""Entry point of ``phusong``: hears Ctrl-C from its first line on, while all else is loaded.

Loading takes a second, in which Python would show a traceback, or libraries half loaded would.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from types import FrameType

DATA_IS_BAD, STOPPED = 1, 130
SENTENCES = ("Stopped; nothing was changed", "Đã dừng; không có gì thay đổi")
NO_MEMORY = (
    (
        "memory ran out, or no further thread may be started here: allow more, or close other "
        "programs; results are whole or as they were"
    ),
    (
        "hết bộ nhớ, hoặc ở đây không được mở thêm luồng: hãy cho phép nhiều hơn, hoặc đóng chương "
        "trình khác; các kết quả trọn vẹn hoặc vẫn như cũ"
    ),
)
"""In English and Vietnamese: nothing that translates is loaded yet, or can be."""

NO_THREAD = "can't start new thread"
"""What Python says where the system has no memory, or no number, for a thread."""


def main() -> None:
    """Hear Ctrl-C, then load the commands and run the one asked for."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored
        signal.signal(signal.SIGINT, _stop)
    _open_closed_streams()
    # pydantic would look through every installed package for plugins of its own
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        from ui import command  # noqa: PLC0415  # it loads what takes long

        command.main()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            _end_at_once(ended.code or 0)
        raise
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and str(error) != NO_THREAD:
            raise
        os.write(2, f"{NO_MEMORY[_is_vietnamese()]}\n".encode())
        os._exit(DATA_IS_BAD)
    _end_at_once(0)


def _open_closed_streams() -> None:
    """Have the standard streams that the caller closed (``>&-``) be open, to nowhere.

    The system would give their numbers to the next files that are opened, and what libraries
    print would be written into a list.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the least number that is free: this one


def _end_at_once(status: int) -> None:
    """End with what Python does at its end, but for freeing each object: a tenth of a second.

    Returns where somebody is still at work, or where what was said cannot be delivered: then
    Python ends as always, which waits and says so.
    """
    if threading.active_count() > 1:
        return
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # closed by who called
                stream.flush()
    except (OSError, ValueError):
        return
    atexit._run_exitfuncs()  # noqa: SLF001  # what Python itself calls; it has no other name
    os._exit(status)


def loaded() -> None:
    """Have Ctrl-C be heard by the command from now on, which knows what it has changed."""
    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _stop(_: int, __: FrameType | None) -> None:
    """Say that nothing was changed, and end at once: what is half loaded cannot be ended well."""
    os.write(2, f"{SENTENCES[_is_vietnamese()]}\n".encode())
    os._exit(STOPPED)


def _is_vietnamese() -> bool:
    """Whether Vietnamese is asked for, as `ui.commands.translator_of` finds it."""
    words = sys.argv
    if "--language" in words[:-1]:
        return words[words.index("--language") + 1] == "vi"
    names = ("PHUSONG_LANGUAGE", "LC_ALL", "LANG")
    asked = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return asked.lower().startswith("vi")


if __name__ == "__main__":
    main()
