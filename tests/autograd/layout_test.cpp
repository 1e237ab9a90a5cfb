// Rearrangements of arrays against one loop over all indices, at sizes that fill whole vectors and
// tiles, and leave a rest.
#include <doctest/doctest.h>

#include "babelgrad/autograd/ops/layout.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using Order = std::vector<std::size_t>;

// The index of element i of a row-major array.
Shape index_of(std::size_t i, const Shape& shape) {
  Shape index = Shape::of_rank(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0; i /= shape[axis]) index[axis] = i % shape[axis];
  return index;
}

// The position of an index in an array of `shape`, whose axes of size 1 stand for any index.
std::size_t position(const Shape& index, const Shape& shape) {
  const std::size_t lead = index.size() - shape.size();
  std::size_t p = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    p = p * shape[axis] + (shape[axis] == 1 ? 0 : index[lead + axis]);
  return p;
}

TEST_CASE_TEMPLATE("layout: transpose_array moves every element to its place", T, float, double) {
  struct Case {
    Shape shape;
    Order order;
  };
  const std::vector<Case> cases{{{}, {}},
                                {{5}, {0}},
                                {{1, 1}, {1, 0}},
                                {{0, 3}, {1, 0}},
                                {{35, 18}, {1, 0}},
                                {{18, 131}, {1, 0}},
                                {{131, 70}, {1, 0}},
                                {{2, 200, 64}, {0, 2, 1}},
                                {{2, 1, 33}, {2, 1, 0}},
                                {{7, 5, 6}, {1, 0, 2}},
                                {{7, 20, 17}, {0, 2, 1}},
                                {{17, 5, 20}, {2, 0, 1}},
                                {{17, 5, 20}, {2, 1, 0}},
                                {{3, 4, 5, 6}, {2, 0, 3, 1}}};
  for (const Case& c : cases) {
    INFO(to_string(c.shape), " in order ", to_string(Shape(c.order.begin(), c.order.end())));
    const Array<T> x = random_array<T>(c.shape, 1);
    const Array<T> y = transpose_array(x, c.order);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const Shape to = index_of(i, y.shape());
      Shape from = to;
      for (std::size_t axis = 0; axis < to.size(); ++axis) from[c.order[axis]] = to[axis];
      CHECK(y.data()[i] == x.data()[position(from, x.shape())]);
    }
  }
}

TEST_CASE_TEMPLATE("layout: broadcast_array and sum_to_shape are each other's transposes", T, float,
                   double) {
  struct Case {
    Shape small, large;
  };
  const std::vector<Case> cases{{{}, {}},
                                {{}, {3, 50}},
                                {{1}, {40}},
                                {{40}, {40}},
                                {{0}, {3, 0}},
                                {{1, 3}, {0, 3}},
                                {{1, 37}, {70, 37}},
                                {{70, 1}, {70, 37}},
                                {{70, 1}, {70, 3}},
                                {{37}, {2, 5, 37}},
                                {{2, 1, 37}, {2, 5, 37}},
                                {{5, 1}, {2, 5, 37}},
                                {{1, 5, 1}, {2, 5, 37}},
                                {{3, 1, 4, 1}, {3, 2, 4, 20}},
                                {{1, 2, 1, 20}, {3, 2, 4, 20}}};
  for (const Case& c : cases) {
    INFO(to_string(c.small), " and ", to_string(c.large));
    const Array<T> small = random_array<T>(c.small, 1), large = random_array<T>(c.large, 2);
    const Array<T> repeated = broadcast_array(small, c.large);
    REQUIRE(repeated.shape() == c.large);
    Array<double> sums = zeros<double>(c.small);
    for (std::size_t i = 0; i < large.size(); ++i) {
      const std::size_t p = position(index_of(i, c.large), c.small);
      CHECK(repeated.data()[i] == small.data()[p]);
      sums.data()[p] += large.data()[i];
    }
    const double tolerance = 100 * std::numeric_limits<T>::epsilon();
    CHECK(max_difference(sum_to_shape(large, c.small), sums) < tolerance * magnitude(sums));
  }
}

TEST_CASE("layout: a float sum of a million terms keeps its digits, by rows and by columns") {
  const Array<float> x = random_array<float>({1 << 18, 4}, 3, 0.5, 1.5);
  Array<double> columns = zeros<double>({4});
  double total = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    columns.data()[i % 4] += x.data()[i];
    total += x.data()[i];
  }
  CHECK(std::abs(sum_to_shape(x, Shape{}).data()[0] / total - 1) < 1e-6);
  CHECK(max_difference(sum_to_shape(x, {4}), columns) < 5e-6 * magnitude(columns));
}

}  // namespace
}  // namespace babelgrad
