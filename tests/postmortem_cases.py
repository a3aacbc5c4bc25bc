"""Cases as the command line makes them, without starting a program for each."""

from pathlib import Path

from gctail.cli import postmortem
from gctail.postmortem.certificate import Case, Certificate

LOGS = Path(__file__).parent.parent / "samples" / "logs"


def case_of(*arguments: str | Path) -> Case:
    """What `gctail postmortem` makes of these arguments; names without a folder are samples."""
    given = [str(LOGS / each) if (LOGS / str(each)).is_file() else str(each) for each in arguments]
    case, failed = postmortem.opened(postmortem.parser().parse_args(given))
    assert failed == []
    return case


def certificate_of(*arguments: str | Path) -> Certificate:
    """The only certificate."""
    [certificate] = case_of(*arguments).certificates
    return certificate
