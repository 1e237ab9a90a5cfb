// Convolutions and pooling: PyTorch's numbers (tests/golden/convolution.py), ties, and errors.
#include <doctest/doctest.h>

#include "babelgrad/autograd/backward.h"
#include "tests/autograd/error_table.h"
#include "tests/golden/golden.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

Size2d size_of(const Json& json) { return {json.at(0).get<int>(), json.at(1).get<int>()}; }

// f of the case's leaves, its value and the gradient of each.
template <class F>
void check_case(const Json& c, const std::vector<std::string>& names, const F& f) {
  std::vector<D> leaves;
  for (const std::string& name : names) leaves.emplace_back(golden_array(c[name]), kRequiresGrad);
  const D output = f(leaves);
  CHECK(max_difference(output.value(), golden_array(c["output"])) < kGoldenTolerance);
  const auto got = gradients(output, golden_array(c["cotangent"]), leaves);
  REQUIRE(c["gradients"].size() == names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    INFO("gradient of ", names[i]);
    CHECK(max_difference(got[i], golden_array(c["gradients"][names[i]])) < kGoldenTolerance);
  }
}

TEST_CASE("golden: convolutions") {
  const Json g = golden("convolution");
  for (const Json& c : g["conv1d"])
    check_case(c, {"x", "weight", "bias"}, [&](const std::vector<D>& in) {
      return conv1d(in[0], in[1], in[2],
                    {.stride = c["stride"].get<int>(), .padding = c["padding"].get<int>()});
    });
  for (const Json& c : g["conv2d"])
    check_case(c, {"x", "weight", "bias"}, [&](const std::vector<D>& in) {
      return conv2d(in[0], in[1], in[2],
                    {.stride = size_of(c["stride"]), .padding = size_of(c["padding"])});
    });
}

TEST_CASE("golden: pooling") {
  const Json g = golden("convolution");
  const auto options = [](const Json& c) {
    return PoolOptions{.stride = size_of(c["stride"]), .padding = size_of(c["padding"])};
  };
  for (const Json& c : g["max_pool2d"])
    check_case(c, {"x"}, [&](const std::vector<D>& in) {
      return max_pool2d(in[0], size_of(c["kernel_size"]), options(c));
    });
  for (const Json& c : g["avg_pool2d"])
    check_case(c, {"x"}, [&](const std::vector<D>& in) {
      return avg_pool2d(in[0], size_of(c["kernel_size"]), options(c));
    });
}

TEST_CASE("max_pool2d: the first of equals gets the gradient, NaN is the largest") {
  const D image({1, 1, 2, 3}, {1, 5, 0, 5, 5, 0}, kRequiresGrad);
  const auto slope = gradients(sum(max_pool2d(image, {2, 3})), {image})[0];
  CHECK(equal(slope, Array<double>({1, 1, 2, 3}, {0, 1, 0, 0, 0, 0})));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(max_pool2d(D({1, 1, 1, 3}, {7, nan, 9}), {1, 3}).item()));
}

TEST_CASE("errors: convolutions and pooling") {
  const D image = leaf_of({2, 3, 5, 6});
  const std::string window =
      "need a kernel of at least 1 within the padded image, and a stride of at least 1; got an "
      "image [5, 6], kernel ";
  check_messages({
      {"unfold: need x [B, C, H, W]; got x [3, 5, 6]",
       [] {
         unfold(leaf_of({3, 5, 6}), 2);
       }},
      {"unfold: " + window + "[6, 2], stride [1, 1], padding [0, 0]",
       [&] {
         unfold(image, {6, 2});
       }},
      {"unfold: " + window + "[0, 2], stride [1, 1], padding [0, 0]",
       [&] {
         unfold(image, {0, 2});
       }},
      {"unfold: " + window + "[2, 2], stride [1, 0], padding [0, 0]",
       [&] {
         unfold(image, 2, {.stride = {1, 0}});
       }},
      {"unfold: " + window + "[2, 2], stride [1, 1], padding [0, -1]",
       [&] {
         unfold(image, 2, {.padding = {0, -1}});
       }},
      {"fold: need columns [B, C * 4, 20] for an output [5, 6]; got columns [2, 6, 20]",
       [] {
         fold(leaf_of({2, 6, 20}), {5, 6}, 2);
       }},
      {"fold: need columns [B, C * 4, 20] for an output [5, 6]; got columns [8, 20]",
       [] {
         fold(leaf_of({8, 20}), {5, 6}, 2);
       }},
      {"conv2d: need x [B, C, H, W] and weight [O, C, KH, KW]; got x [2, 3, 5, 6], weight [4, 2, "
       "3, 3]",
       [&] {
         conv2d(image, leaf_of({4, 2, 3, 3}));
       }},
      {"conv2d: need x [B, C, H, W], weight [O, C, KH, KW] and bias [O]; got x [2, 3, 5, 6], "
       "weight "
       "[4, 3, 3, 3], bias [3]",
       [&] {
         conv2d(image, leaf_of({4, 3, 3, 3}), leaf_of({3}));
       }},
      {"conv2d: " + window + "[7, 3], stride [1, 1], padding [0, 0]",
       [&] {
         conv2d(image, leaf_of({4, 3, 7, 3}));
       }},
      {"conv1d: need x [B, C, N] and weight [O, C, K]; got x [2, 3, 5, 6], weight [4, 3, 3]",
       [&] {
         conv1d(image, leaf_of({4, 3, 3}));
       }},
      {"max_pool2d: need x [B, C, H, W]; got x [5, 6]",
       [] {
         max_pool2d(leaf_of({5, 6}), 2);
       }},
      {"max_pool2d: need a padding of at most half the kernel; got kernel [2, 3], padding [1, 2]",
       [&] {
         max_pool2d(image, {2, 3}, {.padding = {1, 2}});
       }},
      {"avg_pool2d: " + window + "[9, 9], stride [9, 9], padding [0, 0]",
       [&] { avg_pool2d(image, 9); }},
  });
}

}  // namespace
}  // namespace babelgrad
