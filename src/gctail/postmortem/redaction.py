"""Values that nobody outside should see, replaced by pseudonyms: the same value by the same one, wherever it stands.

A pseudonym is a keyed hash (BLAKE2b) of the value, so it tells nothing about it without the key, which is thrown away.
What is only digits becomes other digits of the same length, so that JSON stays JSON and tables stay tables. It finds
what looks like a secret; what looks like nothing (a name in a sentence) it cannot find.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from ipaddress import ip_address
from typing import Any

import msgspec

from gctail.postmortem.certificate import Case, Replaced

MOST_DISTINCT = 1 << 20
_HIDDEN_FIELD = (
    r"(?i:(?<![a-z])(?:[\w-]{0,40}[_-])?(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|secret[_-]?key|session[_-]?id|cookie|authorization|credentials?|signature|otp|csrf)"
    r"[\\\"']{0,2}\s?[:=]\s?[\\\"']{0,2})"
)
_USER_FIELD = (
    r"(?i:(?<![a-z])(?:user|uid|usr|login|customer|account|member|client|owner|subject|device|phone|msisdn)"
    r"(?:[_-]?(?:id|name|no|number))?[\\\"']{0,2}\s?[:=]\s?[\\\"']{0,2})"
)
_MIXED = r"(?=[\w+/=-]{0,100}[a-z])(?=[\w+/=-]{0,100}[A-Z])(?=[\w+/=-]{0,100}\d)"
_FINDERS = (  # kind, and where its value stands: the group `v`, or all of it; the first that fits decides
    ("token", r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[\s\S]{0,8192}?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|\Z)"),
    ("token", r"\beyJ[\w-]{8,4096}\.[\w-]{8,4096}(?:\.[\w-]{0,4096})?"),
    ("token", r"\b(?:A[KS]IA[0-9A-Z]{16}|gh[pousr]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{20,64})\b"),
    ("token", r"\b(?:xox[abeprs]-[\w-]{10,255}|sk[-_](?:live|test|proj|ant)?[-_]?[\w-]{16,255}|AIza[\w-]{35})\b"),
    ("token", r"\b(?:npm_\w{30,64}|hf_\w{30,64}|SG\.[\w-]{16,64}\.[\w-]{16,64}|dop_v1_[0-9a-f]{64})\b"),
    ("token", r"(?i:\b(?:bearer|basic|token|apikey)\s+)(?P<v0>[\w.~+/=-]{8,4096})"),
    ("secret", r"://[^\s/:@\"']{0,128}:(?P<v1>[^\s/@\"']{1,256})@"),
    ("secret", _HIDDEN_FIELD + r"(?!(?i:bearer|basic|token)\s)(?P<v2>[^\s\"'\\,;&)}\]]{1,512})"),
    ("email", r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
    ("card", r"(?<![\w.-])[2-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}(?![\w.])"),
    ("card", r"(?<![\w.-])3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?![\w.])"),
    ("ip", r"(?<![\w.:-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.-])(?!\+)"),
    ("ip", r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{0,4})(?![\w:.])"),
    ("user", _USER_FIELD + r"(?P<v3>[^\s\"'\\,;&)}\]]{2,256})"),
    ("user", r"\b(?i:uid|user|usr|customer|cust|account|acct|member|device)[_:/#-](?P<v4>\d{2,32})\b"),
    ("user", r"(?i:/(?:users?|customers?|accounts?|members?|profiles?)/)(?P<v5>[\w.@-]{2,128})"),
    ("user", r"/(?:home|Users)/(?P<v6>[\w.-]{1,64})"),
    ("token", r"(?<![\w/.+-])" + _MIXED + r"[\w+/=-]{36,512}(?![\w/.])"),
)
_KINDS = [kind for kind, _ in _FINDERS]
_ALL = re.compile("|".join(f"(?P<f{at}>{pattern})" for at, (_, pattern) in enumerate(_FINDERS)))
_LOCAL = frozenset({"127.0.0.1", "0.0.0.0", "::1", "::", "255.255.255.255"})  # noqa: S104  (nothing is bound)
_WORDS = frozenset({"true", "false", "null", "nil", "none", "unknown", "anonymous", "root", "id", "terminated"})
_OURS = re.compile(r"<(?:token|secret|email|card|ip|user):[0-9a-f]{8}>")
_KERNEL = re.compile(r"oom-kill:|total-vm:|oom_score|\[ {0,10}\d+\] {1,10}\d+ ")


class Redactor:
    """Replaces, and counts what it replaced. The key makes pseudonyms that nobody can guess values from."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._times: dict[str, int] = {}
        self._distinct: dict[str, set[bytes]] = {}

    def text(self, text: str) -> str:
        """The text with everything replaced that looks like it should be."""
        if len(text) < 3:
            return text
        kernel = _KERNEL.search(text) is not None

        def replaced(found: re.Match[str]) -> str:
            at = next(at for at in range(len(_KINDS)) if found[f"f{at}"] is not None)
            kind = _KINDS[at]
            value, begin = _value(found)
            if not _counts(kind, value) or (kernel and kind == "user") or _OURS.fullmatch(value):
                return found[0]
            before = found[0][: begin - found.start()]
            after = found[0][begin - found.start() + len(value) :]
            return before + self._pseudonym(kind, value) + after

        return _ALL.sub(replaced, text)

    def data(self, data: bytes) -> bytes:
        """The same for bytes of a log."""
        return self.text(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def case(self, case: Case) -> Case:
        """A case in which every text was replaced, and which says so."""
        plain = self._walk(msgspec.to_builtins(case))
        return msgspec.structs.replace(msgspec.convert(plain, Case), redacted=self.told())

    def told(self) -> tuple[Replaced, ...]:
        """What was replaced so far."""
        return tuple(Replaced(kind, times, len(self._distinct[kind])) for kind, times in sorted(self._times.items()))

    def _walk(self, value: Any) -> Any:  # noqa: ANN401  (data of any shape)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key) if isinstance(key, str) else key: self._walk(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._walk(each) for each in value]
        return value

    def _pseudonym(self, kind: str, value: str) -> str:
        digest = blake2b(value.encode("utf-8", "surrogateescape"), key=self._key, digest_size=16)
        self._times[kind] = self._times.get(kind, 0) + 1
        seen = self._distinct.setdefault(kind, set())
        if len(seen) < MOST_DISTINCT:
            seen.add(digest.digest()[:8])
        if value.isdecimal() and kind in {"user", "secret"}:
            number = str(int.from_bytes(digest.digest()[:16]))[-len(value) :]
            return ("1" + number[1:]).ljust(len(value), "7")
        return f"<{kind}:{digest.hexdigest()[:8]}>"


def _value(found: re.Match[str]) -> tuple[str, int]:
    for name in ("v0", "v1", "v2", "v3", "v4", "v5", "v6"):
        if found[name] is not None:
            return found[name], found.start(name)
    return found[0], found.start()


def _counts(kind: str, value: str) -> bool:
    """Whether the value is what it looks like."""
    if kind == "card":
        return luhn(re.sub(r"\D", "", value))
    if kind == "ip":
        return value not in _LOCAL and _is_address(value)
    if kind == "user":
        return value.casefold() not in _WORDS
    return value.casefold() not in _WORDS and not value.startswith("<")


def _is_address(value: str) -> bool:
    try:
        address = ip_address(value)
    except ValueError:
        return False
    return address.version == 4 or "::" in value or value.count(":") == 7


def luhn(digits: str) -> bool:
    """The check digit of card numbers (ISO/IEC 7812-1)."""
    if not 13 <= len(digits) <= 19:
        return False
    total = 0
    for at, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + at % 2)
        total += number - 9 * (number > 9)
    return total % 10 == 0
