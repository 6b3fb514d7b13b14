"""What the task queues' peers share: what is measured, and how it is printed.

A worker process prints a line `done` or, for pick-ups, `pickup_ms p50 p99`; the parent creates the tasks and prints the figures.
"""

import subprocess
import sys
import threading
import time


class Tally:
    """Counts tasks that have run, in any thread."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.delays = []
        self.lock = threading.Lock()
        self.finished = threading.Event()

    def started(self, created):
        delay = time.time() - created
        with self.lock:
            self.delays.append(delay)
            if len(self.delays) == self.wanted:
                self.finished.set()
                return True
        return False


def report(tally):
    delays = sorted(tally.delays)
    print("pickup_p50_ms %.3f" % (delays[len(delays) // 2] * 1000))
    print("pickup_p99_ms %.3f" % (delays[min(len(delays) - 1, len(delays) * 99 // 100)] * 1000), flush=True)


def start_worker(*arguments):
    """Starts this script again as the worker, and waits until it says that it listens."""
    worker = subprocess.Popen([sys.executable, *sys.argv[:1], "worker", *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    line = worker.stdout.readline()
    if line.strip() != "ready":
        raise SystemExit("the worker did not start: " + line)
    return worker


def finish(worker):
    """What the worker printed once all tasks had run."""
    output, _ = worker.communicate(timeout=300)
    if worker.returncode != 0:
        raise SystemExit("the worker failed")
    return output
