// The check of a GRU's weights, for the ops that run one.
#pragma once

#include "babelgrad/autograd/ops.h"

namespace babelgrad {

// Throws a ShapeError of `op` unless they are those of a GRU with this many inputs and H = hidden.
template <class T>
void check_gru_weights(const char* op, const GruWeights<T>& w, std::size_t inputs,
                       std::size_t hidden) {
  const Shape gates{3 * hidden};
  if (w.weight_ih.shape() == Shape{3 * hidden, inputs} &&
      w.weight_hh.shape() == Shape{3 * hidden, hidden} && w.bias_ih.shape() == gates &&
      w.bias_hh.shape() == gates)
    return;
  throw_shape_error(op,
                    "need weight_ih [3H, E], weight_hh [3H, H], bias_ih [3H] and bias_hh [3H] "
                    "with H " +
                        std::to_string(hidden) + " and E " + std::to_string(inputs),
                    {{"weight_ih", w.weight_ih.shape()},
                     {"weight_hh", w.weight_hh.shape()},
                     {"bias_ih", w.bias_ih.shape()},
                     {"bias_hh", w.bias_hh.shape()}});
}

}  // namespace babelgrad
