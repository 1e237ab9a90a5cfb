#include "babelgrad/nn/gru.h"

#include <cmath>
#include <stdexcept>

namespace babelgrad {

template <class T>
Gru<T>::Gru(const Scope<T>& scope, const GruOptions& options)
    : options_(options), dropout_(scope / "dropout", options.dropout) {
  const std::size_t H = options.hidden_size;
  const Initializer uniform = init::uniform(1 / std::sqrt(static_cast<double>(H)));
  for (std::size_t layer = 0; layer < options.layers; ++layer)
    for (std::size_t direction = 0; direction < directions(); ++direction) {
      const std::size_t in = layer == 0 ? options.input_size : directions() * H;
      const std::string suffix = "_l" + std::to_string(layer) + (direction == 1 ? "_reverse" : "");
      weights_.push_back({scope.parameter("weight_ih" + suffix, {3 * H, in}, uniform),
                          scope.parameter("weight_hh" + suffix, {3 * H, H}, uniform),
                          scope.parameter("bias_ih" + suffix, {3 * H}, uniform),
                          scope.parameter("bias_hh" + suffix, {3 * H}, uniform)});
    }
}

template <class T>
GruResult<T> Gru<T>::operator()(const Tensor<T>& x, const IntArray& lengths, const Mode& mode,
                                const std::vector<Tensor<T>>& initial) const {
  if (!initial.empty() && initial.size() != weights_.size())
    throw std::invalid_argument("gru: need " + std::to_string(weights_.size()) +
                                " initial states; got " + std::to_string(initial.size()));
  GruResult<T> result;
  result.states = x;
  for (std::size_t layer = 0; layer < options_.layers; ++layer) {
    const Tensor<T> input = layer == 0 ? x : dropout_(result.states, mode, layer);
    std::vector<Tensor<T>> both;
    for (std::size_t direction = 0; direction < directions(); ++direction) {
      const std::size_t i = layer * directions() + direction;
      const Tensor<T> start = initial.empty() ? Tensor<T>() : initial[i];
      const bool reverse = direction == 1;
      both.push_back(gru(input, start, weights_[i], lengths,
                         reverse ? Direction::reverse : Direction::forward));
      const Tensor<T>& states = both.back();
      result.final.push_back(states[reverse ? 0 : -1]);
    }
    result.states = both.size() == 1 ? both[0] : cat(both, 2);
  }
  return result;
}

template <class T>
std::vector<Tensor<T>> Gru<T>::step(const Tensor<T>& x, const std::vector<Tensor<T>>& states,
                                    const Mode& mode, std::uint64_t time) const {
  if (options_.bidirectional || states.size() != options_.layers)
    throw std::invalid_argument("gru: a step needs one direction and " +
                                std::to_string(options_.layers) + " states; got " +
                                std::to_string(states.size()));
  std::vector<Tensor<T>> next;
  for (std::size_t layer = 0; layer < options_.layers; ++layer) {
    const Tensor<T> input =
        layer == 0 ? x : dropout_(next.back(), mode, time * options_.layers + layer);
    next.push_back(gru_cell(input, states[layer], weights_[layer]));
  }
  return next;
}

template class Gru<float>;
template class Gru<double>;

}  // namespace babelgrad
