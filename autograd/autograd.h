// The whole autograd library: tensors, ops, backward, custom ops, gradcheck, inspection.
#pragma once

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/gradcheck.h"
#include "babelgrad/autograd/inspect.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/tensor.h"
#include "babelgrad/autograd/vjp.h"
