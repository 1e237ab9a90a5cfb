#!/usr/bin/python3
"""Writes pytorch_gru.safetensors and pytorch_gru.json: a PyTorch nn.GRU and what it computes.

    /usr/bin/python3 tests/nn/make_pytorch_gru.py

A developer's tool: it needs Debian's python3-torch, the tests need only the files it writes. The
state_dict is float32, written by hand in the safetensors format (8 bytes header length, JSON header,
data) as the package of that name does it; inputs and outputs are float64, of the same weights.
"""

import json
import pathlib
import struct

import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent
T, B, E, H = 6, 3, 5, 4


def write_safetensors(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        block = tensor.detach().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(block)]}
        data += block
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def plain(tensor):
    return {"shape": list(tensor.shape), "values": tensor.detach().flatten().tolist()}


def main():
    torch.manual_seed(1)
    module = nn.GRU(E, H, num_layers=2, bidirectional=True)
    state = module.state_dict()
    write_safetensors(FOLDER / "pytorch_gru.safetensors", {f"rnn.{n}": t for n, t in state.items()})
    module = module.double()
    x, lengths = torch.rand(T, B, E, dtype=torch.float64) * 2 - 1, torch.tensor([4, 6, 1])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    output, h_n = module(packed)
    output, _ = nn.utils.rnn.pad_packed_sequence(output, total_length=T)
    fields = {"torch": torch.__version__, "lengths": lengths.tolist(), "x": plain(x),
              "output": plain(output), "h_n": plain(h_n)}
    (FOLDER / "pytorch_gru.json").write_text(json.dumps(fields, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
