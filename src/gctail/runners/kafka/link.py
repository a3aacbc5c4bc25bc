"""The link to the brokers: made as soon as one answers, and what is wrong with it said once, not again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from kafka.errors import (
    AuthorizationError,
    FencedInstanceIdError,
    KafkaError,
    SaslAuthenticationFailedError,
    UnsupportedCodecError,
)

from gctail.errors import UnreadableInput
from gctail.kafka.client import Client, Complaints, Moves, Wanted
from gctail.kafka.places import Message, Place

POLL_S = 0.25
SPINNING_POLL_S = 0.02
"""While no broker answers, the client (3.0.12) spins inside `poll` at full speed: it gets this then, and we sleep."""
TROUBLE_S = 2.0
"""No message for so long, while the client complains: worth a sentence."""
FIRST_ANSWER_S = 30.0
"""Who reads to an end waits so long for the first answer of a broker; others wait for ever."""
FATAL = (AuthorizationError, SaslAuthenticationFailedError, FencedInstanceIdError, UnsupportedCodecError)
"""Errors that no waiting mends."""


class Link:
    """Connects, polls, and tells when it has to wait and when it goes on."""

    def __init__(self, wanted: Wanted, tell: Callable[[str], None], *, patient: bool) -> None:
        self.wanted, self.patient = wanted, patient
        self.stopped = False
        self._tell = tell
        self._complaints = Complaints()
        self.wrong: str | None = None  # what it waits for, in a sentence
        self._heard_s = time.monotonic()
        self._poll_s = POLL_S

    def connect(self, moves: Moves) -> Client | None:
        """A client, as soon as a broker answers; None where we are stopped before. Raises UnreadableInput."""
        until_s = time.monotonic() + FIRST_ANSWER_S
        while not self.stopped:
            try:
                client = Client(self.wanted, moves)
            except FATAL as error:
                raise UnreadableInput(f"Kafka: {sentence(error)}") from error
            except (KafkaError, OSError) as error:
                if self._complaints.refusal:
                    raise UnreadableInput(f"Kafka at {self.wanted.servers}: {self._complaints.refusal}") from error
                reason = self._complaints.last or sentence(error)
                if not self.patient and time.monotonic() > until_s:
                    raise UnreadableInput(f"Kafka at {self.wanted.servers} does not answer: {reason}") from error
                self.trouble(f"{self.wanted.servers} does not answer ({reason})")
                time.sleep(POLL_S)
            else:
                self.trouble(None)
                return client
        return None

    def poll(self, client: Client, most: int) -> Mapping[Place, Sequence[Message]]:
        """So many messages at most, or none where there is trouble. Raises UnreadableInput where no waiting helps."""
        begun_s, worked_s = time.monotonic(), time.thread_time()
        try:
            polled = client.poll(self._poll_s, most)
        except FATAL as error:
            raise UnreadableInput(f"Kafka: {sentence(error)}") from error
        except KafkaError as error:
            self.trouble(sentence(error))
            time.sleep(POLL_S)
            return {}
        now_s = time.monotonic()
        self._poll_s = POLL_S
        complains = now_s - self._complaints.last_s < TROUBLE_S
        if not polled and complains and time.thread_time() - worked_s > (now_s - begun_s) / 5:
            self._poll_s = SPINNING_POLL_S
            time.sleep(POLL_S)
        if polled:
            self._heard_s = now_s
            self.trouble(None)
        elif now_s - self._complaints.last_s < TROUBLE_S < now_s - self._heard_s:
            self.trouble(self._complaints.last)
        return polled

    def trouble(self, trouble: str | None) -> None:
        """Say once that something is wrong, and once that it is over."""
        if trouble is not None and self.wrong is None:
            self._tell(f"Kafka: {trouble}; waiting and trying again")
        elif trouble is None and self.wrong is not None:
            self._tell("Kafka: going on")
        self.wrong = trouble


def sentence(error: BaseException) -> str:
    """What the client says, in one line."""
    text = str(error).strip()
    return text.splitlines()[0][:300] if text else type(error).__name__
