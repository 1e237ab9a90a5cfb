#!/usr/bin/python3
"""Writes the golden numbers of PyTorch that the tests of autograd/ and nn/ are held to.

    /usr/bin/python3 tests/golden/make_golden.py

A developer's tool: it needs Debian's python3-torch, the tests need only the files it writes. All
numbers are float64. A file is one JSON object; an array is {"shape": [...], "values": [...]}, row
by row. Field "torch" names the version that made the file. Sequences are time-major [T, B, F].
"""

import json
import pathlib

import torch
import torch.nn.functional as F
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


def pack(x, lengths):
    return nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)


def unpack(packed, steps):
    return nn.utils.rnn.pad_packed_sequence(packed, total_length=steps)[0]


def gru():
    """Two layers, both directions, packed lengths."""
    torch.manual_seed(1)
    T, B, E, H = 5, 3, 4, 3
    module = nn.GRU(E, H, num_layers=2, bidirectional=True)
    parameters = dict(module.named_parameters())
    x, h0 = leaf(T, B, E), leaf(4, B, H)
    lengths = torch.tensor([3, 5, 1])
    packed, h_n = module(pack(x, lengths), h0)
    output = unpack(packed, T)
    cotangent_output, cotangent_h_n = uniform(T, B, 2 * H), uniform(4, B, H)
    loss = (output * cotangent_output).sum() + (h_n * cotangent_h_n).sum()
    write("gru", lengths=lengths.tolist(), x=x, h_0=h0, parameters=parameters, output=output,
          h_n=h_n, cotangent_output=cotangent_output, cotangent_h_n=cotangent_h_n, loss=loss.item(),
          gradients=gradients(loss, {"x": x, "h_0": h0, **parameters}))


def gru_cell():
    torch.manual_seed(2)
    B, E, H = 3, 4, 5
    module = nn.GRUCell(E, H)
    parameters = dict(module.named_parameters())
    x, h, cotangent = leaf(B, E), leaf(B, H), uniform(B, H)
    output = module(x, h)
    write("gru_cell", x=x, h=h, parameters=parameters, output=output, cotangent=cotangent,
          gradients=gradients((output * cotangent).sum(), {"x": x, "h": h, **parameters}))


def source_mask(steps, lengths):
    """[B, S], True where a position is real"""
    return torch.arange(steps)[None, :] < lengths[:, None]


def attend(queries, keys, values, lengths):
    """queries [T, B, K], keys [S, B, K], values [S, B, D] -> context [T, B, D], weights [T, B, S]"""
    scores = torch.einsum("tbk,sbk->tbs", queries, keys)
    scores = scores.masked_fill(~source_mask(keys.shape[0], lengths)[None], -torch.inf)
    weights = scores.softmax(-1)
    return torch.einsum("tbs,sbd->tbd", weights, values), weights


def luong_attention():
    """The general score: queries h_t, keys W_a applied to the encoder's states."""
    torch.manual_seed(3)
    T, S, B, D, H = 3, 4, 2, 5, 4
    tensors = {"queries": leaf(T, B, H), "encoder_states": leaf(S, B, D), "W_a": leaf(H, D)}
    lengths, cotangent = torch.tensor([4, 2]), uniform(T, B, D)
    states = tensors["encoder_states"]
    context, weights = attend(tensors["queries"], states @ tensors["W_a"].T, states, lengths)
    write("luong_attention", lengths=lengths.tolist(), **tensors, context=context, weights=weights,
          cotangent=cotangent, gradients=gradients((context * cotangent).sum(), tensors))


def additive_attention():
    """Bahdanau's score v^T tanh(query + key), over queries and keys that are projected already."""
    torch.manual_seed(4)
    T, S, B, K, D = 3, 4, 2, 5, 3
    tensors = {"queries": leaf(T, B, K), "keys": leaf(S, B, K), "v": leaf(K),
               "values": leaf(S, B, D)}
    lengths, cotangent = torch.tensor([3, 4]), uniform(T, B, D)
    scores = torch.tanh(tensors["queries"][:, None] + tensors["keys"][None]) @ tensors["v"]
    scores = scores.permute(0, 2, 1).masked_fill(~source_mask(S, lengths)[None], -torch.inf)
    weights = scores.softmax(-1)
    context = torch.einsum("tbs,sbd->tbd", weights, tensors["values"])
    write("additive_attention", lengths=lengths.tolist(), **tensors, context=context,
          weights=weights, cotangent=cotangent,
          gradients=gradients((context * cotangent).sum(), tensors))


def cross_entropy():
    torch.manual_seed(5)
    logits = leaf(6, 7, scale=3)
    targets = torch.tensor([3, -1, 0, 6, -1, 3])
    cases = []
    for smoothing in (0.0, 0.1):
        for reduction in ("mean", "sum"):
            loss = F.cross_entropy(logits, targets, ignore_index=-1, label_smoothing=smoothing,
                                   reduction=reduction)
            cases.append({"label_smoothing": smoothing, "reduction": reduction, "loss": loss.item(),
                          "gradient": gradients(loss, {"logits": logits})["logits"]})
    write("cross_entropy", logits=logits, targets=targets.tolist(), ignore_index=-1, cases=cases)


def layer_norm():
    torch.manual_seed(6)
    tensors = {"x": leaf(2, 3, 5, scale=2), "weight": leaf(5), "bias": leaf(5)}
    cotangent, eps = uniform(2, 3, 5), 1e-5
    output = F.layer_norm(tensors["x"], [5], tensors["weight"], tensors["bias"], eps)
    write("layer_norm", **tensors, eps=eps, output=output, cotangent=cotangent,
          gradients=gradients((output * cotangent).sum(), tensors))


def optimizers():
    """Ten steps of each on two parameters, whose gradients are given."""
    torch.manual_seed(7)
    start = {"weight": uniform(2, 3), "bias": uniform(3)}
    steps = [{name: uniform(*p.shape) for name, p in start.items()} for _ in range(10)]
    makers = {
        "adam": (torch.optim.Adam, {"lr": 0.01, "betas": [0.9, 0.98], "eps": 1e-9}),
        "adam_defaults": (torch.optim.Adam, {"lr": 0.001, "betas": [0.9, 0.999], "eps": 1e-8}),
        "adam_l2": (torch.optim.Adam, {"lr": 0.01, "betas": [0.9, 0.98], "eps": 1e-9,
                                       "weight_decay": 0.1}),
        "adamw": (torch.optim.AdamW, {"lr": 0.01, "betas": [0.9, 0.98], "eps": 1e-9,
                                      "weight_decay": 0.1}),
        "sgd": (torch.optim.SGD, {"lr": 0.1}),
        "sgd_momentum": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
        "sgd_momentum_l2": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    }
    runs = {}
    for name, (maker, options) in makers.items():
        parameters = {n: p.clone().requires_grad_() for n, p in start.items()}
        optimizer, after = maker(list(parameters.values()), **options), []
        for gradient in steps:
            for n, p in parameters.items():
                p.grad = gradient[n].clone()
            optimizer.step()
            after.append({n: p.detach().clone() for n, p in parameters.items()})
        runs[name] = {"options": options, "parameters_after_step": after}
    clipped = [p.clone().requires_grad_() for p in start.values()]
    for p, gradient in zip(clipped, steps[0].values()):
        p.grad = gradient.clone()
    norm = nn.utils.clip_grad_norm_(clipped, 0.5)
    write("optimizers", parameters=start, gradients_of_step=steps, runs=runs,
          clip_grad_norm={"max_norm": 0.5, "total_norm": norm.item(),
                          "clipped": dict(zip(start, [p.grad for p in clipped]))})


def seq2seq():
    """Luong's model: bidirectional encoder, general attention, one loss with all its gradients."""
    torch.manual_seed(8)
    Vs, Vt, E, H, Hd, S, T, B = 9, 8, 4, 3, 5, 6, 4, 3
    encoder, decoder = nn.GRU(E, H, bidirectional=True), nn.GRU(E, Hd)
    p = {"source_embedding": leaf(Vs, E), "target_embedding": leaf(Vt, E),
         **{f"encoder.{n}": w for n, w in encoder.named_parameters()},
         **{f"decoder.{n}": w for n, w in decoder.named_parameters()},
         "W_init": leaf(Hd, 2 * H), "b_init": leaf(Hd), "W_a": leaf(Hd, 2 * H),
         "W_c": leaf(Hd, 2 * H + Hd), "b_c": leaf(Hd), "W_o": leaf(Vt, Hd), "b_o": leaf(Vt)}
    source = torch.randint(1, Vs, (S, B))
    lengths = torch.tensor([4, 6, 2])
    source[~source_mask(S, lengths).T] = 0
    target_input = torch.randint(1, Vt, (T, B))
    target_output = torch.randint(1, Vt, (T, B))
    for b, steps in enumerate([4, 2, 3]):
        target_input[steps:, b] = 0
        target_output[steps:, b] = -1

    packed, h_n = encoder(pack(F.embedding(source, p["source_embedding"]), lengths))
    states = unpack(packed, S)
    h_final = torch.cat([h_n[0], h_n[1]], -1)
    h_0 = torch.tanh(h_final @ p["W_init"].T + p["b_init"])
    h, _ = decoder(F.embedding(target_input, p["target_embedding"]), h_0[None])
    context, weights = attend(h, states @ p["W_a"].T, states, lengths)
    attentional = torch.tanh(torch.cat([context, h], -1) @ p["W_c"].T + p["b_c"])
    logits = attentional @ p["W_o"].T + p["b_o"]
    loss = F.cross_entropy(logits.flatten(0, 1), target_output.flatten(), ignore_index=-1,
                           label_smoothing=0.1)
    write("seq2seq", source=source.tolist(), source_lengths=lengths.tolist(),
          target_input=target_input.tolist(), target_output=target_output.tolist(),
          ignore_index=-1, label_smoothing=0.1, parameters=p, encoder_states=states,
          decoder_initial_state=h_0, decoder_states=h, attention_weights=weights, context=context,
          attentional=attentional, logits=logits, loss=loss.item(), gradients=gradients(loss, p))


if __name__ == "__main__":
    for make in (gru, gru_cell, luong_attention, additive_attention, cross_entropy, layer_norm,
                 optimizers, seq2seq):
        make()
