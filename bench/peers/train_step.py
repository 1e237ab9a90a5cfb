#!/usr/bin/python3
"""The models of bench/train_step in PyTorch, as fast as it allows on a CPU.

    /usr/bin/python3 bench/peers/train_step.py --size M --model luong --threads 1

Expect about 340 ms an update for that command on a server core of 2022, PyTorch 1.13 (Debian 12,
python3-torch, OpenBLAS). Same sizes, random words, Adam, clipping, medians and JSON keys as
bench/train_step, without bound_share; bench/compare.sh runs both. On several threads, --parallel
blas is often far the fastest: OpenMP's and OpenBLAS's threads wait for each other spinning.

What depends on nothing earlier is done for all steps at once: nn.GRU over whole sequences, Luong's
attention as two batched products, local-p's window with it; of Bahdanau's model the keys, the readout
and the output layer; with input feeding the keys and the output layer.
(Tried, no gain beyond the noise: the words' part of Bahdanau's GRU input for all steps at once with
gates written by hand instead of nn.GRUCell; zeroing gradients in place.)
"""
import argparse
import json
import os
import statistics
import time

SIZES = {"S": (128, 128, 8000, 32), "M": (256, 256, 10000, 64), "L": (256, 512, 10000, 64)}
FIRST_WORD = 4  # after pad, unk, bos, eos
WARM_UP = 3


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="M")
    parser.add_argument("--embedding", type=int)
    parser.add_argument("--hidden", type=int)
    parser.add_argument("--vocab", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--source-length", type=int, default=14)
    parser.add_argument("--target-length", type=int, default=14)
    parser.add_argument("--model", choices=["luong", "bahdanau", "input_feeding", "local_p"],
                        default="luong")
    parser.add_argument("--threads", type=int, default=0, help="0: one a core")
    parser.add_argument("--parallel", choices=["both", "openmp", "blas"], default="both",
                        help="whose loops use the threads: PyTorch's own, OpenBLAS's, or both")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32",
                        help="bfloat16: the forward pass under torch.autocast")
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    named = dict(zip(("embedding", "hidden", "vocab", "batch"), SIZES[arguments.size]))
    custom = (arguments.source_length, arguments.target_length) != (14, 14)
    for key, value in named.items():
        custom = custom or getattr(arguments, key) not in (None, value)
        if getattr(arguments, key) is None:
            setattr(arguments, key, value)
    if custom:
        arguments.size = "custom"
    arguments.threads = arguments.threads or os.cpu_count()
    return arguments


args = parse_arguments()
openmp_threads = 1 if args.parallel == "blas" else args.threads
blas_threads = 1 if args.parallel == "openmp" else args.threads
os.environ["OMP_NUM_THREADS"] = str(openmp_threads)
os.environ["OPENBLAS_NUM_THREADS"] = str(blas_threads)  # read when the library is loaded

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402


class Encoder(nn.Module):
    def __init__(self, vocabulary, embedding, hidden):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.gru = nn.GRU(embedding, hidden, bidirectional=True)

    def forward(self, source):  # [S, B] -> states [S, B, 2H], last states [B, 2H]
        states, last = self.gru(self.embedding(source))
        return states, torch.cat((last[0], last[1]), dim=1)


class Luong(nn.Module):
    """Global attention, general score, beside the recurrence (Luong et al. 2015)."""

    def __init__(self, vocabulary, embedding, hidden):
        super().__init__()
        self.encoder = Encoder(vocabulary, embedding, hidden)
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.initial = nn.Linear(2 * hidden, hidden)
        self.make_recurrence(embedding, hidden)
        self.key = nn.Linear(2 * hidden, hidden, bias=False)
        self.readout = nn.Linear(3 * hidden, hidden)
        self.output = nn.Linear(hidden, vocabulary)

    def make_recurrence(self, embedding, hidden):
        self.gru = nn.GRU(embedding, hidden)

    def weights(self, scores, queries):  # [B, T, S], [B, T, H] -> [B, T, S]
        return torch.softmax(scores, dim=2)

    def forward(self, source, target):  # [S, B], [T, B] -> logits [T * B, V]
        values, last = self.encoder(source)
        states, _ = self.gru(self.embedding(target), torch.tanh(self.initial(last)).unsqueeze(0))
        queries = states.transpose(0, 1)  # [B, T, H]
        scores = torch.bmm(queries, self.key(values).permute(1, 2, 0))  # [B, T, S]
        contexts = torch.bmm(self.weights(scores, queries), values.transpose(0, 1))  # [B, T, 2H]
        readout = torch.tanh(self.readout(torch.cat((contexts, queries), dim=2)))
        return self.output(readout.transpose(0, 1).flatten(0, 1))


class LocalP(Luong):
    """Weights around a predicted position (Luong et al. 2015, section 3.2)."""

    WIDTH = 10

    def make_recurrence(self, embedding, hidden):
        super().make_recurrence(embedding, hidden)
        self.center = nn.Linear(hidden, hidden, bias=False)
        self.v = nn.Linear(hidden, 1, bias=False)

    def weights(self, scores, queries):
        length = scores.shape[2]
        center = length * torch.sigmoid(self.v(torch.tanh(self.center(queries))))  # [B, T, 1]
        distance = torch.arange(length) - center
        local = torch.softmax(scores.masked_fill(distance.abs() > self.WIDTH, float("-inf")), dim=2)
        return local * torch.exp(distance.square() * (-2 / self.WIDTH**2))


class InputFeeding(Luong):
    """The readout of a step enters the next (Luong et al. 2015, section 3.3)."""

    def make_recurrence(self, embedding, hidden):
        self.cell = nn.GRUCell(embedding + hidden, hidden)

    def forward(self, source, target):  # [S, B], [T, B] -> logits [T * B, V]
        values, last = self.encoder(source)
        keys = self.key(values).permute(1, 2, 0)  # [B, H, S]
        values = values.transpose(0, 1)  # [B, S, 2H]
        state = torch.tanh(self.initial(last))
        readout, readouts = torch.zeros_like(state), []
        for word in self.embedding(target).unbind(0):
            state = self.cell(torch.cat((word, readout), dim=1), state)
            weights = torch.softmax(torch.bmm(state.unsqueeze(1), keys), dim=2)  # [B, 1, S]
            context = torch.bmm(weights, values).squeeze(1)
            readout = torch.tanh(self.readout(torch.cat((context, state), dim=1)))
            readouts.append(readout)
        return self.output(torch.stack(readouts).flatten(0, 1))


class Bahdanau(nn.Module):
    """Additive attention inside the recurrence (Bahdanau et al. 2014)."""

    def __init__(self, vocabulary, embedding, hidden):
        super().__init__()
        self.encoder = Encoder(vocabulary, embedding, hidden)
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.initial = nn.Linear(2 * hidden, hidden)
        self.cell = nn.GRUCell(embedding + 2 * hidden, hidden)
        self.key = nn.Linear(2 * hidden, hidden, bias=False)
        self.query = nn.Linear(hidden, hidden)
        self.v = nn.Linear(hidden, 1, bias=False)
        self.readout = nn.Linear(3 * hidden + embedding, hidden)
        self.output = nn.Linear(hidden, vocabulary)

    def forward(self, source, target):  # [S, B], [T, B] -> logits [T * B, V]
        values, last = self.encoder(source)
        keys = self.key(values).transpose(0, 1)  # [B, S, H]
        values = values.transpose(0, 1)  # [B, S, 2H]
        words = self.embedding(target)
        state = torch.tanh(self.initial(last))
        contexts, states = [], []
        for word in words.unbind(0):
            scores = self.v(torch.tanh(keys + self.query(state).unsqueeze(1)))  # [B, S, 1]
            weights = torch.softmax(scores, dim=1).transpose(1, 2)
            context = torch.bmm(weights, values).squeeze(1)
            state = self.cell(torch.cat((word, context), dim=1), state)
            contexts.append(context)
            states.append(state)
        inputs = torch.cat((torch.stack(contexts), torch.stack(states), words), dim=2)
        return self.output(torch.tanh(self.readout(inputs)).flatten(0, 1))


def peak_megabytes():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def main():
    torch.manual_seed(1)
    torch.set_num_threads(openmp_threads)
    models = {"luong": Luong, "bahdanau": Bahdanau, "input_feeding": InputFeeding, "local_p": LocalP}
    model = models[args.model](args.vocab, args.embedding, args.hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=True)

    def random_words(length):
        return torch.randint(FIRST_WORD, args.vocab, (length, args.batch))

    def update(source, target_input, target_output):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=args.precision == "bfloat16"):
            logits = model(source, target_input)
        F.cross_entropy(logits.float(), target_output.flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    times = []
    for _ in range(WARM_UP + args.updates):
        batch = [random_words(n) for n in (args.source_length, args.target_length,
                                           args.target_length)]
        start = time.perf_counter()
        update(*batch)
        times.append(1000 * (time.perf_counter() - start))

    ms = statistics.median(times[WARM_UP:])
    flops = products_flops()
    result = {"size": args.size, "model": args.model, "threads": args.threads,
              "parallel": args.parallel, "precision": args.precision, "ms_per_update": ms,
              "tokens_per_s": args.batch * args.target_length / ms * 1000,
              "gflops": flops / 1e6 / ms, "peak_mb": peak_megabytes()}
    if args.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print(f"{key:14} {value:.1f}" if isinstance(value, float) else f"{key:14} {value}")


def products_flops():
    """The matrix products of an update, as bench/products.h counts them."""
    E, H, V, B = args.embedding, args.hidden, args.vocab, args.batch
    S, T = args.source_length, args.target_length
    inside = args.model == "bahdanau"
    encoder = 2 * (3 * S * 3 * H * E + 3 * (S - 1) * 3 * H * H)
    decoder = 3 * T * 3 * H * (E + (2 * H if inside else 0)) + 3 * T * 3 * H * H
    if args.model == "input_feeding":  # the first step is fed zeros
        decoder += (3 * T - 2) * 3 * H * H
    if args.model == "local_p":
        decoder += 3 * T * H * H
    attention = 3 * S * H * 2 * H + (T * S * 3 * 2 * H if inside else T * S * (3 * 2 * H + 3 * H))
    query = 3 * T * H * H if inside else 0
    linear = 3 * 2 * H * H + 3 * T * H * (3 * H + (E if inside else 0)) + 3 * T * V * H
    return 2.0 * B * (encoder + decoder + attention + query + linear)


main()
