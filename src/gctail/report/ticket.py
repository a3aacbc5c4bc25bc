"""The certificate as Markdown, short enough for a ticket: text of the log stands in code, where nothing renders it."""

from __future__ import annotations

from gctail.attribution.wording import said
from gctail.parsing.text import show
from gctail.postmortem.certificate import Certificate
from gctail.report.verdict import questions
from gctail.report.wording import share, span, utc

MOST = 5


def ticket(certificate: Certificate) -> str:
    """Headline, story, evidence, suspects and advice."""
    cause = certificate.cause
    lines = [f"### {_plain(certificate.service)}: {_plain(cause.title)}", "", _plain(cause.sentence), ""]
    lines += [
        f"- **{name}:** {_plain(words)}"
        for name, words in zip(questions(certificate), certificate.headline, strict=False)
    ]
    if certificate.moments:
        lines += ["", "**The story** (UTC)", ""]
        lines += [
            f"- {utc(each.time_s)} (+{span(each.uptime_s)}) {_plain(each.title)}: {_plain(each.text)}"
            for each in certificate.moments
        ]
    if cause.evidence:
        lines += ["", "**Evidence**", ""]
        lines += [
            f"- {_code(each.text)} ({_code(each.origin)} at byte {each.offset:,})" for each in cause.evidence[:MOST]
        ]
    if certificate.suspects:
        lines += ["", "**Suspects**", ""]
        for each in certificate.suspects[:MOST]:
            lines.append(f"- {_code(said(each))}: explains {share(each.get('share'))} of the growth")
    if certificate.advice:
        lines += ["", "**What to do**", ""]
        for advice in certificate.advice[:MOST]:
            lines.append(f"- {_plain(advice.title)}: {_plain(advice.text)}")
            lines += [f"  {_code(line)}  " for line in advice.setting.splitlines()]
    return "\n".join(lines) + "\n"


def _plain(words: str) -> str:
    """Text in which no character means anything to Markdown."""
    told = show(words, 600)
    return "".join(f"\\{each}" if each in "\\`*_[]<>#|!~" else each for each in told)


def _code(words: str) -> str:
    """Between backticks; those inside become apostrophes."""
    return "`" + show(words, 300).replace("`", "'") + "`"
