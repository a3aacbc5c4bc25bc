"""A case as JSON: the object that `--output json` prints, with the whole certificate beside the promised fields."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from gctail.parsing.times import rfc3339
from gctail.postmortem.certificate import Case, Certificate


def case_json(case: Case) -> bytes:
    """The object, indented, with text that is no UTF-8 escaped."""
    told = {
        "services": [_service(each) for each in case.certificates],
        "input": {**case.input, "made_by": case.made_by},
        "redacted": msgspec.to_builtins(case.redacted),
    }
    return orjson.dumps(_sane(told), option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)


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


def _sane(value: Any) -> Any:  # noqa: ANN401  (JSON of any shape)
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {str(key): _sane(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_sane(each) for each in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value)
    return value
