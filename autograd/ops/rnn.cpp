// The plain recurrence of Elman (1990), as PyTorch's nn.RNN: h' = tanh(W_ih x + b_ih + W_hh h +
// b_hh). Composed; over a whole sequence the input side of all steps is one product.
#include "babelgrad/autograd/ops/fused_recurrence.h"

namespace babelgrad {

template <class T>
Tensor<T> rnn(const Tensor<T>& x, const Tensor<T>& initial_state, const RnnWeights<T>& w,
              const IntArray& lengths, Direction direction) {
  const recurrence::Sequence q =
      recurrence::checked_sequence("rnn", 1, x, w, {initial_state}, lengths, direction);
  const auto step = [&](const Tensor<T>& input, const std::vector<Tensor<T>>& state) {
    return std::vector<Tensor<T>>{tanh(input + linear(state[0], w.weight_hh, w.bias_hh))};
  };
  return recurrence::fold(q, linear(x, w.weight_ih, w.bias_ih),
                          {recurrence::or_zeros(initial_state, q)}, step)
      .states;
}

template <class T>
Tensor<T> rnn_cell(const Tensor<T>& x, const Tensor<T>& state, const RnnWeights<T>& w) {
  recurrence::checked_step("rnn_cell", 1, x, state, w);
  return tanh(linear(x, w.weight_ih, w.bias_ih) + linear(state, w.weight_hh, w.bias_hh));
}

#define BABELGRAD_INSTANTIATE(T)                                                   \
  template Tensor<T> rnn(const Tensor<T>&, const Tensor<T>&, const RnnWeights<T>&, \
                         const IntArray&, Direction);                              \
  template Tensor<T> rnn_cell(const Tensor<T>&, const Tensor<T>&, const RnnWeights<T>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
