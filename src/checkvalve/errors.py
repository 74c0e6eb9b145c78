"""What Checkvalve raises when it cannot do what was asked.

    CheckvalveError
    ├── UsageError            exit 2   the command's words are off
    ├── IntegrityError        exit 3   a digest, a chain or a signature does not hold
    ├── InputError            exit 4   a file or a stream cannot be understood
    │   ├── PlantError                 the plant's files; carries every problem at once
    │   └── CaptureError               a capture; names the octet
    └── StorageError          exit 5   I/O, a lock, or no space

An exception means *we cannot do what was asked*. That the plant is wrong is not an
exception: it is a finding. Each error reads as one sentence and has a ``hint``: what to do
next.
"""

from __future__ import annotations

from dataclasses import dataclass


class CheckvalveError(Exception):
    """Base of every error that a person may meet.

    Args:
        sentence: what could not be done, naming the place.
        hint: what to do next; empty when there is nothing useful to say.
    """

    exit_code = 1

    def __init__(self, sentence: str, *, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class UsageError(CheckvalveError):
    """The command's words are off."""

    exit_code = 2


class IntegrityError(CheckvalveError):
    """A digest, a hash chain or a signature does not hold."""

    exit_code = 3


class InputError(CheckvalveError):
    """A file or a stream cannot be understood."""

    exit_code = 4


class StorageError(CheckvalveError):
    """Reading, writing, locking or space failed."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in one file that can't be understood.

    Attributes:
        file: the file, relative to the plant's folder.
        line: the line, from 1; 0 when the file as a whole is meant.
        path: where in the document, such as ``assets[3].zone``.
        sentence: what is wrong.
        hint: what to do.
    """

    file: str
    line: int
    path: str
    sentence: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        where = f" {self.path}:" if self.path else ""
        return f"{place}:{where} {self.sentence}"


class PlantError(InputError):
    """The plant's files can't be understood; every problem of every file is here."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        count = len(problems)
        super().__init__(
            f"the plant has {count} problem{'s' if count != 1 else ''} that can't be understood",
            hint="mend the lines named; 'checkvalve plant schema' prints what each file may hold",
        )
        self.problems = problems


class CaptureError(InputError):
    """A capture can't be read.

    Attributes:
        capture: its name.
        octet: where the reading stopped, from 0.
    """

    def __init__(self, capture: str, octet: int, sentence: str, *, hint: str = "") -> None:
        super().__init__(f"{capture}: octet {octet}: {sentence}", hint=hint)
        self.capture = capture
        self.octet = octet
