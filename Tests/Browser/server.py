"""A real server of the test's own: started, killed and started again on one port, with its data in a folder that goes away."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import stores

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("KASKMAN_SERVER") or ROOT / ".build" / "debug" / "kaskman-server")
PASSWORD = "browser-test-password"
PATIENCE = 30
WARNING = re.compile(r'level=(warning|error|critical) |msg="health changed"')
# A shipped rule waits long enough to be sure; a test shortens its times and nothing else.
SHORTENED = {"identity.yml": [("[5m]", "[20s]"), ("for: 1m", "for: 10s")]}


class Server:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kaskman-browser-"))
        (self.folder / "web").symlink_to(ROOT / "web")
        self.copy_rules()
        self.stores = stores.chosen()
        self.log = self.folder / "log"
        self.process = None
        self.port = 0
        self.start()

    def copy_rules(self):
        rules = self.folder / "alerts"
        rules.mkdir()
        for source in sorted((ROOT / "alerts").glob("*.yml")):
            text = source.read_text()
            for before, after in SHORTENED.get(source.name, []):
                if before not in text:
                    raise RuntimeError(f"{source.name} has no {before} to shorten")
                text = text.replace(before, after)
            (rules / source.name).write_text(text)
        shutil.copy(ROOT / "docs" / "examples" / "experiment" / "rules.yml", rules / "experiment.yml")
        (rules / "runbooks").symlink_to(ROOT / "alerts" / "runbooks")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KASKMAN_")}
        environment |= {
            "KASKMAN_ADMIN_PASSWORD": PASSWORD,
            "KASKMAN_HTTP_PORT": str(self.port),
            # Guesses of passwords come from networks of their own, or they would lock the test out.
            "KASKMAN_HTTP_TRUSTED_PROXIES": "127.0.0.1",
            "KASKMAN_IDENTITY_PASSWORD_COST": "4",
            "KASKMAN_LIMITS_USER_REQUESTS_PER_MINUTE": "1000000",
            "KASKMAN_LIMITS_ADDRESS_REQUESTS_PER_MINUTE": "0",
            # Three intervals late is a fault of a component, and a busy machine is no such fault: no shorter than this.
            "KASKMAN_SAMPLER_INTERVAL": "2s",
            "KASKMAN_RULES_EVALUATION_INTERVAL": "2s",
            **self.stores.settings,
        }
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([BINARY], cwd=self.folder, env=environment, stderr=log, stdout=log)
        address = re.compile(r"KaskManager serves http://[^ :]*:(\d+)")
        self.port = int(self.until(lambda: address.search(self.log.read_text()[begin:]), "the server's address")[1])
        self.until(self.is_ready, "a ready server")

    def is_ready(self):
        try:
            with urllib.request.urlopen(self.url + "/api/v1/health/ready", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            result = condition()
            if result:
                return result
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"waited in vain for {what}:\n{self.log.read_text()[-4000:]}")

    def warnings(self):
        """The last lines of its log that are more than news: why it answered as it did."""
        return [line for line in self.log.read_text().splitlines() if WARNING.search(line)][-40:]

    def kill(self):
        """As a crash or a lost machine does: without a goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
        self.stores.close()
        shutil.rmtree(self.folder)
