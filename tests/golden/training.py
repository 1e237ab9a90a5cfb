"""Optimizers, schedules, and a whole model."""

import torch
import torch.nn.functional as F
from attention import attend
from common import gradients, leaf, pack, source_mask, uniform, unpack, write
from torch import nn


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


def schedules():
    """CosineAnnealingLR: learning_rates[i] is that of step i, over two periods."""
    runs = []
    for base_lr, T_max, eta_min in ((0.1, 10, 0.0), (0.003, 7, 0.0001)):
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=base_lr)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max, eta_min)
        rates = []
        for _ in range(2 * T_max + 1):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        runs.append({"base_lr": base_lr, "T_max": T_max, "eta_min": eta_min,
                     "learning_rates": rates})
    write("schedules", cosine_annealing=runs)


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
