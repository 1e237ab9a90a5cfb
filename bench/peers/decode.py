#!/usr/bin/python3
"""Beam search of a model of ours in PyTorch, in batches: the peer of bench/decode.

    build/bench/decode --model DIR --source test2016.de --beam 5 --batch 64 --write-pairs pairs
    /usr/bin/python3 bench/peers/decode.py --model DIR --pairs pairs --beam 5 --batch 64 --threads 1

Written as one writes it: the hypotheses of a batch's sentences are the rows of a batch, torch.topk
picks their extensions, sentences that are done leave, those of like length go together, no
gradients; --batch 1 is sentence by sentence. Same parameters, same search; the line at the end says
how many translations agree with ours: expect all but a few that differ by rounding. --limit takes
every n-th sentence so that as many are left.
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
parser.add_argument("--batch", type=int, default=1, help="sentences searched together")
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

    def encode(self, sources):  # lists of ids, longest first -> values [B, S, D], state [B, H]
        lengths = torch.tensor([len(source) for source in sources])
        padded = torch.nn.utils.rnn.pad_sequence([torch.tensor(source) for source in sources])
        packed = torch.nn.utils.rnn.pack_padded_sequence(F.embedding(padded, self.source_words),
                                                         lengths)
        states, last = self.encoder(packed)
        values, _ = torch.nn.utils.rnn.pad_packed_sequence(states, batch_first=True)
        state = torch.tanh(F.linear(torch.cat((last[0], last[1]), dim=1),
                                    self.p["decoder.initial_l0.weight"],
                                    self.p["decoder.initial_l0.bias"]))
        keys = F.linear(values, self.p["decoder.attention.key.weight"])
        there = torch.arange(values.shape[1]) < lengths[:, None]
        return values, keys, there[:, None], state

    # words [B, K], state [B, K, H] -> log P [B, K, V], state [B, K, H]
    def step(self, words, state, values, keys, there):
        shape = state.shape
        state = self.cell(F.embedding(words.flatten(), self.target_words),
                          state.flatten(0, 1)).view(shape)
        scores = (state @ keys.transpose(1, 2)).masked_fill(~there, -torch.inf)
        context = torch.softmax(scores, dim=2) @ values
        readout = torch.tanh(F.linear(torch.cat((context, state), dim=2),
                                      self.p["decoder.readout.weight"],
                                      self.p["decoder.readout.bias"]))
        logits = F.linear(readout, self.output_weight, self.output_bias)
        logits[:, :, [PAD, BOS]] = -torch.inf
        return torch.log_softmax(logits, dim=2), state


class Beam:
    """The hypotheses of a sentence."""

    def __init__(self, model, source, beam):
        self.steps_left = int(model.length_ratio * len(source)) + model.length_extra
        self.beam = beam
        self.tokens = [[]] * beam
        self.scores = [0.0] + [-float("inf")] * (beam - 1)
        self.finished = []

    def extend(self, best, positions, vocabulary):
        """Takes the 2 x beam best extensions; returns the rows that the new hypotheses go on from."""
        extended = []
        for rank, (score, position) in enumerate(zip(best, positions)):
            parent, word = divmod(position, vocabulary)
            if word != EOS:
                extended.append((score, parent, self.tokens[parent] + [word]))
            elif rank < self.beam:
                self.finished.append((score, self.tokens[parent] + [EOS]))
            if len(extended) == self.beam:
                break
        self.scores = [score for score, _, _ in extended]
        self.tokens = [tokens for _, _, tokens in extended]
        self.steps_left -= 1
        return [parent for _, parent, _ in extended]

    def is_done(self):
        return len(self.finished) >= self.beam or self.steps_left == 0

    def best(self, penalty):
        candidates = self.finished or list(zip(self.scores, self.tokens))
        return max(candidates, key=lambda h: h[0] / len(h[1]) ** penalty)[1]


def search(model, sources, beam):
    """Each source's best hypothesis: until `beam` have ended, each ranked by log P / tokens^penalty."""
    order = sorted(range(len(sources)), key=lambda i: -len(sources[i]))
    values, keys, there, state = model.encode([sources[i] for i in order])
    state = state[:, None].repeat(1, beam, 1)
    words = torch.full((len(order), beam), BOS)
    beams = [Beam(model, sources[i], beam) for i in order]
    live = list(range(len(order)))
    while live:
        log_p, state = model.step(words, state, values, keys, there)
        scores = torch.tensor([beams[i].scores for i in live])
        best, positions = (scores[:, :, None] + log_p).flatten(1).topk(2 * beam)
        parents = [beams[i].extend(b, p, log_p.shape[2])
                   for i, b, p in zip(live, best.tolist(), positions.tolist())]
        state = state[torch.arange(len(live))[:, None], torch.tensor(parents)]
        stay = [row for row, i in enumerate(live) if not beams[i].is_done()]
        if len(stay) < len(live):
            live = [live[row] for row in stay]
            state, values, keys, there = state[stay], values[stay], keys[stay], there[stay]
        words = torch.tensor([[tokens[-1] for tokens in beams[i].tokens] for i in live])
    found = [None] * len(order)
    for i, hypotheses in zip(order, beams):
        found[i] = hypotheses.best(model.length_penalty)
    return found


def search_all(model, sources, beam, batch):
    """Those of like length together."""
    order = sorted(range(len(sources)), key=lambda i: -len(sources[i]))
    found = [None] * len(sources)
    for begin in range(0, len(order), batch):
        some = order[begin:begin + batch]
        for i, translation in zip(some, search(model, [sources[i] for i in some], beam)):
            found[i] = translation
    return found


def main():
    torch.set_num_threads(args.threads)
    model = Model(args.model)
    with open(args.pairs) as lines:
        pairs = [json.loads(line) for line in lines]
    if args.limit:
        pairs = pairs[::max(1, len(pairs) // args.limit)]
    with torch.inference_mode():
        search(model, [pairs[0]["source"]], args.beam)
        start = time.perf_counter()
        found = search_all(model, [pair["source"] for pair in pairs], args.beam, args.batch)
        seconds = time.perf_counter() - start
    tokens = sum(len(translation) for translation in found)
    same = sum(a == b["target"] for a, b in zip(found, pairs))
    if args.json:
        print(json.dumps({"beam": args.beam, "batch": args.batch, "threads": args.threads,
                          "sentences": len(pairs), "tokens": tokens, "seconds": seconds,
                          "sentences_per_s": len(pairs) / seconds,
                          "tokens_per_s": tokens / seconds, "agreeing": same}))
    else:
        print(f"{len(pairs) / seconds:.1f} sentences/s, {tokens / seconds:.0f} tokens/s; "
              f"{same} of {len(pairs)} translations are ours")


main()
