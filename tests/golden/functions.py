"""Elementwise functions, reductions, layer normalisation."""

import torch
import torch.nn.functional as F
from common import gradients, leaf, uniform, write


def layer_norm():
    torch.manual_seed(6)
    tensors = {"x": leaf(2, 3, 5, scale=2), "weight": leaf(5), "bias": leaf(5)}
    cotangent, eps = uniform(2, 3, 5), 1e-5
    output = F.layer_norm(tensors["x"], [5], tensors["weight"], tensors["bias"], eps)
    write("layer_norm", **tensors, eps=eps, output=output, cotangent=cotangent,
          gradients=gradients((output * cotangent).sum(), tensors))


def activations():
    """Of each function the gradient, and of gradient * cotangent_of_gradient the gradient: the
    second derivatives. The last values of x are where a careless formula overflows."""
    torch.manual_seed(18)
    far = torch.tensor([-800.0, -30.0, 30.0, 800.0])
    x = torch.cat([4 * torch.rand(5), -4 * torch.rand(5), far])
    x.requires_grad_()
    cotangent, second = uniform(x.numel()), uniform(x.numel())
    functions = {
        "gelu": (F.gelu, {"approximate": "none"}), "gelu_tanh": (F.gelu, {"approximate": "tanh"}),
        "silu": (F.silu, {}), "softplus": (F.softplus, {}), "elu": (F.elu, {"alpha": 1.0}),
        "elu_alpha": (F.elu, {"alpha": 0.3}),
        "leaky_relu": (F.leaky_relu, {"negative_slope": 0.01}),
        "leaky_relu_slope": (F.leaky_relu, {"negative_slope": 0.2}), "erf": (torch.erf, {}),
    }
    results = {}
    for name, (function, options) in functions.items():
        output = function(x, **options)
        gradient, = torch.autograd.grad((output * cotangent).sum(), x, create_graph=True)
        results[name] = {"options": options, "output": output, "gradient": gradient,
                         "second_gradient": gradients((gradient * second).sum(), {"x": x})["x"]}
    write("activations", x=x, cotangent=cotangent, cotangent_of_gradient=second, functions=results)


def reductions():
    """A case's axes are absent where all are reduced. The zeros of x_zeros are where a careless
    gradient of prod or norm divides by nothing."""
    torch.manual_seed(19)
    x, x_zeros = leaf(2, 3, 4, scale=2), uniform(3, 4)
    x_zeros[0] = 0
    x_zeros[1, 2] = 0
    inputs, cases = {"x": x, "x_zeros": x_zeros.requires_grad_()}, []

    def case(op, of, function, **settings):
        output = function(inputs[of])
        cotangent = uniform(*output.shape) if output.dim() else torch.tensor(1.0)
        cases.append({"op": op, "input": of, **settings, "output": output, "cotangent": cotangent,
                      "gradient": gradients((output * cotangent).sum(), {of: inputs[of]})[of]})

    for op in (torch.var, torch.std):
        for unbiased in (True, False):
            for axes in ([], [1], [0, 2]):  # no axes: all
                case(op.__name__, "x", lambda t: op(t, axes or None, unbiased=unbiased),
                     **({"axes": axes} if axes else {}), unbiased=unbiased)
    for p in (2.0, 1.0):
        case("norm", "x", lambda t: torch.norm(t, p), p=p)
        case("norm", "x", lambda t: torch.norm(t, p, dim=[0, 2]), axes=[0, 2], p=p)
    case("norm", "x_zeros", lambda t: torch.norm(t, dim=1), axes=[1], p=2.0)
    case("prod", "x", torch.prod)
    case("prod", "x", lambda t: t.prod(1), axes=[1])
    case("prod", "x_zeros", lambda t: t.prod(1), axes=[1])
    case("prod", "x_zeros", lambda t: t.prod(0), axes=[0])
    for axis in range(3):
        case("cumsum", "x", lambda t: t.cumsum(axis), axes=[axis])
    write("reductions", **inputs, cases=cases)
