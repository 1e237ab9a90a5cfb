#include "tests/autograd/gradcheck_table.h"

namespace babelgrad {

std::vector<Row> elementwise_rows() {
  return {
      row("add", "equal shapes", {drawn({2, 3}), drawn({2, 3})},
          [](const auto& in) { return add(in[0], in[1]); }),
      row("add", "rank 0 on the right", {drawn({2, 3}), drawn({})},
          [](const auto& in) { return add(in[0], in[1]); }),
      row("add", "rank 0 on the left", {drawn({}), drawn({2, 3})},
          [](const auto& in) { return add(in[0], in[1]); }),
      row("add", "both of rank 0", {drawn({}), drawn({})},
          [](const auto& in) { return in[0] + in[1]; }),
      row("add", "aliased", {drawn({3})}, [](const auto& in) { return add(in[0], in[0]); }),
      row("sub", "equal shapes", {drawn({2, 1, 3}), drawn({2, 1, 3})},
          [](const auto& in) { return in[0] - in[1]; }),
      row("sub", "rank 0 on the right", {drawn({4}), drawn({})},
          [](const auto& in) { return sub(in[0], in[1]); }),
      row("sub", "rank 0 on the left", {drawn({}), drawn({4})},
          [](const auto& in) { return sub(in[0], in[1]); }),
      row("sub", "aliased", {drawn({3})}, [](const auto& in) { return sub(in[0], in[0]); }),
      row("mul", "equal shapes", {drawn({3, 2}), drawn({3, 2})},
          [](const auto& in) { return in[0] * in[1]; }),
      row("mul", "rank 0 on the right", {drawn({3, 2}), drawn({})},
          [](const auto& in) { return mul(in[0], in[1]); }),
      row("mul", "rank 0 on the left", {drawn({}), drawn({3, 2})},
          [](const auto& in) { return mul(in[0], in[1]); }),
      row("mul", "aliased", {drawn({5})}, [](const auto& in) { return mul(in[0], in[0]); }),
      row("mul", "aliased, rank 0", {drawn({})}, [](const auto& in) { return mul(in[0], in[0]); }),
      row("div", "equal shapes", {drawn({2, 3}), away_from_zero({2, 3})},
          [](const auto& in) { return in[0] / in[1]; }),
      row("div", "rank 0 on the right", {drawn({2, 3}), away_from_zero({})},
          [](const auto& in) { return div(in[0], in[1]); }),
      row("div", "rank 0 on the left", {drawn({}), away_from_zero({2, 3})},
          [](const auto& in) { return div(in[0], in[1]); }),
      row("div", "aliased", {away_from_zero({3})},
          [](const auto& in) { return div(in[0], in[0]); }),
      row("neg", "", {drawn({2, 2})}, [](const auto& in) { return -in[0]; }),
      row("scale", "function", {drawn({2, 2})}, [](const auto& in) { return scale(in[0], -1.5); }),
      row("scale", "operators", {drawn({1})}, [](const auto& in) { return 2.0 * (in[0] * 0.75); }),
      row("shift", "function", {drawn({2, 2})}, [](const auto& in) { return shift(in[0], 0.25); }),
      row("shift", "operators", {drawn({1})}, [](const auto& in) { return (in[0] + 2.0) - 0.5; }),
      row("exp", "", {drawn({2, 9})}, [](const auto& in) { return exp(in[0]); }),
      row("exp", "rank 0", {drawn({})}, [](const auto& in) { return exp(in[0]); }),
      row("log", "", {positive({2, 9})}, [](const auto& in) { return log(in[0]); }),
      row("sqrt", "", {positive({2, 9})}, [](const auto& in) { return sqrt(in[0]); }),
      row("pow", "fractional exponent", {positive({2, 9})},
          [](const auto& in) { return pow(in[0], 2.5); }),
      row("pow", "whole exponent of any base", {away_from_zero({3, 3})},
          [](const auto& in) { return pow(in[0], 3); }),
      row("pow", "negative exponent", {away_from_zero({3})},
          [](const auto& in) { return pow(in[0], -2); }),
      row("pow", "exponent 0", {drawn({3})}, [](const auto& in) { return pow(in[0], 0); }),
      row("abs", "", {away_from_zero({3, 4})}, [](const auto& in) { return abs(in[0]); }),
      row("clamp", "both bounds at work", {drawn({30})},
          [](const auto& in) { return clamp(in[0], -0.5, 0.25); }),
      row("tanh", "", {Draw{{3, 7}, -3, 3}}, [](const auto& in) { return tanh(in[0]); }),
      row("sigmoid", "", {Draw{{3, 7}, -5, 5}}, [](const auto& in) { return sigmoid(in[0]); }),
      row("relu", "", {away_from_zero({3, 7})}, [](const auto& in) { return relu(in[0]); }),
  };
}

std::vector<Row> mask_rows() {
  const IntArray mask = ints({2, 3}, {1, 0, 0, 2, 0, -1});
  const Array<double> full_mask = array_of<double>({2, 3}, std::vector<double>{2, 0, 2, 0, 0, 2});
  const Array<double> row_mask = array_of<double>({3}, std::vector<double>{0, 1.25, 1.25});
  const auto drop = [](const Array<double>& kept) {
    return [kept]<class T>(const std::vector<Tensor<T>>& in) {
      return dropout(in[0], converted<T>(kept));
    };
  };
  return {
      row("where", "", {drawn({2, 3}), drawn({2, 3})},
          [mask](const auto& in) { return where(mask, in[0], in[1]); }),
      row("where", "aliased", {drawn({2, 3})},
          [mask](const auto& in) { return where(mask, in[0], in[0]); }),
      row("masked_fill", "", {drawn({2, 3})},
          [mask](const auto& in) { return masked_fill(in[0], mask, 7); }),
      row("dropout", "mask of x's shape", {drawn({2, 3})}, drop(full_mask)),
      row("dropout", "mask of the last axis", {drawn({4, 2, 3})}, drop(row_mask)),
      row("dropout", "mask of the last axes", {drawn({4, 2, 3})}, drop(full_mask)),
      row("dropout", "mask of rank 0", {drawn({2, 3})}, drop(scalar(0.5))),
  };
}

}  // namespace babelgrad
