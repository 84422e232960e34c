#!/usr/bin/env python3
"""Measures in PyTorch what benchmarks/run measures here, on the same networks.

Hessian-vector products are double backward passes over a cached graph: the gradient is taken once
with create_graph, every product differentiates it again. A spectral density is one draw of 90
steps, by the plain Lanczos process below, and by PyHessian where that is installed.

    benchmarks/peers/peers.py --json FILE [--network mlp|lenet|resnet20] [--threads 4]
"""

import argparse
import json
import os
import statistics
import sys
import time

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    sys.exit("peers.py: needs PyTorch, which is not installed")

SEED = 42
BLOCK = 8
STEPS = 90
REPETITIONS = 9


class Residual(nn.Module):
    """A basic block with a 1x1 projection where the shape changes (He et al. 2016)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = functional.relu(self.first_norm(self.first(x)))
        return functional.relu(self.second_norm(self.second(y)) + self.shortcut(x))


def network(name):
    """Returns a model and the shape of its input."""
    if name == "mlp":
        layers = [nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU()]
        return nn.Sequential(*layers, nn.Linear(256, 10)), (256, 784)
    if name == "lenet":
        layers = [nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        layers += [nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10)]
        return nn.Sequential(*layers), (128, 1, 28, 28)
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    inputs = 16
    for stage, outputs in enumerate((16, 32, 64)):
        for block in range(3):
            layers.append(Residual(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
            inputs = outputs
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]
    return nn.Sequential(*layers), (128, 3, 32, 32)


def median_milliseconds(task):
    """Returns the median time of a task, after warming up for a second and a half."""
    start = time.perf_counter()
    while True:
        task()
        if time.perf_counter() - start > 1.5:
            break
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        task()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def quadrature(product, parameters):
    """Returns nodes and weights of the spectral density from one random vector.

    The Lanczos process in float32 with full re-orthogonalisation: the three-term recurrence, then
    one Gram-Schmidt step against all vectors so far (Ghorbani, Krishnan and Xiao 2019, "An
    Investigation into Neural Net Optimization via Hessian Eigenvalue Density", algorithm 1).
    """
    sizes = [p.numel() for p in parameters]
    basis = torch.empty(STEPS, sum(sizes))
    tridiagonal = torch.zeros(STEPS, STEPS, dtype=torch.float64)
    vector = torch.randn(sum(sizes))
    vector /= vector.norm()
    previous, beta = torch.zeros_like(vector), 0.0
    for i in range(STEPS):
        basis[i] = vector
        parts = [part.view_as(p) for part, p in zip(vector.split(sizes), parameters)]
        rest = torch.cat([part.reshape(-1) for part in product(parts)])
        rest.sub_(previous, alpha=beta)
        alpha = rest.dot(vector).item()
        rest.sub_(vector, alpha=alpha)
        known = basis[: i + 1]
        rest.addmv_(known.t(), known.mv(rest), alpha=-1)
        tridiagonal[i, i] = alpha
        beta = rest.norm().item()
        if i + 1 < STEPS:
            tridiagonal[i, i + 1] = tridiagonal[i + 1, i] = beta
        previous, vector = vector, rest / beta
    nodes, vectors = torch.linalg.eigh(tridiagonal)
    return nodes, vectors[0] ** 2


def density_seconds(product, parameters):
    """Returns the time of one draw of 90 steps."""
    start = time.perf_counter()
    quadrature(product, parameters)
    return time.perf_counter() - start


def pyhessian_seconds(model, inputs, labels):
    """Returns the time of one draw of 90 steps, or None where PyHessian is not installed."""
    try:
        from pyhessian import hessian
    except ImportError:
        return None
    start = time.perf_counter()
    computer = hessian(model, nn.CrossEntropyLoss(), data=(inputs, labels), cuda=False)
    computer.density(iter=90, n_v=1)
    return time.perf_counter() - start


def measure(name):
    """Returns the figures of a network, in float32."""
    torch.manual_seed(SEED)
    model, shape = network(name)
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    model.train()
    inputs = torch.randn(shape)
    labels = torch.randint(10, (shape[0],))
    parameters = list(model.parameters())

    def loss():
        return functional.cross_entropy(model(inputs), labels)

    gradient = median_milliseconds(lambda: torch.autograd.grad(loss(), parameters))
    graph = torch.autograd.grad(loss(), parameters, create_graph=True)
    vectors = [[torch.randn_like(p) for p in parameters] for _ in range(BLOCK)]

    def product(vector):
        return torch.autograd.grad(graph, parameters, grad_outputs=vector, retain_graph=True)

    one = median_milliseconds(lambda: product(vectors[0]))
    block = median_milliseconds(lambda: [product(vector) for vector in vectors])
    density = density_seconds(product, parameters)
    del graph
    return {
        "network": name,
        "batch": shape[0],
        "parameters": sum(p.numel() for p in parameters),
        "precision": "float",
        "gradientMs": gradient,
        "hvpMs": one,
        "hvpPerVectorBlock8Ms": block / BLOCK,
        "density90x1Seconds": density,
        "pyHessian90x1Seconds": pyhessian_seconds(model, inputs, labels),
    }


def main():
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", required=True, help="file to write the figures to")
    parser.add_argument("--network", action="append", choices=("mlp", "lenet", "resnet20"))
    parser.add_argument("--threads", type=int, default=4)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cases = [measure(name) for name in options.network or ("mlp", "lenet", "resnet20")]
    report = {
        "peer": "PyTorch",
        "torch": torch.__version__,
        "threads": options.threads,
        "waitPolicy": os.environ.get("OMP_WAIT_POLICY"),
        "cases": cases,
    }
    part = options.json + ".part"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=2)
    os.replace(part, options.json)


if __name__ == "__main__":
    main()
