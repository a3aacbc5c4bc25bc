"""A case as JSON: the object that `--output json` prints, with the whole certificate beside the promised fields."""

from __future__ import annotations

from typing import Any

import msgspec

from gctail.parsing.json_text import json_bytes
from gctail.parsing.times import rfc3339
from gctail.postmortem.certificate import Case, Certificate


def case_json(case: Case) -> bytes:
    """The object, indented, with text that is no UTF-8 escaped."""
    told = {
        "services": [_service(each) for each in case.certificates],
        "input": {**case.input, "made_by": case.made_by},
        "redacted": msgspec.to_builtins(case.redacted),
    }
    return json_bytes(told, indented=True)


def _service(certificate: Certificate) -> dict[str, Any]:
    cause = certificate.cause
    whole = msgspec.to_builtins(certificate)
    return {
        "service": certificate.service,
        "epochs": certificate.epochs,
        "epoch": certificate.epoch,
        "collections": certificate.collections,
        "verdict": whole["verdict"],
        "death": {
            "cause": cause.name,
            "confidence": cause.confidence,
            "title": cause.title,
            "sentence": cause.sentence,
            "time": rfc3339(certificate.end_s) if certificate.end_s is not None else None,
            "evidence": [quote.text for quote in cause.evidence],
            "places": whole["cause"]["evidence"],
            "details": whole["cause"]["details"],
            "settles": list(cause.settles),
            "not_ours": whole["cause"]["not_ours"],
        },
        "suspects": whole["suspects"],
        "last_lines": [line.text for line in certificate.last_lines],
        "findings": whole["findings"],
        "advice": whole["advice"],
        "certificate": whole,
    }
