// Random graphs of random ops: their gradients, and the gradients of these, are those of finite
// differences, whatever is composed with what; fused and composed ops give the same.
#include <doctest/doctest.h>

#include <array>
#include <functional>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/inspection/gradcheck.h"
#include "babelgrad/autograd/random.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

// What a step of a graph may be: a and b [2, 3] give [2, 3], smoothly and of moderate size.
using GraphStep = std::function<D(const D& a, const D& b)>;

const std::vector<GraphStep>& graph_steps() {
  static const Mask checkered({2, 3}, {true, false, true, false, true, false});
  static const D apart{{0, 1, 3}, {2, 0, -2}};  // so that no row's deviation is near 0
  static const std::vector<GraphStep> steps{
      [](const D& a, const D& b) { return a + b; },
      [](const D& a, const D& b) { return 1 - a - b / 2; },
      [](const D& a, const D& b) { return a * b / 2; },
      [](const D& a, const D& b) { return a / (2 + square(b)); },
      [](const D& a, const D&) { return tanh(a); },
      [](const D& a, const D& b) { return sigmoid(a) * b; },
      [](const D& a, const D&) { return exp(tanh(a)); },
      [](const D& a, const D& b) { return expm1(tanh(a)) - tanh(b); },
      [](const D& a, const D&) { return sqrt(1 + square(a)); },
      [](const D& a, const D&) { return log(1 + square(a)); },
      [](const D& a, const D& b) { return log1p(square(a)) + b; },
      [](const D& a, const D& b) { return sin(a) * cos(b); },
      [](const D& a, const D&) { return erf(a); },
      [](const D& a, const D&) { return gelu(a); },
      [](const D& a, const D& b) { return silu(a) - softplus(b); },
      [](const D& a, const D&) { return pow(1 + square(a), -0.7); },
      [](const D& a, const D&) { return reciprocal(1 + square(a)); },
      [](const D& a, const D& b) { return softmax(a, -1) * b; },
      [](const D& a, const D&) { return softmax(a, 0, checkered); },
      [](const D& a, const D& b) { return a - logsumexp(b, 1, true); },
      [](const D& a, const D&) { return log_softmax(a, 1); },
      [](const D& a, const D&) { return cumsum(a, 1) / 2; },
      [](const D& a, const D& b) { return flip(a, 0) + b[1]; },
      [](const D& a, const D& b) { return a + sum(b, 0); },
      [](const D& a, const D& b) { return a * mean(b, 1, true); },
      [](const D& a, const D& b) { return a - var(b); },
      [](const D& a, const D& b) { return a * norm(1 + square(b), 2, 1, true) / 3; },
      [](const D& a, const D& b) { return prod(tanh(a), 1, true) + b; },
      [](const D& a, const D& b) { return matmul(matmul(a, b, {.b = true}), b) / 4; },
      [](const D& a, const D& b) {
        return linear(matmul(a, b, {.b = true}), transpose(b, 0, 1)) / 4;
      },
      [](const D& a, const D& b) {
        return outer(matmul(a, b[0]), matmul(a[1], b, {.b = true})[0] * a[0]);
      },
      [](const D& a, const D&) {
        return reshape(transpose(a, 0, 1), {2, 3});
      },
      [](const D& a, const D& b) {
        return cat({slice(a, 1, 0, 1), slice(b, 1, 1, 3)}, 1);
      },
      [](const D& a, const D& b) {
        return stack({a[0], b[1]});
      },
      [](const D& a, const D& b) { return where(checkered, a, b); },
      [](const D& a, const D&) { return masked_fill(a, checkered, 0.5); },
      [](const D& a, const D&) {
        return broadcast_to(unsqueeze(sum(a, 1), 1), {2, 3}) / 2;
      },
      [](const D& a, const D& b) {
        return gather(a, 1, IntArray{{2, 0, 0}, {1, 1, 2}}) + b;
      },
      [](const D& a, const D&) {
        return index_select(a, 1, IntArray{2, 2, 0});
      },
      [](const D& a, const D& b) {
        return scatter_add(a, 1, IntArray{{2, 0, 0}, {1, 1, 2}}, b);
      },
      [](const D& a, const D& b) {
        return slice(pad(a, {1, 2}), 1, 0, 3) + b;
      },
      [](const D& a, const D& b) { return layer_norm(a + apart, 1 + b[0] / 4, b[1]); },
      [](const D& a, const D&) {
        return checkpoint([](const auto& in) { return sin(in[0]); }, {a});
      }};
  return steps;
}

struct RandomGraph {
  struct Node {
    std::size_t step, a, b;  // of the leaves and the nodes before it
  };
  std::vector<Node> nodes;

  explicit RandomGraph(std::uint64_t seed) {
    Random random(seed);
    const std::size_t count = 2 + random.below(8);
    for (std::size_t i = 0; i < count; ++i) {
      // Of the newest values mostly, so that the graph is deep, of any in between, so that it
      // joins.
      const auto any = [&] { return random.below(2) ? i + 1 : random.below(i + 2); };
      nodes.push_back({random.below(graph_steps().size()), any(), any()});
    }
  }
  D operator()(const std::vector<D>& leaves) const {
    std::vector<D> values = leaves;  // two
    for (const Node& n : nodes) values.push_back(graph_steps()[n.step](values[n.a], values[n.b]));
    return values.back() + (values[values.size() - 2] + values[values.size() - 3]) / 3;
  }
};

TEST_CASE("random graphs: gradients, and theirs, are those of finite differences") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    const RandomGraph graph(seed);
    const std::vector<D> leaves{random_leaf({2, 3}, seed), random_leaf({2, 3}, seed + 1000)};
    CHECK_NOTHROW(gradcheck(graph, leaves));
    if (seed % 3 == 0) CHECK_NOTHROW(gradgradcheck(graph, leaves));
    const D y = graph(leaves), loss = sum(y * y);
    const ComposedOps composed;
    const D z = graph(leaves);
    CHECK(max_difference(y.value(), z.value()) < 1e-12);
    CHECK(max_difference(gradients(loss, leaves, {.allow_unused = true}),
                         gradients(sum(z * z), leaves, {.allow_unused = true})) < 1e-10);
  }
}

}  // namespace
}  // namespace babelgrad
