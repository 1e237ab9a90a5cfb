// The exact message of every plain op for every kind of bad input.
#include <doctest/doctest.h>

#include "tests/autograd/error_table.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

D x(const Shape& shape) { return random_leaf(shape, 1); }
IntArray mask(const Shape& shape) { return full<std::int32_t>(shape, 1); }

TEST_CASE("errors: arrays and elementwise ops") {
  check_messages({
      {"array_of: shape [2, 3] needs 6 values; got 2",
       [] {
         D({2, 3}, {1, 2});
       }},
      {"dim: need axis 2 < rank; got x [2, 3]",
       [] {
         x({2, 3}).dim(2);
       }},
      {"item: need one element; got x [2]", [] { x({2}).item(); }},
      {"add: need equal shapes, or one tensor of rank 0; got a [2, 3], b [3, 2]",
       [] {
         add(x({2, 3}), x({3, 2}));
       }},
      {"add: need equal shapes, or one tensor of rank 0; got a [2], b [1]",
       [] { x({2}) + x({1}); }},
      {"sub: need equal shapes, or one tensor of rank 0; got a [2, 3], b [3]",
       [] {
         sub(x({2, 3}), x({3}));
       }},
      {"mul: need equal shapes, or one tensor of rank 0; got a [4], b [5]",
       [] { mul(x({4}), x({5})); }},
      {"div: need equal shapes, or one tensor of rank 0; got a [1, 2], b [2, 1]",
       [] {
         div(x({1, 2}), x({2, 1}));
       }},
      {"clamp: need low <= high; got low 1.000000, high 0.500000", [] { clamp(x({2}), 1, 0.5); }},
      {"clamp: need low <= high; got low nan, high 0.500000",
       [] { clamp(x({2}), std::numeric_limits<double>::quiet_NaN(), 0.5); }},
      {"where: need equal shapes; got a [2], b [3]", [] { where(mask({2}), x({2}), x({3})); }},
      {"where: need a mask of x's shape; got x [2], mask [3]",
       [] { where(mask({3}), x({2}), x({2})); }},
      {"masked_fill: need a mask of x's shape; got x [2, 2], mask [2]",
       [] {
         masked_fill(x({2, 2}), mask({2}), 0);
       }},
      {"dropout: need a mask of x's shape or of its last axes; got x [2, 3], mask [2]",
       [] {
         dropout(x({2, 3}), full<double>({2}, 1));
       }},
      {"dropout: need a mask of x's shape or of its last axes; got x [3], mask [1, 3]",
       [] {
         dropout(x({3}), full<double>({1, 3}, 1));
       }},
  });
}

TEST_CASE("errors: products") {
  const Transposed ta{true, false}, tb{false, true}, both{true, true};
  check_messages({
      {"matmul: need a [M, K] and b [K, N]; got a [32, 64], b [128, 10]",
       [] {
         matmul(x({32, 64}), x({128, 10}));
       }},
      {"matmul: need a [M, K] and b [K, N]; got a [2], b [2, 2]",
       [] {
         matmul(x({2}), x({2, 2}));
       }},
      {"matmul: need a [M, K] and b [K, N]; got a [2, 2], b []",
       [] {
         matmul(x({2, 2}), x({}));
       }},
      {"matmul: need a [K, M] and b [K, N]; got a [2, 3], b [3, 2]",
       [=] {
         matmul(x({2, 3}), x({3, 2}), ta);
       }},
      {"matmul: need a [M, K] and b [N, K]; got a [2, 3], b [3, 2]",
       [=] {
         matmul(x({2, 3}), x({3, 2}), tb);
       }},
      {"matmul: need a [K, M] and b [N, K]; got a [2, 3], b [2, 3]",
       [=] {
         matmul(x({2, 3}), x({2, 3}), both);
       }},
      {"batched_matmul: need a [N, M, K] and b [N, K, P]; got a [2, 3, 4], b [3, 4, 5]",
       [] {
         batched_matmul(x({2, 3, 4}), x({3, 4, 5}));
       }},
      {"batched_matmul: need a [N, M, K] and b [N, K, P]; got a [3, 4], b [4, 5]",
       [] {
         batched_matmul(x({3, 4}), x({4, 5}));
       }},
      {"batched_matmul: need a [N, K, M] and b [N, K, P]; got a [1, 2, 3], b [1, 3, 2]",
       [=] {
         batched_matmul(x({1, 2, 3}), x({1, 3, 2}), ta);
       }},
      {"batched_matmul: need a [N, M, K] and b [N, P, K]; got a [1, 2, 3], b [1, 3, 2]",
       [=] {
         batched_matmul(x({1, 2, 3}), x({1, 3, 2}), tb);
       }},
      {"batched_matmul: need a [N, K, M] and b [N, P, K]; got a [1, 2, 3], b [1, 2, 3]",
       [=] {
         batched_matmul(x({1, 2, 3}), x({1, 2, 3}), both);
       }},
  });
}

TEST_CASE("errors: linear") {
  check_messages({
      {"linear: need x [..., K] and weight [N, K]; got x [2, 3], weight [3, 4]",
       [] {
         linear(x({2, 3}), x({3, 4}));
       }},
      {"linear: need x [..., K] and weight [N, K]; got x [], weight [3, 4]",
       [] {
         linear(x({}), x({3, 4}));
       }},
      {"linear: need x [..., K], weight [N, K] and bias [N]; got x [2, 4], weight [3, 4], bias [4]",
       [] {
         linear(x({2, 4}), x({3, 4}), x({4}));
       }},
  });
}

TEST_CASE("errors: shapes") {
  check_messages({
      {"reshape: need as many elements as x; got x [2, 3], shape [7]",
       [] {
         reshape(x({2, 3}), {7});
       }},
      {"transpose: need an order that names each axis once; got x [2, 3], order [0, 0]",
       [] {
         transpose(x({2, 3}), {0, 0});
       }},
      {"transpose: need an order that names each axis once; got x [2, 3], order [0]",
       [] {
         transpose(x({2, 3}), {0});
       }},
      {"transpose: need an order that names each axis once; got x [2, 3], order [0, 2]",
       [] {
         transpose(x({2, 3}), {0, 2});
       }},
      {"transpose: need an order that names each axis once; got x [2], order [0, 0]",
       [] {
         transpose(x({2}), {0, 0});
       }},
  });
}

TEST_CASE("errors: joining, slicing and broadcasting") {
  check_messages({
      {"concat: need at least one tensor; got none", [] { concat(std::vector<D>{}, 0); }},
      {"concat: need axis 2 < rank; got x [2, 3]",
       [] {
         concat<double>({x({2, 3})}, 2);
       }},
      {"concat: need equal shapes but for axis 1; got first [2, 3], other [3, 3]",
       [] {
         concat<double>({x({2, 3}), x({3, 3})}, 1);
       }},
      {"concat: need equal shapes but for axis 0; got first [2, 3], other [3]",
       [] {
         concat<double>({x({2, 3}), x({3})}, 0);
       }},
      {"stack: need at least one tensor; got none", [] { stack(std::vector<D>{}, 0); }},
      {"stack: need axis 3 <= rank; got first [2, 3]",
       [] {
         stack<double>({x({2, 3})}, 3);
       }},
      {"stack: need equal shapes; got first [2, 3], other [2, 1]",
       [] {
         stack<double>({x({2, 3}), x({2, 1})}, 0);
       }},
      {"slice: need axis 2 < rank; got x [2, 3]",
       [] {
         slice(x({2, 3}), 2, 0, 1);
       }},
      {"slice: need begin <= end <= the size of axis 1; got x [2, 3], begin, end [2, 4]",
       [] {
         slice(x({2, 3}), 1, 2, 4);
       }},
      {"slice: need begin <= end <= the size of axis 0; got x [2, 3], begin, end [2, 1]",
       [] {
         slice(x({2, 3}), 0, 2, 1);
       }},
      {"broadcast_to: need sizes equal to the target's or 1, from the last axis; got x [2, 3], "
       "target [2, 4]",
       [] {
         broadcast_to(x({2, 3}), {2, 4});
       }},
      {"broadcast_to: need sizes equal to the target's or 1, from the last axis; got x [2, 3], "
       "target [3]",
       [] {
         broadcast_to(x({2, 3}), {3});
       }},
      {"add_bias: need x [..., N] and bias [N]; got x [2, 3], bias [2]",
       [] {
         add_bias(x({2, 3}), x({2}));
       }},
      {"add_bias: need x [..., N] and bias [N]; got x [2, 3], bias [1, 3]",
       [] {
         add_bias(x({2, 3}), x({1, 3}));
       }},
      {"add_bias: need x [..., N] and bias [N]; got x [], bias [1]",
       [] { add_bias(x({}), x({1})); }},
  });
}

TEST_CASE("errors: reductions and indices") {
  check_messages({
      {"sum: need distinct axes < rank; got x [2, 3], axes [2]",
       [] {
         sum(x({2, 3}), {{2}});
       }},
      {"sum: need distinct axes < rank; got x [2, 3], axes [1, 1]",
       [] {
         sum(x({2, 3}), {{1, 1}});
       }},
      {"mean: need distinct axes < rank; got x [], axes [0]", [] { mean(x({}), {{0}}); }},
      {"mean: need at least one element to reduce; got x [2, 0]",
       [] {
         mean(x({2, 0}), {{1}});
       }},
      {"max: need distinct axes < rank; got x [2], axes [7]", [] { max(x({2}), {{7}}); }},
      {"max: need at least one element to reduce; got x [0]", [] { max(x({0})); }},
      {"logsumexp: need distinct axes < rank; got x [2], axes [1]",
       [] { logsumexp(x({2}), {{1}}); }},
      {"logsumexp: need at least one element to reduce; got x [0, 2]",
       [] {
         logsumexp(x({0, 2}), {{0}});
       }},
      {"gather_rows: need a table [V, E]; got table [4]", [] { gather_rows(x({4}), mask({1})); }},
      {"gather_rows: need indices in [0, 4); got 4 at position 2",
       [] {
         gather_rows(x({4, 2}), ints({3}, {0, 3, 4}));
       }},
      {"gather_rows: need indices in [0, 4); got -1 at position 0",
       [] {
         gather_rows(x({4, 2}), ints({1}, {-1}));
       }},
      {"pick: need x [..., N] and indices [...]; got x [2, 3], indices [3]",
       [] {
         pick(x({2, 3}), mask({3}));
       }},
      {"pick: need x [..., N] and indices [...]; got x [], indices []",
       [] { pick(x({}), mask({})); }},
      {"pick: need indices in [0, 3); got 3 at position 1",
       [] {
         pick(x({2, 3}), ints({2}, {2, 3}));
       }},
  });
}

}  // namespace
}  // namespace babelgrad
