"""Kafka as gctail knows it: reaching the brokers, messages as the lines that they were, state kept in a topic."""

from gctail.kafka.places import Message, Place

__all__ = ["Message", "Place"]
