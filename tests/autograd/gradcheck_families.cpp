// Rows of the op families that have a file of their own: activations, statistics, order.
#include "tests/autograd/gradcheck_table.h"

namespace babelgrad {

std::vector<Row> activation_rows() {
  const Draw wide{{3, 7}, -4, 4}, no_kink{{3, 7}, 0.5, 3, true};
  return {
      row("gelu", "", {wide}, [](const auto& in) { return gelu(in[0]); }),
      row("gelu_tanh", "", {wide}, [](const auto& in) { return gelu(in[0], Approximate::tanh); }),
      row("silu", "", {wide}, [](const auto& in) { return silu(in[0]); }),
      row("softplus", "", {wide}, [](const auto& in) { return softplus(in[0]); }),
      row("elu", "", {no_kink}, [](const auto& in) { return elu(in[0]); }),
      row("elu", "alpha", {no_kink}, [](const auto& in) { return elu(in[0], 0.3); }),
      row("leaky_relu", "", {no_kink}, [](const auto& in) { return leaky_relu(in[0]); }),
      row("leaky_relu", "slope", {no_kink}, [](const auto& in) { return leaky_relu(in[0], 0.2); }),
  };
}

std::vector<Row> statistics_rows() {
  // A row of zeros has prod's gradient 0, a single one a gradient there alone.
  const auto with_zeros = []<class T>(const Tensor<T>& x) {
    return masked_fill(
        x, Mask({3, 3}, {true, true, false, false, true, false, false, false, false}), 0);
  };
  return {
      row("amax", "max", {drawn({2, 3})}, [](const auto& in) { return max(in[0]); }),
      row("amin", "min", {drawn({2, 3})}, [](const auto& in) { return min(in[0]); }),
      row("prod", "all", {drawn({2, 3})}, [](const auto& in) { return prod(in[0]); }),
      row("prod", "middle axis", {drawn({2, 5, 2})}, [](const auto& in) { return prod(in[0], 1); }),
      row("prod", "outer axes, kept", {drawn({2, 3, 4})},
          [](const auto& in) {
            return prod(in[0], {0, -1}, true);
          }),
      row("prod", "zeros", {drawn({3, 3})},
          [=](const auto& in) { return prod(with_zeros(in[0]), 1); }),
      row("var", "all", {drawn({2, 3})}, [](const auto& in) { return var(in[0]); }),
      row("var", "middle axis, kept", {drawn({2, 3, 4})},
          [](const auto& in) { return var(in[0], 1, {.keepdim = true}); }),
      row("var", "outer axes, no correction", {drawn({2, 3, 4})},
          [](const auto& in) {
            return var(in[0], {0, 2}, {.correction = 0});
          }),
      row("stddev", "all", {drawn({2, 3})}, [](const auto& in) { return stddev(in[0]); }),
      row("stddev", "last axis, no correction, kept", {drawn({2, 3})},
          [](const auto& in) { return stddev(in[0], -1, {.correction = 0, .keepdim = true}); }),
      row("norm", "all", {drawn({2, 3})}, [](const auto& in) { return norm(in[0]); }),
      row("norm", "first axis, kept", {drawn({2, 3})},
          [](const auto& in) { return norm(in[0], 2, 0, true); }),
      row("sum", "norm, p = 1", {away_from_zero({2, 3})},
          [](const auto& in) { return norm(in[0], 1, 1); }),
      row("cumsum", "first axis", {drawn({3, 2})}, [](const auto& in) { return cumsum(in[0], 0); }),
      row("cumsum", "middle axis", {drawn({2, 3, 2})},
          [](const auto& in) { return cumsum(in[0], 1); }),
      row("cumsum", "last axis", {drawn({2, 3})}, [](const auto& in) { return cumsum(in[0], -1); }),
  };
}

std::vector<Row> order_rows() {
  return {
      row("gather", "sort", {drawn({2, 4})}, [](const auto& in) { return sort(in[0]).values; }),
      row("gather", "sort, descending, first axis", {drawn({4, 2})},
          [](const auto& in) { return sort(in[0], 0, true).values; }),
      row("gather", "topk", {drawn({2, 5})}, [](const auto& in) { return topk(in[0], 2).values; }),
      row("gather", "topk, smallest, middle axis", {drawn({2, 5, 2})},
          [](const auto& in) { return topk(in[0], 3, 1, false).values; }),
  };
}

}  // namespace babelgrad
