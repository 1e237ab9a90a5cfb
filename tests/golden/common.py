"""What the makers of golden numbers share: random leaves, gradients, JSON files."""

import json
import pathlib

import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def uniform(*shape, scale=1.0):
    return (2 * torch.rand(*shape) - 1) * scale


def leaf(*shape, scale=1.0):
    return uniform(*shape, scale=scale).requires_grad_()


def plain(value):
    """Tensors, also inside dicts and lists, as what JSON holds."""
    if isinstance(value, torch.Tensor):
        return {"shape": list(value.shape), "values": value.detach().flatten().tolist()}
    if isinstance(value, dict):
        return {name: plain(v) for name, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def write(name, **fields):
    text = json.dumps({"torch": torch.__version__, **plain(fields)}, separators=(",", ":"))
    (FOLDER / f"{name}.json").write_text(text.replace('},"', '},\n"') + "\n")


def gradients(loss, tensors):
    """tensors: {name: leaf} -> {name: gradient}"""
    return dict(zip(tensors, torch.autograd.grad(loss, list(tensors.values()))))


def weighted(outputs, cotangents):
    """The sum of each output times its cotangent: what is differentiated."""
    return sum((output * cotangent).sum() for output, cotangent in zip(outputs, cotangents))


def pack(x, lengths):
    return nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)


def unpack(packed, steps):
    return nn.utils.rnn.pad_packed_sequence(packed, total_length=steps)[0]


def source_mask(steps, lengths):
    """[B, S], True where a position is real"""
    return torch.arange(steps)[None, :] < lengths[:, None]
