#include "tests/autograd/gradcheck_table.h"

namespace babelgrad {
namespace {

struct ConvolutionCase {
  std::string label;
  Shape image;  // [B, C, H, W]
  Size2d kernel;
  Size2d stride = 1, padding = 0;
};

std::vector<Row> column_rows() {
  const std::vector<ConvolutionCase> cases{
      {"overlapping", {2, 2, 3, 4}, {2, 3}},
      {"stride 2, padded", {1, 2, 5, 4}, 3, 2, 1},
      {"a stride over gaps", {2, 1, 5, 7}, {1, 2}, {2, 3}},
      {"more padding than image", {1, 1, 1, 2}, {4, 3}, 1, {3, 1}},
      {"all sizes 1", {1, 1, 1, 1}, 1},
  };
  std::vector<Row> rows;
  for (const ConvolutionCase& c : cases) {
    const ConvOptions options{c.stride, c.padding};
    const Size2d size{c.image[2], c.image[3]};
    const Shape columns = unfold(zeros<double>(c.image), c.kernel, options).shape();
    rows.push_back(row("unfold", c.label, {drawn(c.image)},
                       [=](const auto& in) { return unfold(in[0], c.kernel, options); }));
    rows.push_back(row("fold", c.label, {drawn(columns)},
                       [=](const auto& in) { return fold(in[0], size, c.kernel, options); }));
    const Shape weight{3, c.image[1], std::size_t(c.kernel.height), std::size_t(c.kernel.width)};
    rows.push_back(row("conv2d", c.label, {drawn(c.image), drawn(weight), drawn({3})},
                       [=](const auto& in) { return conv2d(in[0], in[1], in[2], options); }));
  }
  return rows;
}

// Distinct values, further apart than a finite difference reaches.
Row pool_row(const ConvolutionCase& c) {
  return row("max_pool2d", c.label, {drawn(c.image)}, [=](const auto& in) {
    return max_pool2d(in[0], c.kernel, {.stride = c.stride, .padding = c.padding});
  });
}

}  // namespace

std::vector<Row> convolution_rows() {
  std::vector<Row> rows = column_rows();
  const std::vector<Row> more{
      row("conv2d", "without bias", {drawn({2, 1, 3, 3}), drawn({2, 1, 2, 2})},
          [](const auto& in) { return conv2d(in[0], in[1]); }),
      row("conv2d", "aliased", {drawn({2, 2, 2, 2})},
          []<class T>(const std::vector<Tensor<T>>& in) {
            return conv2d(in[0], in[0], {}, {.padding = 1});
          }),
      row("conv2d", "conv1d, stride 2, padded", {drawn({2, 2, 5}), drawn({3, 2, 3}), drawn({3})},
          [](const auto& in) { return conv1d(in[0], in[1], in[2], {.stride = 2, .padding = 1}); }),
      pool_row({"side by side", {2, 2, 4, 5}, 2, 2}),
      pool_row({"overlapping, padded", {1, 2, 5, 4}, 3, 2, 1}),
      row("avg_pool2d", "", {drawn({2, 2, 4, 5})},
          [](const auto& in) { return avg_pool2d(in[0], 2); }),
      row("avg_pool2d", "overlapping, padded", {drawn({1, 2, 5, 4})},
          [](const auto& in) { return avg_pool2d(in[0], 3, {.stride = 2, .padding = 1}); }),
  };
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

}  // namespace babelgrad
