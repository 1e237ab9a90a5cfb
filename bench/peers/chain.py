#!/usr/bin/python3
"""A chain of 10,000 scalar additions in PyTorch, forward and backward: the peer of bench/ops.

    /usr/bin/python3 bench/peers/chain.py

Expect 2 to 5 us a node (Python's own cost included) beside less than 0.5 us of bench/ops.
"""
import statistics
import time

import torch

NODES = 10000


def run():
    x = torch.ones((), requires_grad=True)
    step = torch.tensor(1e-6)
    start = time.perf_counter()
    total = x
    for _ in range(NODES):
        total = total + step
    total.backward()
    return (time.perf_counter() - start) / NODES


torch.set_num_threads(1)
print(f"{1e9 * statistics.median(run() for _ in range(20)):.0f} ns a node")
