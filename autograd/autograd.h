// The whole autograd library: tensors, ops, backward, random arrays, custom ops, gradcheck,
// inspection.
#pragma once

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/derivatives.h"
#include "babelgrad/autograd/inspection/gradcheck.h"
#include "babelgrad/autograd/inspection/inspect.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/random.h"
#include "babelgrad/autograd/tensor.h"
#include "babelgrad/autograd/vjp.h"
