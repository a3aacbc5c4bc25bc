"""The commands that the docs show for Kafka, run as they stand there, on a real one."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from kafka_storm import GCTAIL
from kafka_topics import LEAK, STARTED, committed_all, ended, wait_for, write

# The client leaves files of its own unclosed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


@pytest.mark.parametrize("page", ["kafka.md", "scale.md"])
def test_the_command_that_a_page_begins_with_works(brokers, tmp_path, page):
    """It reads the topic, in a group, until it is told to end."""
    [shown] = re.findall(r"^gctail (?:kafka|scale) .*$", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    topic = f"logs-{page.partition('.')[0]}"
    write(brokers, topic, [(b"checkout", LEAK[0])])
    words = shown.replace("k1:9092,k2:9092", brokers).replace("logs", topic).replace("gctail ", "", 1)
    command = [GCTAIL, *shlex.split(words.replace("--group gctail", f"--group {topic}"))]
    STARTED.append(subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=tmp_path))
    wait_for(lambda: write(brokers, topic, [(b"checkout", LEAK[0])]) or committed(brokers, topic))
    ended(STARTED[-1])


def committed(brokers, topic):
    """It has read some of it: it begins with what comes, so that is written again and again."""
    return committed_all(brokers, topic, topic, most_left=3)
