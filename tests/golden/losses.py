"""Losses, with PyTorch's reductions."""

import torch
import torch.nn.functional as F
from common import gradients, leaf, uniform, write


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


def loss_cases(function, leaves, cotangent, options, reductions=("mean", "sum", "none")):
    """A case each of options and reduction; of "none" the loss is an array, with a cotangent."""
    cases = []
    for chosen in options:
        for reduction in reductions:
            loss = function(*leaves.values(), reduction=reduction, **chosen)
            total = (loss * cotangent).sum() if reduction == "none" else loss
            cases.append({**chosen, "reduction": reduction,
                          "loss": loss if reduction == "none" else loss.item(),
                          "gradients": gradients(total, leaves)})
    return {**leaves, "cotangent": cotangent, "cases": cases}


def losses():
    torch.manual_seed(17)
    shape = (2, 3)
    pair = {"input": leaf(*shape, scale=2), "target": leaf(*shape, scale=2)}
    scores = torch.cat([uniform(1, 3, scale=3), torch.tensor([[-100.0, 2.0, 100.0]])])
    logits = {"input": scores.requires_grad_(), "target": torch.rand(*shape).requires_grad_()}
    kl = {"input": leaf(*shape).log_softmax(-1).detach().requires_grad_(),
          "target": leaf(*shape).softmax(-1).detach().requires_grad_()}
    log_kl = {"input": kl["input"], "target": kl["target"].detach().log().requires_grad_()}
    log_probabilities = {"input": leaf(4, 3).log_softmax(-1).detach().requires_grad_()}
    classes = torch.tensor([2, 0, -1, 1])
    cotangent, plain, kl_reductions = uniform(*shape), [{}], ("batchmean", "mean", "sum", "none")

    def nll(log_p, **options):
        return F.nll_loss(log_p, classes, ignore_index=-1, **options)

    write("losses",
          mse=loss_cases(F.mse_loss, pair, cotangent, plain),
          l1=loss_cases(F.l1_loss, pair, cotangent, plain),
          huber=loss_cases(F.huber_loss, pair, cotangent, [{"delta": 1.0}, {"delta": 0.4}]),
          bce_with_logits=loss_cases(F.binary_cross_entropy_with_logits, logits, cotangent, plain),
          nll={"targets": classes.tolist(), "ignore_index": -1,
               **loss_cases(nll, log_probabilities, uniform(4), plain)},
          kl_div=loss_cases(F.kl_div, kl, cotangent, [{"log_target": False}], kl_reductions),
          kl_div_log_target=loss_cases(F.kl_div, log_kl, cotangent, [{"log_target": True}],
                                       kl_reductions))
