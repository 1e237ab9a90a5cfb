"""Recurrent layers and cells."""

import torch
from common import gradients, leaf, pack, uniform, unpack, weighted, write
from torch import nn


def layers(name, module, states):
    """Two layers, both directions, packed lengths. states: their letters, "h" or "hc"."""
    T, B, E, H = 5, 3, module.input_size, module.hidden_size
    parameters = dict(module.named_parameters())
    x, initial = leaf(T, B, E), {f"{s}_0": leaf(4, B, H) for s in states}
    lengths, h_0 = torch.tensor([3, 5, 1]), tuple(initial.values())
    packed, last = module(pack(x, lengths), h_0 if len(states) > 1 else h_0[0])
    if len(states) == 1:
        last = [last]
    outputs = {"output": unpack(packed, T), **{f"{s}_n": h for s, h in zip(states, last)}}
    cotangents = {f"cotangent_{n}": uniform(*value.shape) for n, value in outputs.items()}
    loss = weighted(outputs.values(), cotangents.values())
    write(name, lengths=lengths.tolist(), x=x, **initial, parameters=parameters, **outputs,
          **cotangents, loss=loss.item(),
          gradients=gradients(loss, {"x": x, **initial, **parameters}))


def cell(name, module):
    B, E, H = 3, module.input_size, module.hidden_size
    parameters = dict(module.named_parameters())
    x, h, cotangent = leaf(B, E), leaf(B, H), uniform(B, H)
    output = module(x, h)
    write(name, x=x, h=h, parameters=parameters, output=output, cotangent=cotangent,
          gradients=gradients((output * cotangent).sum(), {"x": x, "h": h, **parameters}))


def gru():
    torch.manual_seed(1)
    layers("gru", nn.GRU(4, 3, num_layers=2, bidirectional=True), "h")


def gru_cell():
    torch.manual_seed(2)
    cell("gru_cell", nn.GRUCell(4, 5))


def lstm():
    torch.manual_seed(11)
    layers("lstm", nn.LSTM(4, 3, num_layers=2, bidirectional=True), "hc")


def lstm_cell():
    torch.manual_seed(12)
    B, E, H = 3, 4, 5
    module = nn.LSTMCell(E, H)
    parameters = dict(module.named_parameters())
    leaves = {"x": leaf(B, E), "h": leaf(B, H), "c": leaf(B, H)}
    cotangents = {"cotangent_h": uniform(B, H), "cotangent_c": uniform(B, H)}
    outputs = module(leaves["x"], (leaves["h"], leaves["c"]))
    write("lstm_cell", **leaves, parameters=parameters, output_h=outputs[0], output_c=outputs[1],
          **cotangents, gradients=gradients(weighted(outputs, cotangents.values()),
                                            {**leaves, **parameters}))


def rnn():
    """tanh"""
    torch.manual_seed(13)
    layers("rnn", nn.RNN(4, 3, num_layers=2, bidirectional=True), "h")


def rnn_cell():
    """tanh"""
    torch.manual_seed(14)
    cell("rnn_cell", nn.RNNCell(4, 5))
