"""A follower in a thread of its own, for whoever asks."""

import pytest

from following import Tail


@pytest.fixture
def tail():
    """Makes followers, and ends those that the test left running."""
    tails = []

    def follow(*paths, **options) -> Tail:
        tails.append(Tail(*paths, **options))
        return tails[-1]

    yield follow
    for each in tails:
        each.stop()
