"""huey on SQLite: huey_peer.py FILE rate|pickup TASKS WORKERS [fsync]

Threads as workers, as huey does by default; the creators are as many threads in a process of their own.
"""

import os
import sys
import threading
import time

from common import Tally, finish, report, start_worker
from huey import SqliteHuey

INTERVAL_SECONDS = 0.02


def queue(path, is_durable):
    return SqliteHuey("bench", filename=path, fsync=is_durable)


def work(path, tasks, workers, is_durable):
    huey = queue(path, is_durable)
    tally = Tally(tasks)

    @huey.task(name="noop")
    def noop(created):
        tally.started(created)

    consumer = huey.create_consumer(workers=workers, worker_type="thread", periodic=False, check_worker_health=False)
    consumer.start()
    print("ready", flush=True)
    tally.finished.wait()
    print("end %.6f" % time.time())
    report(tally)
    # Its threads end when they like; the figures are out.
    os._exit(0)


def create(path, mode, tasks, workers, is_durable):
    huey = queue(path, is_durable)

    @huey.task(name="noop")
    def noop(created):
        pass

    worker = start_worker(path, tasks, workers, "fsync" if is_durable else "default")
    begin = time.time()
    if mode == "pickup":
        for number in range(tasks):
            noop(time.time())
            time.sleep(max(0, begin + (number + 1) * INTERVAL_SECONDS - time.time()))
    else:

        def several(count):
            for _ in range(count):
                noop(time.time())

        threads = [threading.Thread(target=several, args=(tasks // workers,)) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    output = finish(worker)
    end = next(float(line.split()[1]) for line in output.splitlines() if line.startswith("end "))
    print("rate %.3f" % (tasks / (end - begin)))
    print("\n".join(line for line in output.splitlines() if line.startswith("pickup")))


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        work(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "fsync")
    else:
        create(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), "fsync" in sys.argv[5:])
