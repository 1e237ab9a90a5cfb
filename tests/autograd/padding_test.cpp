// Padding changes nothing: a padded batch gives what its sentences give one by one, values and
// gradients, whatever stands in the padding.
#include <doctest/doctest.h>

#include "babelgrad/autograd/backward.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;
constexpr double kPaddingTolerance = 1e-13;

const std::vector<std::int32_t> kLengths{3, 6, 1, 5};
constexpr std::size_t kSteps = 8, kBatch = 4;  // two steps are padding in every sentence

// Column b of a time-major array [T, B, F], its first `length` steps: [length, 1, F].
Array<double> sentence(const Array<double>& x, std::size_t b, std::size_t length) {
  return slice(slice(D(x), 1, b, b + 1), 0, 0, length).value();
}

// Numbers within the lengths, and something large beyond.
D padded_leaf(std::size_t features, std::uint64_t seed) {
  Array<double> x = random_array({kSteps, kBatch, features}, seed);
  for (std::size_t i = 0; i < x.size(); ++i)
    if (static_cast<std::int32_t>(i / features / kBatch) >= kLengths[i / features % kBatch])
      x.data()[i] = 1000 + static_cast<double>(i);
  return D(std::move(x), kRequiresGrad);
}

// The largest element beyond the lengths.
double in_padding(const Array<double>& x) {
  const std::size_t features = x.shape()[2];
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (static_cast<std::int32_t>(i / features / kBatch) >= kLengths[i / features % kBatch])
      most = std::max(most, std::abs(x.data()[i]));
  return most;
}

TEST_CASE("gru: a padded batch gives what its sentences give one by one") {
  const std::size_t E = 5, H = 7;
  const GruWeights<double> w{random_leaf({3 * H, E}, 1, -0.5, 0.5),
                             random_leaf({3 * H, H}, 2, -0.5, 0.5), random_leaf({3 * H}, 3),
                             random_leaf({3 * H}, 4)};
  const std::vector<D> parameters{w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh};
  const D x = padded_leaf(E, 5), state = random_leaf({kBatch, H}, 6);
  for (const Direction direction : {Direction::forward, Direction::reverse}) {
    INFO("direction: ", direction == Direction::forward ? "forward" : "reverse");
    const D states = gru(x, state, w, ints({kBatch}, kLengths), direction);
    Array<double> cotangent = random_array({kSteps, kBatch, H}, 7);
    for (std::size_t i = 0; i < cotangent.size(); ++i)
      if (static_cast<std::int32_t>(i / H / kBatch) >= kLengths[i / H % kBatch])
        cotangent.data()[i] = 0;
    std::vector<D> leaves = parameters;
    leaves.insert(leaves.end(), {x, state});
    const auto batched = gradients(states, cotangent, leaves);
    CHECK(in_padding(batched[4]) == 0);
    std::vector<Array<double>> total;
    for (const D& p : parameters) total.push_back(zeros<double>(p.shape()));
    for (std::size_t b = 0; b < kBatch; ++b) {
      INFO("sentence ", b);
      const std::size_t length = static_cast<std::size_t>(kLengths[b]);
      const D alone(sentence(x.value(), b, length), kRequiresGrad);
      const D start(slice(state, 0, b, b + 1).value(), kRequiresGrad);
      const D one = gru(alone, start, w, {}, direction);
      CHECK(max_difference(one.value(), sentence(states.value(), b, length)) < kPaddingTolerance);
      for (std::size_t t = length; t < kSteps; ++t)  // carried on, or not yet begun
        CHECK(max_difference(slice(slice(states, 1, b, b + 1), 0, t, t + 1).value(),
                             direction == Direction::forward
                                 ? slice(one, 0, length - 1, length).value()
                                 : reshape(start, {1, 1, H}).value()) < kPaddingTolerance);
      leaves = parameters;
      leaves.insert(leaves.end(), {alone, start});
      const auto g = gradients(one, sentence(cotangent, b, length), leaves);
      for (std::size_t i = 0; i < parameters.size(); ++i) total[i] += g[i];
      CHECK(max_difference(g[4], sentence(batched[4], b, length)) < kPaddingTolerance);
      CHECK(max_difference(g[5], slice(D(batched[5]), 0, b, b + 1).value()) < kPaddingTolerance);
    }
    for (std::size_t i = 0; i < parameters.size(); ++i)
      CHECK(max_difference(total[i], batched[i]) < kPaddingTolerance);
  }
}

TEST_CASE("attention: a padded batch gives what its sentences give one by one") {
  const std::size_t steps = 3, K = 5, V = 6;
  const D queries = random_leaf({steps, kBatch, K}, 1), v = random_leaf({K}, 2);
  const D keys = padded_leaf(K, 3), values = padded_leaf(V, 4);
  const Array<double> cotangent = random_array({steps, kBatch, V}, 5);
  for (const bool additive : {false, true}) {
    INFO("scores: ", additive ? "additive" : "dot");
    const auto attend = [&](const D& q, const D& k, const D& u, const IntArray& lengths) {
      return additive ? additive_attention(q, k, v, u, lengths) : dot_attention(q, k, u, lengths);
    };
    const Attention<double> all = attend(queries, keys, values, ints({kBatch}, kLengths));
    const auto batched =
        gradients(all.context, cotangent, {queries, keys, values, v}, {.allow_unused = true});
    CHECK(in_padding(batched[1]) == 0);
    CHECK(in_padding(batched[2]) == 0);
    Array<double> dv = zeros<double>({K});
    for (std::size_t b = 0; b < kBatch; ++b) {
      INFO("sentence ", b);
      const std::size_t length = static_cast<std::size_t>(kLengths[b]);
      const D q(sentence(queries.value(), b, steps), kRequiresGrad);
      const D k(sentence(keys.value(), b, length), kRequiresGrad);
      const D u(sentence(values.value(), b, length), kRequiresGrad);
      const Attention<double> one = attend(q, k, u, {});
      const D weights = slice(D(all.weights.value()), 1, b, b + 1);
      CHECK(max_difference(one.context.value(), sentence(all.context.value(), b, steps)) <
            kPaddingTolerance);
      CHECK(max_difference(one.weights.value(), slice(weights, 2, 0, length).value()) <
            kPaddingTolerance);
      CHECK(max_difference(slice(weights, 2, length, kSteps).value(),
                           zeros<double>({steps, 1, kSteps - length})) == 0);
      const auto g = gradients(one.context, sentence(cotangent, b, steps), {q, k, u, v},
                               {.allow_unused = true});
      CHECK(max_difference(g[0], sentence(batched[0], b, steps)) < kPaddingTolerance);
      CHECK(max_difference(g[1], sentence(batched[1], b, length)) < kPaddingTolerance);
      CHECK(max_difference(g[2], sentence(batched[2], b, length)) < kPaddingTolerance);
      dv += g[3];
    }
    CHECK(max_difference(dv, batched[3]) < kPaddingTolerance);
  }
}

}  // namespace
}  // namespace babelgrad
