"""Convolutions and pooling."""

import torch
import torch.nn.functional as F
from common import gradients, leaf, uniform, write


def convolution_case(function, x, weight, **settings):
    """weight: [out, in, kernel ...]"""
    leaves = {"x": leaf(*x), "weight": leaf(*weight), "bias": leaf(weight[0])}
    return differentiated(function, leaves, settings)


def pooling_case(function, x, **settings):
    return differentiated(function, {"x": leaf(*x)}, settings)


def differentiated(function, leaves, settings):
    output = function(*leaves.values(), **settings)
    cotangent = uniform(*output.shape)
    return {**settings, **leaves, "output": output, "cotangent": cotangent,
            "gradients": gradients((output * cotangent).sum(), leaves)}


def convolution():
    """x: [B, C, length] or [B, C, height, width]"""
    torch.manual_seed(20)
    conv1d = [
        convolution_case(F.conv1d, (2, 3, 6), (4, 3, 3), stride=1, padding=0),
        convolution_case(F.conv1d, (2, 2, 7), (3, 2, 3), stride=2, padding=1),
        convolution_case(F.conv1d, (2, 2, 3), (2, 2, 1), stride=1, padding=0),
    ]
    conv2d = [
        convolution_case(F.conv2d, (2, 2, 4, 5), (3, 2, 3, 2), stride=[1, 1], padding=[0, 0]),
        convolution_case(F.conv2d, (2, 1, 5, 6), (2, 1, 3, 3), stride=[2, 2], padding=[1, 1]),
        convolution_case(F.conv2d, (1, 2, 4, 5), (2, 2, 2, 3), stride=[1, 2], padding=[1, 0]),
    ]
    max_pool2d = [
        pooling_case(F.max_pool2d, (2, 2, 4, 5), kernel_size=[2, 2], stride=[2, 2], padding=[0, 0]),
        pooling_case(F.max_pool2d, (1, 2, 5, 4), kernel_size=[3, 3], stride=[2, 2], padding=[1, 1]),
        pooling_case(F.max_pool2d, (1, 2, 4, 5), kernel_size=[2, 3], stride=[1, 2], padding=[0, 1]),
    ]
    avg_pool2d = [
        pooling_case(F.avg_pool2d, (2, 2, 4, 5), kernel_size=[2, 2], stride=[2, 2], padding=[0, 0]),
        pooling_case(F.avg_pool2d, (1, 2, 5, 4), kernel_size=[3, 3], stride=[2, 2], padding=[1, 1]),
        pooling_case(F.avg_pool2d, (1, 2, 4, 5), kernel_size=[2, 3], stride=[1, 2], padding=[0, 1]),
    ]
    write("convolution", conv1d=conv1d, conv2d=conv2d, max_pool2d=max_pool2d,
          avg_pool2d=avg_pool2d)
