"""What the engine and librdkafka complain of, told once when it lasts, and once that it is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

LASTS_S = 2.0
"""A complaint that is not repeated after so long was nothing: a coordinator that had to be looked for, say."""
FORGOTTEN_S = 60.0
LOGGERS = ("quixstreams", "confluent_kafka")


class Trouble(logging.Handler):
    """Takes the place of the flood of lines that a lost broker makes."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self.say = say
        self._since_s: float | None = None
        self._last_s = 0.0
        self.told = False
        for name in LOGGERS:
            logger = logging.getLogger(name)
            logger.handlers.clear()
            logger.addHandler(self)
            logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """One more complaint."""
        now_s = time.monotonic()
        if self._since_s is None or now_s - self._last_s > FORGOTTEN_S:
            self._since_s = now_s
        self._last_s = now_s
        if not self.told and now_s - self._since_s > LASTS_S:
            self.told = True
            text = record.getMessage().strip()
            self.say(f"Kafka: {text.splitlines()[0][:300] if text else 'trouble'}; waiting and trying again")

    def over(self) -> None:
        """Something has come from the brokers."""
        if time.monotonic() - self._last_s > LASTS_S:
            self._since_s = None
            if self.told:
                self.told = False
                self.say("Kafka: going on")
