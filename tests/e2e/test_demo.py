"""`meridian demo` as a newcomer meets it: started, signed in, and a call is there that Meridian has chosen."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENT_S
from tests.rig.screen import Screen
from tests.servers.postgres import free_port

HERE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demo that runs."""
    port, folder = free_port(), tmp_path_factory.mktemp("demo")
    program = [sys.executable, "-m", "commands.cli", "demo", "--port", str(port), "--folder", str(folder)]
    with subprocess.Popen(program, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line)
            if found := re.search(r"Open (http://\S+) and sign in", line):
                yield found[1]
                break
        else:
            pytest.fail("".join(told))
        process.terminate()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("login", "queue"), [("boris", "tech"), ("anna", "billing")])
def test_whoever_signs_in_gets_a_call_that_meridian_chose(demo: str, login: str, queue: str) -> None:
    screen = Screen(url=demo, login=login, password="meridian").sign_in()
    try:
        screen.until(lambda: bool(screen.pops()), "called", within_s=PATIENT_S)
        first = screen.pops()[0]
        assert (first.message["pop"]["queue"], first.message["pop"]["state"]) == (queue, "ringing")
        leg = first.message["pop"]["pop_id"].partition("/")[2]
        assert leg.startswith("cc."), "Meridian's own offer, not the PBX's ring"
        screen.becomes("busy", within_s=PATIENT_S)  # the first callers may give up before the phone is answered
    finally:
        screen.sign_out()
        screen.close()
