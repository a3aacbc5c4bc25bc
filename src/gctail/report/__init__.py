"""The certificate to look at and to send around: one HTML file, Markdown for a ticket, the main chart as SVG and PNG.

What comes back are whole files as bytes; who writes them does it atomically.
"""

from __future__ import annotations

from gctail.postmortem.certificate import Case, Certificate


def html(case: Case) -> bytes:
    """One self-contained page."""
    from gctail.report.page import page

    return page(case)


def markdown(case: Case) -> bytes:
    """All certificates, short enough for a ticket."""
    from gctail.report.ticket import ticket

    return "\n".join(ticket(each) for each in case.certificates).encode("utf-8", "backslashreplace")


def svg(certificate: Certificate) -> bytes:
    """The main chart, in light colours."""
    from gctail.report.picture import picture

    return picture(certificate)


def png(certificate: Certificate, width: int = 2400) -> bytes:
    """The main chart as pixels; needs the extra `png`, and raises `UsageError` with the way to get it."""
    from gctail.report.raster import raster

    return raster(svg(certificate), width)
