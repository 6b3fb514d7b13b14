"""Where the server of the browser tests keeps its data: in its folder, or on what KASKMAN_TEST_DATABASE names.

PostgreSQL and Redis are real, on sockets in a folder of their own, and ended by their process.
"""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

PATIENCE = 60


def chosen():
    """The stores for one server: something with `settings` and `close`."""
    name = os.environ.get("KASKMAN_TEST_DATABASE", "sqlite")
    if name == "sqlite":
        return InFolder()
    if name == "postgresql":
        return PostgreSQLWithRedis()
    raise RuntimeError(f"KASKMAN_TEST_DATABASE is {name}: it may be sqlite or postgresql")


class InFolder:
    settings = {}

    def close(self):
        pass


class PostgreSQLWithRedis:
    def __init__(self):
        # Short: the path of a socket has at most 107 bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kaskman-stores-", dir="/tmp"))
        self.processes = []
        self.user = owner()
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        self.settings = {
            "KASKMAN_DATABASE_URL": f"postgresql:///kaskman?host={self.folder}&user=kaskman",
            "KASKMAN_REDIS_URL": f"redis+unix://{self.folder}/redis.sock",
        }

    def start(self):
        programs = newest_programs()
        data = self.folder / "data"
        self.run(programs / "initdb", "-D", data, "-U", "kaskman", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        self.spawn(programs / "postgres", "-D", data, "-k", self.folder, "-c", "listen_addresses=", log="postgres.log")
        self.until(lambda: self.succeeds(programs / "pg_isready", "-q", "-h", self.folder), "PostgreSQL")
        self.run(programs / "createdb", "-h", self.folder, "-U", "kaskman", "kaskman")
        socket = self.folder / "redis.sock"
        self.spawn("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no",
                   "--dir", self.folder, log="redis.log")
        self.until(socket.exists, "Redis")

    def prepared(self, command):
        """The command, run by the folder's owner: PostgreSQL refuses root."""
        options = {"cwd": self.folder}
        if self.user:
            options |= {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return [str(part) for part in command], options

    def run(self, *command):
        arguments, options = self.prepared(command)
        done = subprocess.run(arguments, capture_output=True, text=True, **options)
        if done.returncode:
            raise RuntimeError(f"{arguments[0]}: {done.stdout}{done.stderr}")

    def succeeds(self, *command):
        arguments, options = self.prepared(command)
        return subprocess.run(arguments, **options).returncode == 0

    def spawn(self, *command, log):
        arguments, options = self.prepared(command)
        with (self.folder / log).open("ab") as output:
            self.processes.append(subprocess.Popen(arguments, stdout=output, stderr=output, **options))

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end or any(process.poll() is not None for process in self.processes):
                logs = [path.read_text() for path in self.folder.glob("*.log")]
                raise RuntimeError(f"{what} did not start:\n" + "\n".join(logs))
            time.sleep(0.05)

    def close(self):
        for process in reversed(self.processes):
            # To PostgreSQL: end now, whoever is connected.
            process.send_signal(signal.SIGINT)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def owner():
    """The user that the servers run as; None where this process is not root's."""
    if os.geteuid() != 0:
        return None
    for name in ["postgres", "nobody"]:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("there is no unprivileged user to run PostgreSQL as")


def newest_programs():
    """Debian keeps them out of the search path."""
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not folders:
        raise RuntimeError("PostgreSQL's initdb was not found: scripts/install-packages test")
    return folders[-1]
