"""Drives the core over Kafka: alone, as one of a group, or only to copy messages under better keys."""

from gctail.runners.kafka.consumption import Consumption
from gctail.runners.kafka.course import Course

__all__ = ["Consumption", "Course"]
