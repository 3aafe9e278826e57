"""Owns: names and numbers of signals (signal(7), the generic Linux numbering of x86, ARM and RISC-V)."""

from __future__ import annotations

_IN_ORDER = (
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN "
    "TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"
)
NUMBERS = {name: number for number, name in enumerate(_IN_ORDER.split(), start=1)}
NAMES = {number: name for name, number in NUMBERS.items()}
NUMBERS.update({"IOT": 6, "CLD": 17, "POLL": 29, "UNUSED": 31})
RTMIN = 34
RTMAX = 64
"""As the C library counts them: it keeps 32 and 33 for itself."""


def parse(value: str) -> int | None:
    """The number of `TERM`, `SIGTERM`, `sigterm`, `15`, `RTMIN+3`, `SIGRTMAX-1`; None for anything else."""
    if value.isascii() and value.isdigit():
        number = int(value) if len(value) < 4 else 0
        return number if 1 <= number <= RTMAX else None
    name = value.upper().removeprefix("SIG")
    if name in NUMBERS:
        return NUMBERS[name]
    for base, start in (("RTMIN", RTMIN), ("RTMAX", RTMAX)):
        if name.startswith(base):
            rest = name[5:]
            if not rest:
                return start
            if rest[0] in "+-" and rest[1:].isascii() and rest[1:].isdigit() and len(rest) < 4:
                number = start + int(rest)
                return number if RTMIN <= number <= RTMAX else None
    return None


def name_of(number: int) -> str:
    """`SIGTERM` for 15, `SIGRTMIN+3` for 37; the number itself when it has no name."""
    if number in NAMES:
        return "SIG" + NAMES[number]
    if RTMIN <= number <= RTMAX:
        return "SIGRTMIN" if number == RTMIN else f"SIGRTMIN+{number - RTMIN}"
    return str(number)
