#!/usr/bin/env python3
"""What an update takes on many machines, by a model with measured constants (docs/scaling.md).

    bench/ranks_model.py [--size M] [--wire bfloat16] [--accumulate K] [--compute MS] [--fixed MS]

Each machine is a rank. Either each differentiates 64 sentences, so that the batch grows with them, or
all share 64. A rank sends, and receives at the same time, (n - 1) / n of the dense gradients and of
the parameters, and rows of tables; in rounds of eight blocks of each rank, with a message to every
other rank. The bytes pass the link and the kernel's TCP on a core: the slower one counts.
"""
import argparse
import math

BLOCK, ROUND_BLOCKS = 32768, 8  # models/training/gradient_exchange.cpp
# The article's model, as bench/train_step has it: parameters, those whose gradients are dense.
SIZES = {"M": (9_333_520, 9_333_520 - 2 * 10_000 * 256), "L": (15_634_192, 15_634_192 - 2 * 10_000 * 256)}
ROW_BYTES = 2 * 64 * 14 * 256 * 4  # at most, of a batch of 64
# Measured: ms of an update of 64 sentences on one rank, and of Adam and the sums in it.
COMPUTE = {"M": (200.0, 11.0), "L": (484.0, 20.0)}
TCP = 1.1e9         # bytes/s that a core sends and receives at once
LINK_SHARE = 0.47   # of a link's bits, when both ways are full
MESSAGE = 13e-6     # s, each
LATENCY = 50e-6     # s, one way between machines; not measured
LINKS = {"1 Gbit/s": 1e9 / 8, "10 Gbit/s": 1e10 / 8, "100 Gbit/s": 1e11 / 8}


def exchange(n, size, link, wire):
    """Seconds of an update."""
    parameters, dense = SIZES[size]
    sent = (n - 1) / n * (dense * (2 if wire == "bfloat16" else 4) + 4 * parameters + ROW_BYTES)
    rounds = 4 + 2 * math.ceil(math.ceil(parameters / BLOCK / n) / ROUND_BLOCKS)
    return sent / min(link * LINK_SHARE, TCP) + rounds * ((n - 1) * MESSAGE + LATENCY)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="M")
    parser.add_argument("--wire", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--accumulate", type=int, default=1, help="batches an update")
    parser.add_argument("--compute", type=float, help="ms of an update on one machine")
    parser.add_argument("--fixed", type=float, help="ms of it for Adam and sums")
    args = parser.parse_args()
    whole, fixed = (given or measured for given, measured in
                    zip((args.compute, args.fixed), COMPUTE[args.size]))
    work = args.accumulate * (whole - fixed)
    print("| machines | " + " | ".join(f"{name}: 64 each | 64 in all" for name in LINKS) + " |")
    print("|---|" + "---|" * 2 * len(LINKS))
    for n in (2, 4, 8, 16, 64, 256, 1024):
        cells = []
        for link in LINKS.values():
            shared = 1000 * exchange(n, args.size, link, args.wire) + fixed / n
            weak = n * (work + fixed) / (work + shared)
            strong = (work + fixed) / (work / min(n, 64) + shared)
            cells += [f"{weak:.3g} x ({100 * weak / n:.0f} %)", f"{strong:.2g} x"]
        print(f"| {n:,} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
