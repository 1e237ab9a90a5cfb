#!/usr/bin/python3
"""Beam search of a model of ours in PyTorch, sentence by sentence: the peer of bench/decode.

    build/bench/decode --model DIR --source test2016.de --beam 5 --batch 64 --write-pairs pairs
    /usr/bin/python3 bench/peers/decode.py --model DIR --pairs pairs --beam 5 --threads 1

Written as one writes it: the hypotheses of one sentence are the rows of a batch, torch.topk picks
their extensions, no gradients. Same parameters, same search; the line at the end says how many
translations agree with ours: expect all but a few that differ by rounding, and 10 to 20 sentences/s
on a server core of 2022 (PyTorch 1.13 of Debian 12, OpenBLAS). --limit takes every n-th sentence so
that as many are left.
"""
import argparse
import json
import os
import struct
import time

PAD, UNK, BOS, EOS = range(4)

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--model", required=True)
parser.add_argument("--pairs", required=True, help="from bench/decode --write-pairs")
parser.add_argument("--beam", type=int, default=5)
parser.add_argument("--threads", type=int, default=0, help="0: one a core")
parser.add_argument("--limit", type=int, default=0, help="sentences; 0: all")
parser.add_argument("--json", action="store_true")
args = parser.parse_args()
args.threads = args.threads or os.cpu_count()
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # OpenBLAS reads it when loaded
    os.environ[variable] = str(args.threads)

import numpy  # noqa: E402
import torch  # noqa: E402
from torch.nn import functional as F  # noqa: E402


def read_parameters(path):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(size)), file.read()
    header.pop("__metadata__", None)
    return {name: torch.from_numpy(numpy.frombuffer(data[slice(*entry["data_offsets"])],
                                                    numpy.float32).copy().reshape(entry["shape"]))
            for name, entry in header.items()}


class Model:
    """The article's: bidirectional GRU, Luong's attention with the general score, tied output."""

    def __init__(self, folder):
        with open(os.path.join(folder, "config.json")) as file:
            config = json.load(file)
        self.length_ratio = config["max_length_ratio"]
        self.length_extra = config["max_length_extra"]
        self.length_penalty = config["length_penalty"]
        p = read_parameters(os.path.join(folder, "model.safetensors"))
        self.source_words = p.get("source_embedding.weight", p.get("embedding.weight"))
        self.target_words = p.get("target_embedding.weight", p.get("embedding.weight"))
        self.output_weight = p.get("output.weight", self.target_words)
        self.output_bias = p["output.bias"]
        encoder = {name[len("encoder.gru."):]: value for name, value in p.items()
                   if name.startswith("encoder.gru.")}
        self.encoder = torch.nn.GRU(self.source_words.shape[1], config["encoder_hidden"],
                                    bidirectional=True)
        self.encoder.load_state_dict(encoder)
        self.cell = torch.nn.GRUCell(self.target_words.shape[1], config["hidden"])
        self.cell.load_state_dict({name: p[f"decoder.gru.{name}_l0"] for name in
                                   ("weight_ih", "weight_hh", "bias_ih", "bias_hh")})
        self.p = p

    def encode(self, source):  # [S] -> values [S, D], keys [S, H], state [1, H]
        states, last = self.encoder(F.embedding(source, self.source_words).unsqueeze(1))
        values = states.squeeze(1)
        state = torch.tanh(F.linear(torch.cat((last[0], last[1]), dim=1),
                                    self.p["decoder.initial_l0.weight"],
                                    self.p["decoder.initial_l0.bias"]))
        return values, F.linear(values, self.p["decoder.attention.key.weight"]), state

    def step(self, words, state, values, keys):  # [N], [N, H] -> log P [N, V], state [N, H]
        state = self.cell(F.embedding(words, self.target_words), state)
        context = torch.softmax(state @ keys.t(), dim=1) @ values
        readout = torch.tanh(F.linear(torch.cat((context, state), dim=1),
                                      self.p["decoder.readout.weight"],
                                      self.p["decoder.readout.bias"]))
        logits = F.linear(readout, self.output_weight, self.output_bias)
        logits[:, [PAD, BOS]] = -torch.inf
        return torch.log_softmax(logits, dim=1), state


def search(model, source, beam):
    """The best hypothesis: until `beam` have ended, each ranked by log P / tokens^penalty."""
    values, keys, state = model.encode(torch.tensor(source))
    words, scores, beams, finished = torch.tensor([BOS]), torch.zeros(1, 1), [[]], []
    for _ in range(int(model.length_ratio * len(source)) + model.length_extra):
        log_p, state = model.step(words, state, values, keys)
        best, positions = (scores + log_p).flatten().topk(2 * beam)
        extended = []
        for rank, (score, position) in enumerate(zip(best.tolist(), positions.tolist())):
            parent, word = divmod(position, log_p.shape[1])
            if word != EOS:
                extended.append((score, parent, beams[parent] + [word]))
            elif rank < beam:
                finished.append((score, beams[parent] + [EOS]))
            if len(extended) == beam:
                break
        beams = [tokens for _, _, tokens in extended]
        if len(finished) >= beam:
            break
        scores = torch.tensor([[score] for score, _, _ in extended])
        words = torch.tensor([tokens[-1] for tokens in beams])
        state = state[[parent for _, parent, _ in extended]]
    candidates = finished or [(score, tokens) for score, _, tokens in extended]
    return max(candidates, key=lambda h: h[0] / len(h[1]) ** model.length_penalty)[1]


def main():
    torch.set_num_threads(args.threads)
    model = Model(args.model)
    with open(args.pairs) as lines:
        pairs = [json.loads(line) for line in lines]
    if args.limit:
        pairs = pairs[::max(1, len(pairs) // args.limit)]
    with torch.inference_mode():
        search(model, pairs[0]["source"], args.beam)
        start = time.perf_counter()
        found = [search(model, pair["source"], args.beam) for pair in pairs]
        seconds = time.perf_counter() - start
    tokens = sum(len(translation) for translation in found)
    same = sum(a == b["target"] for a, b in zip(found, pairs))
    if args.json:
        print(json.dumps({"beam": args.beam, "batch": 1, "threads": args.threads,
                          "sentences": len(pairs), "tokens": tokens, "seconds": seconds,
                          "sentences_per_s": len(pairs) / seconds,
                          "tokens_per_s": tokens / seconds, "agreeing": same}))
    else:
        print(f"{len(pairs) / seconds:.1f} sentences/s, {tokens / seconds:.0f} tokens/s; "
              f"{same} of {len(pairs)} translations are ours")


main()
