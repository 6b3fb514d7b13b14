"""procrastinate on PostgreSQL: procrastinate_peer.py URL rate|pickup TASKS WORKERS

One worker process with as many tasks at a time as there are workers, told of new ones by LISTEN; as many creators in a process of
their own, each a task a transaction.
"""

import asyncio
import logging
import os
import sys
import time

import procrastinate
from common import Tally, finish, report, start_worker

INTERVAL_SECONDS = 0.02
logging.disable(logging.WARNING)


def application(url, workers):
    connector = procrastinate.PsycopgConnector(conninfo=url, min_size=workers, max_size=workers + 2)
    return procrastinate.App(connector=connector)


async def work(url, tasks, workers):
    app = application(url, workers)
    tally = Tally(tasks)
    finished = asyncio.Event()

    @app.task(name="noop")
    async def noop(created):
        if tally.started(created):
            finished.set()

    async with app.open_async():
        worker = asyncio.create_task(app.run_worker_async(concurrency=workers, install_signal_handlers=False))
        # It subscribes at once; whoever creates before has to be found by the first look.
        await asyncio.sleep(0.5)
        print("ready", flush=True)
        await finished.wait()
        print("end %.6f" % time.time())
        report(tally)
        worker.cancel()
        os._exit(0)


async def create(url, mode, tasks, workers):
    app = application(url, workers)

    @app.task(name="noop")
    async def noop(created):
        pass

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        worker = start_worker(url, tasks, workers)
        begin = time.time()
        if mode == "pickup":
            for number in range(tasks):
                await noop.defer_async(created=time.time())
                await asyncio.sleep(max(0, begin + (number + 1) * INTERVAL_SECONDS - time.time()))
        else:

            async def several(count):
                for _ in range(count):
                    await noop.defer_async(created=time.time())

            await asyncio.gather(*(several(tasks // workers) for _ in range(workers)))
        output = await asyncio.to_thread(finish, worker)
        end = next(float(line.split()[1]) for line in output.splitlines() if line.startswith("end "))
        print("rate %.3f" % (tasks / (end - begin)))
        print("\n".join(line for line in output.splitlines() if line.startswith("pickup")))


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        asyncio.run(work(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
    else:
        asyncio.run(create(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
