// A small translator put together from autograd's ops alone, for the tests of memory and threads:
// embedding, GRU encoder in both directions, GRU decoder, attention, output layer with its loss.
#pragma once

#include "tests/autograd/helpers.h"

namespace babelgrad {

template <class T>
struct SmallModel {
  static constexpr std::size_t V = 50, E = 12, H = 10;

  Tensor<T> table = random_leaf<T>({V, E}, 1);
  GruWeights<T> forward = gru_weights(E, H, 10), reverse = gru_weights(E, H, 20);
  GruWeights<T> decoder = gru_weights(E, H, 30);
  Tensor<T> key = random_leaf<T>({H, 2 * H}, 2), v = random_leaf<T>({H}, 3);
  Tensor<T> combine = random_leaf<T>({H, 4 * H + H}, 4);
  Tensor<T> gain = random_leaf<T>({H}, 5), shift_by = random_leaf<T>({H}, 6);
  Tensor<T> output = random_leaf<T>({V, H}, 7), output_bias = random_leaf<T>({V}, 8);

  static GruWeights<T> gru_weights(std::size_t in, std::size_t hidden, std::uint64_t seed) {
    return {random_leaf<T>({3 * hidden, in}, seed, -0.3, 0.3),
            random_leaf<T>({3 * hidden, hidden}, seed + 1, -0.3, 0.3),
            random_leaf<T>({3 * hidden}, seed + 2), random_leaf<T>({3 * hidden}, seed + 3)};
  }

  std::vector<Tensor<T>> parameters() const {
    std::vector<Tensor<T>> all{table, key, v, combine, gain, shift_by, output, output_bias};
    for (const GruWeights<T>* w : {&forward, &reverse, &decoder})
      for (const Tensor<T>& tensor : {w->weight_ih, w->weight_hh, w->bias_ih, w->bias_hh})
        all.push_back(tensor);
    return all;
  }

  // source [S, B], lengths [B], target [T + 1, B] (-1: padding behind the last word)
  Tensor<T> loss(const IntArray& source, const IntArray& lengths, const IntArray& target) const {
    const std::size_t steps = target.shape()[0] - 1, B = target.shape()[1];
    IntArray inputs = uninitialized<std::int32_t>({steps, B}), outputs = inputs;
    for (std::size_t i = 0; i < steps * B; ++i) {
      inputs.data()[i] = std::max(0, target.data()[i]);
      outputs.data()[i] = target.data()[i + B];
    }
    const Tensor<T> x = embedding(table, source);
    const Tensor<T> memory = cat(
        {gru<T>(x, {}, forward, lengths), gru<T>(x, {}, reverse, lengths, Direction::reverse)}, 2);
    const Tensor<T> h = gru<T>(embedding(table, inputs), {}, decoder);
    const Tensor<T> keys = linear(memory, key);
    const Tensor<T> c1 = dot_attention(h, keys, memory, lengths).context;
    const Tensor<T> c2 = additive_attention(h, keys, v, memory, lengths).context;
    const Tensor<T> mixed = tanh(linear(cat({c1, c2, h}, 2), combine));
    return linear_cross_entropy(layer_norm(mixed, gain, shift_by), output, output_bias, outputs,
                                {.ignore_index = -1, .label_smoothing = 0.1});
  }

  // A batch drawn from `seed`: 4 sentences of up to 7 words, with padding in source and target.
  Tensor<T> loss_of_batch(std::uint64_t seed) const {
    const std::size_t S = 7, B = 4, steps = 6;
    const Array<double> draws = random_array({S + steps + 1, B}, seed, 0, double(V));
    IntArray source = uninitialized<std::int32_t>({S, B});
    IntArray target = uninitialized<std::int32_t>({steps + 1, B}),
             lengths = ints({B}, {7, 3, 1, 5});
    for (std::size_t i = 0; i < source.size(); ++i)
      source.data()[i] = static_cast<std::int32_t>(draws.data()[i]);
    for (std::size_t i = 0; i < target.size(); ++i)
      target.data()[i] =
          i / B > 4 && i % B == 1 ? -1 : static_cast<std::int32_t>(draws.data()[source.size() + i]);
    return loss(source, lengths, target);
  }
};

}  // namespace babelgrad
