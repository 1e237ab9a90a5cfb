// The exact message of every plain op for every kind of bad input.
#include <doctest/doctest.h>

#include "tests/autograd/error_table.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

TEST_CASE("errors: arrays and elementwise ops") {
  check_messages({
      {"array: shape [2, 3] needs 6 values; got 2",
       [] {
         D({2, 3}, {1, 2});
       }},
      {"dim: need axis 2 in [-rank, rank); got x [2, 3]",
       [] {
         leaf_of({2, 3}).dim(2);
       }},
      {"item: need one element; got x [2]", [] { leaf_of({2}).item(); }},
      {"reshaped: need as many elements; got [2, 3] and [4]",
       [] {
         zeros<double>({2, 3}).reshaped({4});
       }},
      {"leading: need begin <= end <= the size of axis 0; got [2, 3] and 1, 3",
       [] {
         zeros<double>({2, 3}).leading(1, 3);
       }},
      {"array: need an index for each axis of [2, 3]; got 1",
       [] {
         zeros<double>({2, 3})(1);
       }},
      {"within_lengths: need lengths [B]; got lengths [1, 1]",
       [] {
         within_lengths(ints({1, 1}, {1}), 3);
       }},
      {"within_lengths: need lengths of 0 to 3 steps; got 4",
       [] {
         within_lengths(ints({2}, {3, 4}), 3);
       }},
      {"add: need equal shapes, axes of size 1 at equal rank, or one shape that ends the other; "
       "got a "
       "[2, 3], b [3, 2]",
       [] {
         add(leaf_of({2, 3}), leaf_of({3, 2}));
       }},
      {"sub: need equal shapes, axes of size 1 at equal rank, or one shape that ends the other; "
       "got a "
       "[2], b [2, 1]; if it is meant, say reshape(a, {1, 2})",
       [] {
         sub(leaf_of({2}), leaf_of({2, 1}));
       }},
      {"add: need equal shapes, axes of size 1 at equal rank, or one shape that ends the other; "
       "got a "
       "[2, 3], b [1]; if it is meant, say reshape(b, {1, 1})",
       [] {
         leaf_of({2, 3}) + leaf_of({1});
       }},
      {"mul: need equal shapes, axes of size 1 at equal rank, or one shape that ends the other; "
       "got a "
       "[4], b [5]",
       [] { mul(leaf_of({4}), leaf_of({5})); }},
      {"div: need equal shapes, axes of size 1 at equal rank, or one shape that ends the other; "
       "got a "
       "[3, 2], b [2, 1]",
       [] {
         div(leaf_of({3, 2}), leaf_of({2, 1}));
       }},
      {"clamp: need low <= high; got low 1.000000, high 0.500000",
       [] { clamp(leaf_of({2}), 1, 0.5); }},
      {"clamp: need low <= high; got low nan, high 0.500000",
       [] { clamp(leaf_of({2}), std::numeric_limits<double>::quiet_NaN(), 0.5); }},
      {"where: need equal shapes, axes of size 1 at equal rank, or one shape that ends the other; "
       "got "
       "a [2], b [3]",
       [] { where(whole_mask({2}), leaf_of({2}), leaf_of({3})); }},
      {"where: need equal shapes, axes of size 1 at equal rank, or one shape that ends the other; "
       "got "
       "a [2], b [3]",
       [] { where(whole_mask({3}), leaf_of({2}), leaf_of({2})); }},
      {"masked_fill: need a mask that broadcasts to x; got x [2, 2], fill_where [3]",
       [] {
         masked_fill(leaf_of({2, 2}), whole_mask({3}), 0);
       }},
  });
}

TEST_CASE("errors: products") {
  const Transposed ta{true, false}, tb{false, true}, both{true, true};
  check_messages({
      {"matmul: need a [..., M, K] and b [..., K, N]; got a [32, 64], b [128, 10]",
       [] {
         matmul(leaf_of({32, 64}), leaf_of({128, 10}));
       }},
      {"matmul: need a [K] and b [K] or [..., K, N]; got a [3], b [2, 2]",
       [] {
         matmul(leaf_of({3}), leaf_of({2, 2}));
       }},
      {"matmul: need a [..., M, K] and b [..., K, N]; got a [2, 2], b []",
       [] {
         matmul(leaf_of({2, 2}), leaf_of({}));
       }},
      {"matmul: need a [..., M, K] and b [K]; got a [2, 3], b [2]",
       [] {
         matmul(leaf_of({2, 3}), leaf_of({2}));
       }},
      {"matmul: need a [..., K, M] and b [..., K, N]; got a [2, 3], b [3, 2]",
       [=] {
         matmul(leaf_of({2, 3}), leaf_of({3, 2}), ta);
       }},
      {"matmul: need a [..., M, K] and b [..., N, K]; got a [2, 3], b [3, 2]",
       [=] {
         matmul(leaf_of({2, 3}), leaf_of({3, 2}), tb);
       }},
      {"matmul: need a [..., K, M] and b [..., N, K]; got a [2, 3], b [2, 3]",
       [=] {
         matmul(leaf_of({2, 3}), leaf_of({2, 3}), both);
       }},
      {"bmm: need a [N, M, K] and b [N, K, P]; got a [2, 3, 4], b [3, 4, 5]",
       [] {
         bmm(leaf_of({2, 3, 4}), leaf_of({3, 4, 5}));
       }},
      {"bmm: need a [N, M, K] and b [N, K, P]; got a [3, 4], b [4, 5]",
       [] {
         bmm(leaf_of({3, 4}), leaf_of({4, 5}));
       }},
      {"bmm: need a [N, M, K] and b [N, K, P]; got a [1, 2, 3], b [2, 3, 2]",
       [] {
         bmm(leaf_of({1, 2, 3}), leaf_of({2, 3, 2}));
       }},
      {"matmul, leading axes: need equal shapes, axes of size 1 at equal rank, or one shape that "
       "ends the other; got a [2], b [3]",
       [] {
         matmul(leaf_of({2, 2, 3}), leaf_of({3, 3, 2}));
       }},
  });
}

TEST_CASE("errors: linear") {
  check_messages({
      {"linear: need x [..., K] and weight [N, K]; got x [2, 3], weight [3, 4]",
       [] {
         linear(leaf_of({2, 3}), leaf_of({3, 4}));
       }},
      {"linear: need x [..., K] and weight [N, K]; got x [], weight [3, 4]",
       [] {
         linear(leaf_of({}), leaf_of({3, 4}));
       }},
      {"linear: need x [..., K], weight [N, K] and bias [N]; got x [2, 4], weight [3, 4], bias [4]",
       [] {
         linear(leaf_of({2, 4}), leaf_of({3, 4}), leaf_of({4}));
       }},
  });
}

TEST_CASE("errors: shapes") {
  check_messages({
      {"reshape: need as many elements as x, and at most one -1; got x [2, 3], shape [7]",
       [] {
         reshape(leaf_of({2, 3}), {7});
       }},
      {"reshape: need as many elements as x, and at most one -1; got x [2, 3], shape [-1, 4]",
       [] {
         reshape(leaf_of({2, 3}), {-1, 4});
       }},
      {"reshape: need as many elements as x, and at most one -1; got x [2, 3], shape [-1, -1]",
       [] {
         reshape(leaf_of({2, 3}), {-1, -1});
       }},
      {"reshape: need as many elements as x, and at most one -1; got x [2, 3], shape [-2, 3]",
       [] {
         reshape(leaf_of({2, 3}), {-2, 3});
       }},
      {"unsqueeze: need axis 4 in [-rank, rank); got x [2, 3, 1]",
       [] {
         unsqueeze(leaf_of({2, 3}), 4);
       }},
      {"squeeze: need size 1 along axis 0; got x [2, 3]",
       [] {
         squeeze(leaf_of({2, 3}), 0);
       }},
      {"flatten: need the first axis before the last; got x [2, 3]",
       [] {
         flatten(leaf_of({2, 3}), 1, 0);
       }},
      {"select: need an index within axis 0; got 2; got x [2, 3]",
       [] {
         leaf_of({2, 3})[2];
       }},
      {"element: need an index within each axis; got x [2, 3], index [1]",
       [] {
         leaf_of({2, 3})(1);
       }},
      {"split: need pieces of at least 1; got x [2]", [] { split(leaf_of({2}), 0, 0); }},
      {"chunk: need at least one piece; got x [2]", [] { chunk(leaf_of({2}), 0, 0); }},
      {"flip: need axis 1 in [-rank, rank); got x [2]", [] { flip(leaf_of({2}), 1); }},
      {"permute: need an order that names each axis once; got x [2, 3], order [0, 0]",
       [] {
         permute(leaf_of({2, 3}), {0, 0});
       }},
      {"permute: need an order that names each axis once; got x [2, 3], order [0]",
       [] {
         permute(leaf_of({2, 3}), {0});
       }},
      {"permute: need axis 2 in [-rank, rank); got x [2, 3]",
       [] {
         permute(leaf_of({2, 3}), {0, 2});
       }},
      {"permute: need an order that names each axis once; got x [2], order [0, 0]",
       [] {
         permute(leaf_of({2}), {0, 0});
       }},
  });
}

TEST_CASE("errors: joining, slicing and broadcasting") {
  check_messages({
      {"cat: need at least one tensor; got none", [] { cat(std::vector<D>{}, 0); }},
      {"cat: need axis 2 in [-rank, rank); got x [2, 3]",
       [] {
         cat({leaf_of({2, 3})}, 2);
       }},
      {"cat: need equal shapes but for axis 1; got first [2, 3], other [3, 3]",
       [] {
         cat({leaf_of({2, 3}), leaf_of({3, 3})}, 1);
       }},
      {"cat: need equal shapes but for axis 0; got first [2, 3], other [3]",
       [] {
         cat({leaf_of({2, 3}), leaf_of({3})}, 0);
       }},
      {"stack: need at least one tensor; got none", [] { stack(std::vector<D>{}, 0); }},
      {"unsqueeze: need axis 3 in [-rank, rank); got x [2, 3, 1]",
       [] {
         stack({leaf_of({2, 3})}, 3);
       }},
      {"stack: need equal shapes; got first [2, 3], other [2, 1]",
       [] {
         stack({leaf_of({2, 3}), leaf_of({2, 1})}, 0);
       }},
      {"slice: need axis 2 in [-rank, rank); got x [2, 3]",
       [] {
         slice(leaf_of({2, 3}), 2, 0, 1);
       }},
      {"slice: need begin <= end <= the size of axis 1 and a step of at least 1; got x [2, 3], "
       "begin "
       "2, end 4, step 1",
       [] {
         slice(leaf_of({2, 3}), 1, 2, 4);
       }},
      {"slice: need begin <= end <= the size of axis 0 and a step of at least 1; got x [2, 3], "
       "begin "
       "2, end 1, step 1",
       [] {
         slice(leaf_of({2, 3}), 0, 2, 1);
       }},
      {"broadcast_to: need sizes equal to the target's or 1, from the last axis; got x [2, 3], "
       "target [2, 4]",
       [] {
         broadcast_to(leaf_of({2, 3}), {2, 4});
       }},
      {"broadcast_to: need sizes equal to the target's or 1, from the last axis; got x [2, 3], "
       "target [3]",
       [] {
         broadcast_to(leaf_of({2, 3}), {3});
       }},
      {"sum_to: need a shape that broadcasts to x's; got x [2, 3], shape [2]",
       [] {
         sum_to(leaf_of({2, 3}), {2});
       }},
  });
}

TEST_CASE("errors: reductions and indices") {
  check_messages({
      {"sum: need axis 2 in [-rank, rank); got x [2, 3]",
       [] {
         sum(leaf_of({2, 3}), 2);
       }},
      {"sum: need distinct axes; got axis -1 twice; got x [2, 3]",
       [] {
         sum(leaf_of({2, 3}), {1, -1});
       }},
      {"mean: need axis 0 in [-rank, rank); got x []", [] { mean(leaf_of({}), 0); }},
      {"mean: need at least one element to reduce; got x [2, 0]",
       [] {
         mean(leaf_of({2, 0}), 1);
       }},
      {"amax: need axis 7 in [-rank, rank); got x [2]", [] { amax(leaf_of({2}), 7); }},
      {"amin: need at least one element to reduce; got x [0]", [] { amin(leaf_of({0})); }},
      {"logsumexp: need axis 1 in [-rank, rank); got x [2]", [] { logsumexp(leaf_of({2}), 1); }},
      {"logsumexp: need at least one element to reduce; got x [0, 2]",
       [] {
         logsumexp(leaf_of({0, 2}), 0);
       }},
      {"embedding: need a table [V, E]; got table [4]",
       [] { embedding(leaf_of({4}), ints({1}, {0})); }},
      {"embedding: need indices in [0, 4); got 4 at position 2",
       [] {
         embedding(leaf_of({4, 2}), ints({3}, {0, 3, 4}));
       }},
      {"embedding: need indices in [0, 4); got -1 at position 0",
       [] {
         embedding(leaf_of({4, 2}), ints({1}, {-1}));
       }},
      {"gather: need indices of x's shape but for axis 1; got x [2, 3], indices [3]",
       [] {
         gather(leaf_of({2, 3}), -1, ints({3}, {0, 0, 0}));
       }},
      {"gather: need axis 0 in [-rank, rank); got x []",
       [] { gather(leaf_of({}), 0, ints({}, {0})); }},
      {"gather: need indices in [0, 3); got 3 at position 1",
       [] {
         gather(leaf_of({2, 3}), 1, ints({2, 1}, {2, 3}));
       }},
      {"scatter_add: need a value an index; got indices [2, 1], values [2, 2]",
       [] {
         scatter_add(leaf_of({2, 3}), 1, ints({2, 1}, {2, 0}), leaf_of({2, 2}));
       }},
      {"index_select: need indices [N]; got x [2, 3], indices [1, 1]",
       [] {
         index_select(leaf_of({2, 3}), 0, ints({1, 1}, {0}));
       }},
      {"index_add: need values of x's shape but for the axis, one an index; got x [2, 3], indices "
       "[1], values [2, 3]",
       [] {
         index_add(leaf_of({2, 3}), 0, ints({1}, {0}), leaf_of({2, 3}));
       }},
  });
}

TEST_CASE("errors: statistics, order, and what is made") {
  check_messages({
      {"prod: need axis 2 in [-rank, rank); got x [2, 3]",
       [] {
         prod(leaf_of({2, 3}), 2);
       }},
      {"var: need more elements to reduce than the correction, 1; got x [2, 1]",
       [] {
         var(leaf_of({2, 1}), 1);
       }},
      {"stddev: need more elements to reduce than the correction, 0; got x [0]",
       [] { stddev(leaf_of({0}), {}, {.correction = 0}); }},
      {"norm: need p = 1 or 2; got 3.000000", [] { norm(leaf_of({2}), 3); }},
      {"norm: need distinct axes; got axis 0 twice; got x [2]",
       [] {
         norm(leaf_of({2}), 2, {0, 0});
       }},
      {"cumsum: need axis 1 in [-rank, rank); got x [2]", [] { cumsum(leaf_of({2}), 1); }},
      {"amax: need at least one element to reduce; got x [0]", [] { max(leaf_of({0})); }},
      {"argmax: need axis 1 in [-rank, rank); got x [2]", [] { argmax(leaf_of({2}), 1); }},
      {"argmin: need at least one element along axis 0; got x [0]", [] { argmin(leaf_of({0})); }},
      {"argsort: need axis 1 in [-rank, rank); got x [2]", [] { argsort(leaf_of({2}), 1); }},
      {"sort: need axis -1 in [-rank, rank); got x []", [] { sort(leaf_of({})); }},
      {"topk: need k of at most the size of axis 1; got 4; got x [2, 3]",
       [] {
         topk(leaf_of({2, 3}), 4);
       }},
      {"any: need axis 1 in [-rank, rank); got x [2]", [] { any(whole_mask({2}), 1); }},
      {"all: need axis 1 in [-rank, rank); got x [2]", [] { all(whole_mask({2}), 1); }},
      {"dot: need a [N] and b [N]; got a [2], b [3]", [] { dot(leaf_of({2}), leaf_of({3})); }},
      {"outer: need a [N] and b [M]; got a [2], b []", [] { outer(leaf_of({2}), leaf_of({})); }},
      {"pad: need {before, after}, from 0, of at most each axis, the last first; got x [2]",
       [] { pad(leaf_of({2}), {1}); }},
      {"pad: need {before, after}, from 0, of at most each axis, the last first; got x [2]",
       [] {
         pad(leaf_of({2}), {1, 1, 1, 1});
       }},
      {"pad: need {before, after}, from 0, of at most each axis, the last first; got x [2]",
       [] {
         pad(leaf_of({2}), {1, -1});
       }},
      {"slice: need at most one slice an axis; got 2; got x [2]",
       [] {
         slice(leaf_of({2}), {{0, 1}, {}});
       }},
      {"one_hot: need indices in [0, 2); got 2 at position 1",
       [] {
         one_hot<double>(ints({2}, {0, 2}), 2);
       }},
      {"arange: need a step that leads from begin to end; got begin 0.000000, end 1.000000, step "
       "-1.000000",
       [] { arange<double>(0, 1, -1); }},
      {"shape: need sizes of at least 0; got -1",
       [] {
         zeros<double>({2, -1});
       }},
      {"allclose: need a and b of one shape; got a [2], b [1]",
       [] { allclose(leaf_of({2}), leaf_of({1})); }},
  });
}

}  // namespace
}  // namespace babelgrad
