#!/usr/bin/python3
"""Small networks and single layers in PyTorch, as fast as it allows on a CPU.

    /usr/bin/python3 bench/peers/layers.py --threads 1                  all cases, one minute
    /usr/bin/python3 bench/peers/layers.py --case mlp --threads 1

A row a case, the milliseconds of one update: the median over the rounds of each round's median. A
round is a process of its own for each way to run, in turn; the row is that of the better way:
malloc as it is or told to keep what it has freed (`keep`, no page faults), on several threads
PyTorch's and OpenBLAS's loops on all of them or OpenBLAS's alone (`both`, `blas`). Expect 2 ms for
mlp, 10 for convnet, 37 for lstm and 46 for transformer on one core of a server of 2022 with PyTorch
1.13 (Debian 12, python3-torch, OpenBLAS); with malloc as it is lstm and transformer take 1.5 times
as long.

All is float32, each update of a case takes the same arrays, random, and makes new gradients.
  mlp          784-256-10, ReLU, batch 128: forward, cross-entropy, backward, Adam
  mlp_gradients  the same without Adam
  convnet      64 pictures 1 x 28 x 28: conv 5 x 5 to 16, ReLU, max-pool 2, conv 5 x 5 to 32, ReLU,
               max-pool 2, linear 512-10, no padding: forward, cross-entropy, backward, Adam
               (channels last, which is faster here than PyTorch's default layout)
  lstm         nn.LSTM 256-256, one layer, x [14, 64, 256]: forward and, from a given cotangent of
               the outputs, backward to x and all parameters
  transformer  nn.TransformerEncoderLayer, d_model 256, 4 heads, feedforward 1024, ReLU, post-norm,
               no dropout, no mask, x [14, 64, 256]: forward, backward as in lstm
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict

CASES = ("mlp", "mlp_gradients", "convnet", "lstm", "transformer")
WARM_UP = 5
MALLOC = {"default": {}, "keep": {"MALLOC_MMAP_THRESHOLD_": str(32 << 20),  # the largest it takes
                                  "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
                                  "MALLOC_TOP_PAD_": str(64 << 20)}}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=[*CASES, "all"], default="all")
    parser.add_argument("--threads", type=int, default=0, help="0: one a core")
    parser.add_argument("--malloc", choices=[*MALLOC, "better"], default="better")
    parser.add_argument("--parallel", choices=["both", "blas", "better"], default="better")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=20, help="a round; of mlp ten times as many")
    parser.add_argument("--json", action="store_true", help="a line of JSON a case")
    parser.add_argument("--one-round", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.threads = args.threads or os.cpu_count()
    return args


def networks(torch):
    """{case: (module, x)}; those that end in 10 classes are trained, of the others x is a leaf."""
    nn = torch.nn
    mlp = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    convnet = nn.Sequential(nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                            nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                            nn.Linear(512, 10)).to(memory_format=torch.channels_last)
    pictures = torch.randn(64, 1, 28, 28).to(memory_format=torch.channels_last)
    transformer = nn.TransformerEncoderLayer(256, 4, 1024, dropout=0.0)
    return {"mlp": (mlp, torch.randn(128, 784)), "mlp_gradients": (mlp, torch.randn(128, 784)),
            "convnet": (convnet, pictures),
            "lstm": (nn.LSTM(256, 256), torch.randn(14, 64, 256)),
            "transformer": (transformer, torch.randn(14, 64, 256))}


def make_update(torch, case):
    torch.manual_seed(1)
    module, x = networks(torch)[case]

    def train():
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(module(x), classes).backward()
        if case != "mlp_gradients":
            optimizer.step()

    def differentiate():
        x.grad = None
        module.zero_grad(set_to_none=True)
        output = module(x)
        (output[0] if case == "lstm" else output).backward(cotangent)

    if case in ("mlp", "mlp_gradients", "convnet"):
        classes = torch.randint(0, 10, (x.shape[0],))
        optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
        return train
    x.requires_grad_()
    cotangent = torch.randn(x.shape)
    return differentiate


def one_round(args):
    """In a process whose environment is set: milliseconds of an update."""
    import torch
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    update, times = make_update(torch, args.case), []
    for _ in range(WARM_UP + args.updates * (10 if args.case.startswith("mlp") else 1)):
        start = time.perf_counter()
        update()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[WARM_UP:])


def ways(args):
    """[(malloc, parallel)]"""
    parallel = [args.parallel]
    if args.parallel == "better":
        parallel = ["both", "blas"] if args.threads > 1 else ["both"]
    malloc = list(MALLOC) if args.malloc == "better" else [args.malloc]
    return [(m, p) for m in malloc for p in parallel]


def run(args, case):
    """The row of the better way."""
    rounds = defaultdict(list)
    for _ in range(args.rounds):
        for malloc, parallel in ways(args):
            threads = {"OPENBLAS_NUM_THREADS": str(args.threads),
                       "OMP_NUM_THREADS": str(args.threads if parallel == "both" else 1)}
            child = subprocess.run([sys.executable, __file__, "--one-round", "--case", case,
                                    "--updates", str(args.updates)], check=True, text=True,
                                   env={**os.environ, **threads, **MALLOC[malloc]},
                                   stdout=subprocess.PIPE)
            rounds[malloc, parallel].append(float(child.stdout))
    medians = {way: statistics.median(times) for way, times in rounds.items()}
    malloc, parallel = min(medians, key=medians.get)
    return {"case": case, "threads": args.threads, "malloc": malloc, "parallel": parallel,
            "ms": medians[malloc, parallel]}


def main():
    args = parse_arguments()
    if args.one_round:
        print(one_round(args))
        return
    if not args.json:
        print(f"{'case':13} {'threads':>7} {'malloc':8} {'parallel':8} {'ms':>8}")
    for case in CASES if args.case == "all" else [args.case]:
        row = run(args, case)
        text = "{case:13} {threads:7} {malloc:8} {parallel:8} {ms:8.3f}".format(**row)
        print(json.dumps(row) if args.json else text, flush=True)


main()
