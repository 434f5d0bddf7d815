"""The real service in a process of its own, as a user starts it, with a home, a port and models of its own."""

import gzip
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120


def golden(path):
    """A LightGBM model as text, rows that probe it, and LightGBM's answers; what JSON cannot say is a string."""
    return json.loads(gzip.decompress((ROOT / "test/golden/lightgbm" / path).read_bytes()))


class Service:
    """Serves the models of models/ and one of LightGBM's, in float64. Answers may take long: the machine is not ours."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="alphapulse-open-inference-"))
        self.address = f"127.0.0.1:{_free_port()}"
        self.output = open(self.folder / "output.log", "wb")
        models = self.folder / "models"
        shutil.copytree(ROOT / "models", models)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "ALPHAPULSE_HOME": str(self.folder / "home"),
            "MODELS_DIR": str(models),
            "PORT": self.address.split(":")[1],
            "SYMBOLS": "5",
            "INFERENCE_TIMEOUT": "10",
        }
        self._import(golden("multiclass.json.gz")["model"])
        command = ["node", "scripts/start.mjs"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=self.output, stderr=subprocess.STDOUT)
        self._wait()

    @property
    def key(self):
        return (self.folder / "home/admin.key").read_text().strip()

    def rest(self, path, body):
        """POST as JSON, with the key; JSON back."""
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        request = urllib.request.Request(f"http://{self.address}{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def end(self):
        self.process.terminate()
        code = self.process.wait(PATIENCE_S)
        self.output.close()
        shutil.rmtree(self.folder)
        return code

    def _import(self, model):
        features = json.loads((ROOT / "models/gbt/1.0.0/manifest.json").read_text())["features"][:5]
        (self.folder / "names.json").write_text(json.dumps([feature["name"] for feature in features]))
        (self.folder / "model.txt").write_text(model)
        features_file = str(self.folder / "names.json")
        source = ["--name", "lightgbm", "--timeframes", "1h", "--features", features_file]
        self._models("import", str(self.folder / "model.txt"), *source)
        self._models("activate", "lightgbm@1.0.0")

    def _models(self, *words):
        command = ["node", "dist/src/cli.js", "models", *words]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, stdout=self.output)

    def _wait(self):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://{self.address}/v2/health/ready") as response:
                    if response.status == 200:
                        return
            except OSError:
                time.sleep(0.2)
        self.process.kill()
        raise RuntimeError((self.folder / "output.log").read_text()[-4000:])


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
