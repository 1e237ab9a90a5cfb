#!/usr/bin/env python3
"""What an update takes on many machines, by a model with measured constants (docs/scaling.md).

    bench/ranks_model.py [--size M] [--wire bfloat16] [--compute MS] [--fixed MS]

Each machine is a rank that differentiates 64 sentences (the batch grows with the machines), or its
share of 64 (the batch stays). With n ranks each sends, and receives at the same time, (n - 1) / n of
the dense gradients and of the parameters, and rows of tables; in five rounds, each of a message to
every other rank. The bytes pass the link, and the kernel's TCP on a core: the slower one counts.
"""
import argparse

# name: parameters, those whose gradients are dense, bytes of a batch's rows of tables; all of the
# article's model (bench/train_step): millions.
SIZES = {"M": dict(parameters=9.70e6, dense=4.58e6, row_bytes=2 * 64 * 14 * 256 * 4),
         "L": dict(parameters=16.1e6, dense=11.0e6, row_bytes=2 * 64 * 14 * 256 * 4)}
# Measured (docs/scaling.md): ms of an update of 64 sentences on one rank, and what of it does not
# become less with fewer sentences (sums of gradients, Adam).
COMPUTE = {"M": (190.0, 12.0), "L": (470.0, 22.0)}
TCP = 1.1e9          # bytes/s that one core sends and receives at once
MESSAGE = 5e-6       # s of a core for each message
LATENCY = 50e-6      # s between two machines, one way
LINK_SHARE = 0.94    # of a link's bits that are not headers
ROUNDS, PIECES = 5, 60
LINKS = {"1 Gbit/s": 1e9 / 8, "10 Gbit/s": 1e10 / 8, "100 Gbit/s": 1e11 / 8}


def exchange(n, size, link, wire, tcp=TCP):
    s = SIZES[size]
    share = (n - 1) / n
    volume = share * (s["dense"] * (2 if wire == "bfloat16" else 4) + 4 * s["parameters"] + s["row_bytes"])
    messages = ROUNDS * (n - 1) + 2 * PIECES
    return volume / min(link * LINK_SHARE, tcp) + messages * MESSAGE + ROUNDS * LATENCY


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="M")
    parser.add_argument("--wire", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--compute", type=float, help="ms of an update on one machine")
    parser.add_argument("--fixed", type=float, help="ms of it that do not become less")
    args = parser.parse_args()
    whole, fixed = COMPUTE[args.size]
    whole, fixed = args.compute or whole, args.fixed or fixed
    print(f"size {args.size}, {whole:.0f} ms an update of 64 sentences on one machine, gradients sent in {args.wire}\n")
    print("| machines | " + " | ".join(f"{name}: 64 each | {name}: 64 in all" for name in LINKS) + " |")
    print("|---|" + "---|" * 2 * len(LINKS))
    for n in (2, 4, 8, 16, 64, 256, 1024):
        cells = []
        for link in LINKS.values():
            sent = 1000 * exchange(n, args.size, link, args.wire)
            weak = n * whole / (whole + sent)
            strong = whole / (fixed / n + (whole - fixed) / min(n, 64) + sent)
            cells += [f"{weak:.3g} x ({100 * weak / n:.0f} %)", f"{strong:.2g} x"]
        print(f"| {n:,} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
