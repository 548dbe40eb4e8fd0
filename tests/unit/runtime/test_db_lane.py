"""Which lane gets which job."""

import asyncio
from queue import SimpleQueue

from runtime.db_lane import Job, JobQueue


class Inbox(SimpleQueue[Job | None]):
    """Of a lane that falls idle: its `get` doesn't wait, so that one thread can play them all."""

    def get(self, block: bool = True, timeout: float | None = None) -> Job | None:
        return None

    def arrived(self) -> Job | None:
        return super().get(block=False)


def job(loop: asyncio.AbstractEventLoop) -> Job:
    return Job(lambda _connection: None, lambda _result, _error: None, loop=loop, deadline=0.0)


async def test_jobs_that_wait_are_done_in_order() -> None:
    loop, jobs, lane = asyncio.get_running_loop(), JobQueue(), Inbox()
    first, second = job(loop), job(loop)
    jobs.put(first)
    jobs.put(second)
    assert len(jobs) == 2
    assert [jobs.get(lane), jobs.get(lane)] == [first, second]
    assert len(jobs) == 0


async def test_the_lane_that_fell_idle_last_gets_the_next_job_and_only_one() -> None:
    loop, jobs, cold, warm = asyncio.get_running_loop(), JobQueue(), Inbox(), Inbox()
    jobs.get(cold)
    jobs.get(warm)
    first, second, third = job(loop), job(loop), job(loop)
    for each in (first, second, third):
        assert jobs.anybody_idle is (each is not third)
        jobs.put(each)
    assert (warm.arrived(), cold.arrived()) == (first, second)
    assert (warm.empty(), cold.empty(), len(jobs)) == (True, True, 1)
    assert jobs.get(cold) is third
