"""Attentions, and a Transformer's block."""

import torch
from common import gradients, leaf, source_mask, uniform, weighted, write
from torch import nn


def attend(queries, keys, values, lengths):
    """queries [T, B, K], keys [S, B, K], values [S, B, D] -> context [T, B, D], weights"""
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


def causal_mask(steps):
    """True where PyTorch must not look: the future."""
    return torch.ones(steps, steps, dtype=torch.bool).triu(1)


def multihead_case(module, leaves, lengths=None, causal=False, with_weights=False):
    """leaves: query [T, B, E] alone (self-attention), or query and memory [S, B, D]. A case with
    cotangent_weights differentiates the weights [B, heads, T, S], too."""
    parameters = dict(module.named_parameters())
    query, memory = leaves["query"], leaves.get("memory", leaves["query"])
    padding = None if lengths is None else ~source_mask(memory.shape[0], torch.tensor(lengths))
    output, weights = module(query, memory, memory, key_padding_mask=padding,
                             attn_mask=causal_mask(query.shape[0]) if causal else None,
                             average_attn_weights=False)
    cotangents = {"cotangent": uniform(*output.shape)}
    if with_weights:
        cotangents["cotangent_weights"] = uniform(*weights.shape)
    loss = weighted([output, weights], cotangents.values())
    return {"causal": causal, "key_lengths": lengths, **leaves, "output": output,
            "weights": weights, **cotangents,
            "gradients": gradients(loss, {**leaves, **parameters})}


def multihead_attention():
    """self and cross share `parameters`; in cross_sizes keys and values have sizes of their own."""
    torch.manual_seed(15)
    T, S, B, E, D, heads = 3, 4, 2, 4, 3, 2
    module = nn.MultiheadAttention(E, heads)
    sizes = nn.MultiheadAttention(E, heads, kdim=D, vdim=D)
    for p in (*module.parameters(), *sizes.parameters()):  # PyTorch's biases begin as zeros
        nn.init.uniform_(p, -0.6, 0.6)
    cases = {
        "self": multihead_case(module, {"query": leaf(T, B, E)}),
        "self_padded": multihead_case(module, {"query": leaf(T, B, E)}, lengths=[2, 3]),
        "self_causal": multihead_case(module, {"query": leaf(T, B, E)}, causal=True),
        "self_causal_padded": multihead_case(module, {"query": leaf(T, B, E)}, lengths=[3, 1],
                                             causal=True),
        "cross": multihead_case(module, {"query": leaf(T, B, E), "memory": leaf(S, B, E)}),
        "cross_padded": multihead_case(module, {"query": leaf(T, B, E), "memory": leaf(S, B, E)},
                                       lengths=[4, 2], with_weights=True),
    }
    cross_sizes = multihead_case(sizes, {"query": leaf(T, B, E), "memory": leaf(S, B, D)},
                                 lengths=[1, 4])
    write("multihead_attention", heads=heads, parameters=dict(module.named_parameters()),
          cases=cases, cross_sizes={"parameters": dict(sizes.named_parameters()), **cross_sizes})


def transformer_encoder_layer():
    """No dropout. The cotangent is zero where the source is padding."""
    torch.manual_seed(16)
    T, B, E, heads, F, lengths = 4, 2, 4, 2, 6, torch.tensor([4, 3])
    x, cotangent = leaf(T, B, E), uniform(T, B, E) * source_mask(T, lengths).T[:, :, None]
    start = nn.TransformerEncoderLayer(E, heads, F)
    for p in start.parameters():  # PyTorch's norms begin as identities
        nn.init.uniform_(p, -0.6, 0.6)
    cases = []
    for norm_first, activation, causal in ((False, "relu", False), (True, "relu", False),
                                           (True, "gelu", True)):
        module = nn.TransformerEncoderLayer(E, heads, F, dropout=0.0, activation=activation,
                                            norm_first=norm_first)
        module.load_state_dict(start.state_dict())
        output = module(x, src_mask=causal_mask(T) if causal else None,
                        src_key_padding_mask=~source_mask(T, lengths))
        leaves = {"x": x, **dict(module.named_parameters())}
        cases.append({"norm_first": norm_first, "activation": activation, "causal": causal,
                      "output": output,
                      "gradients": gradients((output * cotangent).sum(), leaves)})
    write("transformer_encoder_layer", heads=heads, eps=1e-5, lengths=lengths.tolist(), x=x,
          parameters=dict(start.named_parameters()), cotangent=cotangent, cases=cases)
