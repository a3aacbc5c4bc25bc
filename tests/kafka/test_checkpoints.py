"""Checkpoints and partitions that go and come back while one is on its way."""

from concurrent.futures import Future

from gctail.engine import Engine
from gctail.kafka.client import Wanted
from gctail.kafka.naming import Naming
from gctail.kafka.places import Place
from gctail.kafka.progress import Progress
from gctail.kafka.reading import Reading
from gctail.kafka.starting import Start
from gctail.runners.kafka.checkpoints import Checkpoints, Saving
from gctail.runners.kafka.course import Course
from gctail.runners.kafka.link import Link
from gctail.runners.outputs import Outputs

HERE = Place("logs", 0)


def test_a_checkpoint_says_nothing_of_a_partition_that_went_and_came_back_meanwhile():
    """Others have read on in it: what they have is not read again onto their state, as the old one would have it."""
    wanted, progress = Wanted("nowhere:9092", ("logs",), group="gctail"), Progress()
    reading = Reading(Naming(), progress, lambda *_: None)
    link = Link(wanted, lambda _: None, patient=True)
    course = Course(wanted, Start("earliest"), state_topic="states")
    checkpoints = Checkpoints(course, link, Engine(), reading, outputs=Outputs([]))
    progress.arrive(HERE, 0, {"checkout": {HERE: 0}})
    written = {HERE: 40}
    future: Future[float] = Future()
    checkpoints._saving = Saving(future, {"checkout": {HERE: 40}}, written, [], [], "gctail", 0.0, 1)

    progress.leave({HERE})
    checkpoints.forget({HERE})
    assert written == {HERE: 40}, "who writes it still needs the offsets"
    progress.arrive(HERE, 30, {"checkout": {HERE: 100}})
    future.set_result(0.1)
    assert checkpoints._over(None, 0.0)
    assert not progress.is_new("checkout", HERE, 99)
    assert progress.is_new("checkout", HERE, 100)
