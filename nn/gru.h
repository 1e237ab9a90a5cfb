// Gru: a stack of GRU layers over a sequence, one or both directions, with the names, shapes and
// initial values of PyTorch's nn.GRU, whose state_dict loads unchanged.
#pragma once

#include <vector>

#include "babelgrad/nn/dropout.h"

namespace babelgrad {

struct GruOptions {
  std::size_t input_size = 0;
  std::size_t hidden_size = 0;
  std::size_t layers = 1;
  bool bidirectional = false;
  double dropout = 0;  // on the input of every layer but the first
};

template <class T>
struct GruResult {
  Tensor<T> states;  // [T, B, D H] of the last layer; D = 2 if bidirectional, else 1
  std::vector<Tensor<T>>
      final;  // [B, H] each: layer 0 forward, layer 0 reverse, layer 1 forward ...
};

template <class T>
class Gru {
 public:
  Gru(const Scope<T>& scope, const GruOptions& options);

  // x [T, B, input_size]; lengths [B] or not given (all T). initial: as `final`, or empty (zeros).
  GruResult<T> operator()(const Tensor<T>& x, const IntArray& lengths, const Mode& mode,
                          const std::vector<Tensor<T>>& initial = {}) const;
  // One time step of a one-directional stack: x [B, input_size], states one [B, H] a layer.
  std::vector<Tensor<T>> step(const Tensor<T>& x, const std::vector<Tensor<T>>& states,
                              const Mode& mode, std::uint64_t time) const;

  const GruOptions& options() const { return options_; }
  const GruWeights<T>& weights(std::size_t i) const { return weights_.at(i); }  // as `final`

 private:
  std::size_t directions() const { return options_.bidirectional ? 2 : 1; }

  GruOptions options_;
  std::vector<GruWeights<T>> weights_;  // in the order of `final`
  Dropout<T> dropout_;
};

extern template class Gru<float>;
extern template class Gru<double>;

}  // namespace babelgrad
