"""What goes on, for people who wait: one moving line on a terminal, a plain line now and then off it."""

import os
import sys
import time

from bakeoff.cli.output import Language, say
from bakeoff.evaluate.run import Progress
from bakeoff.project import Listener
from bakeoff.report.numbers import count, decimal
from bakeoff.report.text import clean
from bakeoff.report.words import sentence
from bakeoff.units import show_bytes
from bakeoff.values import Reason
from bakeoff.weights import DownloadProgress

LINE_EVERY_SECONDS = 10.0
"""Off a terminal, one plain line this often."""


class Watch(Listener):
    """Shows what goes on: one moving line on a terminal, a plain line now and then off it, nothing when quiet."""

    def __init__(self, *, lang: Language, quiet: bool = False) -> None:
        self._lang = lang
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._last = 0.0
        self._open = False

    def download(self, progress: DownloadProgress) -> None:
        """A model file is being fetched."""
        total = f" / {show_bytes(progress.total_bytes)}" if progress.total_bytes else ""
        finished = progress.total_bytes is not None and progress.done_bytes >= progress.total_bytes
        if not self._is_due(finished=finished):
            return
        self._line(f"{clean(progress.name)}: {show_bytes(progress.done_bytes)}{total}", finished=finished)

    def progress(self, progress: Progress) -> None:
        """A cell was filled, or failed."""
        done = progress.done + progress.failed
        if not self._is_due(finished=done >= progress.total):
            return
        rate = done / progress.seconds if progress.seconds > 0 else 0.0
        left = progress.seconds_left
        parts = [f"{clean(progress.candidate)}: {count(done, self._lang)}/{count(progress.total, self._lang)}"]
        parts.append(f"{decimal(rate, 1, self._lang)}/s")
        tokens = progress.prompt_tokens + progress.output_tokens
        parts.append(sentence(Reason("progress.tokens", {"n": tokens}), self._lang))
        if progress.cost_usd is not None:
            parts.append(sentence(Reason("progress.spent", {"usd": str(progress.cost_usd)}), self._lang))
        if progress.failed:
            parts.append(sentence(Reason("progress.failed", {"n": progress.failed}), self._lang))
        if left is not None and done < progress.total:
            parts.append(sentence(Reason("progress.left", {"seconds": left}), self._lang))
        self._line(" · ".join(parts), finished=done >= progress.total)

    def note(self, note: Reason) -> None:
        """Something worth a line happened."""
        if not self._quiet:
            self.close()
            say(sentence(note, self._lang))

    def close(self) -> None:
        """End the moving line."""
        if self._open:
            print(file=sys.stderr)
            self._open = False

    def _is_due(self, *, finished: bool) -> bool:
        """Asked before a line is made: most cells get none."""
        pause = 0.1 if self._terminal else LINE_EVERY_SECONDS
        return not self._quiet and (finished or time.monotonic() - self._last >= pause)

    def _line(self, text: str, *, finished: bool) -> None:
        self._last = 0.0 if finished else time.monotonic()
        if self._terminal:
            width = os.get_terminal_size(sys.stderr.fileno()).columns
            print(f"\r\x1b[2K{text[: width - 1]}", end="", file=sys.stderr, flush=True)
            self._open = True
            if finished:
                self.close()
        else:
            print(text, file=sys.stderr, flush=True)
