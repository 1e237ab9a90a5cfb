#include "babelgrad/nn/gru.h"

#include "babelgrad/autograd/ops/recurrence.h"

namespace babelgrad {

template <class T>
Tensor<T> GruCell<T>::step(std::size_t t, const Tensor<T>& x, const Tensor<T>& state,
                           const GruWeights<T>& w, const See& see) {
  return recurrence::gru_state(
      linear(x, w.weight_ih, w.bias_ih), linear(state, w.weight_hh, w.bias_hh), state,
      [&](GruPart part, const Tensor<T>& value) { return see(t, part, value); });
}

template <class T>
RecurrentRun<T, Tensor<T>> GruCell<T>::sequence(const Tensor<T>& x, const Tensor<T>& initial,
                                                const GruWeights<T>& w, const IntArray& lengths,
                                                Direction direction, const See& see) {
  const recurrence::Sequence q =
      recurrence::checked_sequence("gru", 3, x, w, {initial}, lengths, direction);
  std::size_t steps = 0;  // taken
  const auto next = [&](const Tensor<T>& x_t, const std::vector<Tensor<T>>& h) {
    return std::vector<Tensor<T>>{step(q.time(steps++), x_t, h[0], w, see)};
  };
  return with_final(recurrence::fold(q, x, {recurrence::or_zeros(initial, q)}, next).states,
                    direction);
}

template struct GruCell<float>;
template struct GruCell<double>;

}  // namespace babelgrad
