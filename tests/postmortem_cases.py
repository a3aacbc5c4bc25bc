"""Cases as the command line makes them, without starting a program for each. Those of samples are made once."""

from functools import cache
from pathlib import Path

from gctail.cli.case import read
from gctail.cli.postmortem import parser
from gctail.postmortem.certificate import Case, Certificate

LOGS = Path(__file__).parent.parent / "samples" / "logs"


def case_of(*arguments: str | Path) -> Case:
    """What `gctail postmortem` makes of these arguments; names without a folder are samples."""
    given = tuple(str(LOGS / each) if (LOGS / str(each)).is_file() else str(each) for each in arguments)
    files = [Path(each) for each in given if Path(each).exists()]
    return _of_samples(given) if all(LOGS.parent in each.parents for each in files) else _made(given)


def _made(given: tuple[str, ...]) -> Case:
    found = read(parser().parse_args(given))
    found.places.close()
    assert found.failed == []
    return found.case


_of_samples = cache(_made)


def certificate_of(*arguments: str | Path) -> Certificate:
    """The only certificate."""
    [certificate] = case_of(*arguments).certificates
    return certificate
