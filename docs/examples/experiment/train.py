"""One point of the grid: trains a small network on scikit-learn's handwritten digits, as a task of KaskManager.

A worker runs this in a folder of its own. Whatever is appended to the file that KASKMAN_METRICS names, in Prometheus'
text format, is in the server's time series a second later; the JSON object in the file that KASKMAN_OUTPUT names is
the task's output; the declared artefact is uploaded when the program has ended.
"""

import argparse
import json
import os
import warnings

import joblib
import numpy
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--alpha", type=float, required=True, help="strength of the L2 penalty")
arguments.add_argument("--learning-rate", type=float, required=True)
arguments.add_argument("--epochs", type=int, default=80)
arguments.add_argument("--seed", type=int, default=1)
point = arguments.parse_args()

warnings.simplefilter("ignore")
digits = load_digits()
train_x, test_x, train_y, test_y = train_test_split(
    digits.data / 16, digits.target, test_size=0.25, random_state=point.seed, stratify=digits.target
)
classes = numpy.unique(digits.target)
model = MLPClassifier(
    hidden_layer_sizes=(256, 128),
    alpha=point.alpha,
    learning_rate_init=point.learning_rate,
    random_state=point.seed,
)

labels = f'alpha="{point.alpha:g}",learning_rate="{point.learning_rate:g}"'
loss = accuracy = float("nan")
with open(os.environ["KASKMAN_METRICS"], "a", buffering=1) as metrics:
    for epoch in range(1, point.epochs + 1):
        for batch in numpy.array_split(numpy.random.default_rng(epoch).permutation(len(train_x)), 20):
            model.partial_fit(train_x[batch], train_y[batch], classes=classes)
        loss = log_loss(test_y, model.predict_proba(test_x), labels=classes)
        accuracy = accuracy_score(test_y, model.predict(test_x))
        metrics.write(f"experiment_loss{{{labels}}} {loss}\n")
        metrics.write(f"experiment_accuracy{{{labels}}} {accuracy}\n")
        metrics.write(f"experiment_epoch{{{labels}}} {epoch}\n")
        print(f"epoch {epoch}/{point.epochs}: loss {loss:.4f}, accuracy {accuracy:.4f}", flush=True)

joblib.dump(model, "model.joblib")
with open(os.environ["KASKMAN_OUTPUT"], "w") as output:
    json.dump({"loss": loss, "accuracy": accuracy, "alpha": point.alpha, "learning_rate": point.learning_rate}, output)
