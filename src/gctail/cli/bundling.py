"""Writes the bundle that `gctail postmortem --bundle` names: a case, with all it takes to see it elsewhere."""

from __future__ import annotations

import argparse
import io

import msgspec
from msgspec.structs import replace

from gctail import report
from gctail.cli.case import Read
from gctail.cli.files import save
from gctail.cli.wrapping import taught
from gctail.palette import Palette
from gctail.parsing.json_text import json_bytes
from gctail.postmortem.as_json import case_json
from gctail.postmortem.certificate import Case
from gctail.postmortem.pen import Pen
from gctail.postmortem.redaction import Redactor
from gctail.postmortem.text import case_text
from gctail.runners.bundle import VERSION, Manifest, Writer
from gctail.sinks.out import complain


def pack(case: Case, reading: Read, redactor: Redactor | None, options: argparse.Namespace) -> None:
    """The logs, of large ones the part that matters, the reports; with a redactor, nothing that it cannot redact."""
    kept = io.BytesIO()
    writer = Writer(kept, reading.places, redactor.data if redactor is not None else None)
    moments = [
        each.quote.offset for found in reading.case.certificates for each in found.moments if each.quote is not None
    ]
    for origin, role in reading.inputs.items():
        if role == "profile" and redactor is not None:
            complain(f"{options.bundle}: without {origin}: a profile cannot be redacted")
            continue
        shown = redactor.text(origin) if redactor is not None else origin
        writer.log(origin, role, moments, shown)
    if redactor is not None:
        case = replace(case, redacted=redactor.told())
    writer.text("case.json", json_bytes(msgspec.to_builtins(case)))
    writer.text("report.json", case_json(case))
    uncoloured = Pen(Palette(colour=False), lines=options.lines)
    writer.text("report.txt", case_text(case, uncoloured).encode("utf-8", "replace"))
    writer.text("report.md", report.markdown(case))
    writer.text("report.html", report.html(case))
    chosen = (options.limit, options.service, options.wrapper, options.since, options.until)
    writer.close(Manifest(VERSION, case.made_by, (), *chosen, taught(options)))
    save(options.bundle, kept.getvalue())
    if redactor is not None:
        told = ", ".join(f"{each.times} of kind {each.kind} ({each.distinct} different)" for each in redactor.told())
        complain(f"{options.bundle}: replaced {told or 'nothing'}")
