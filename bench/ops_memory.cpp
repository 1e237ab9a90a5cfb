// bench/ops: the ops that are bound by memory (elementwise, shapes, reductions, rows), on few
// elements and on many, beside a plain copy that moves as many bytes.
#include <iterator>

#include "babelgrad/bench/ops_bench.h"

namespace babelgrad::bench {
namespace {

struct Extent {
  std::string name;
  std::size_t rows, cols;
  Shape shape() const { return {rows, cols}; }
  std::size_t size() const { return rows * cols; }
};

using Op = std::function<Tensor<float>(const Leaves&)>;

struct MemoryCase {
  std::string name;
  std::size_t inputs;        // leaves of the extent's shape
  double forward, backward;  // arrays of that shape which are read and written at least
  std::function<Op(const Extent&)> op;
};

// An op that is the same at every extent.
template <class F>
std::function<Op(const Extent&)> always(F op) {
  return [op](const Extent&) { return Op(op); };
}

// The same, given from() of the extent after the leaves.
template <class From, class F>
std::function<Op(const Extent&)> with(From from, F op) {
  return [from, op](const Extent& e) -> Op {
    return [op, given = from(e)](const Leaves& x) { return op(x, given); };
  };
}

// Indices below `limit` of the given shape.
IntArray indices(const Shape& shape, std::size_t limit) {
  IntArray ids = uninitialized<std::int32_t>(shape);
  for (std::size_t i = 0; i < ids.size(); ++i)
    ids.data()[i] = static_cast<std::int32_t>(i * 7919 % limit);
  return ids;
}

Mask checkerboard(const Extent& e) {
  Mask mask = full_mask(e.shape(), false);
  for (std::size_t i = 0; i < mask.size(); i += 2) mask.data()[i] = 1;
  return mask;
}

std::vector<MemoryCase> arithmetic_cases() {
  return {
      {"add", 2, 3, 3, always([](const Leaves& x) { return add(x[0], x[1]); })},
      {"sub", 2, 3, 3, always([](const Leaves& x) { return sub(x[0], x[1]); })},
      {"mul", 2, 3, 6, always([](const Leaves& x) { return mul(x[0], x[1]); })},
      {"div", 2, 3, 7, always([](const Leaves& x) { return div(x[0], x[1]); })},
      {"add_number", 1, 2, 2, always([](const Leaves& x) { return add(x[0], 2); })},
      {"mul_number", 1, 2, 2, always([](const Leaves& x) { return mul(x[0], 2); })},
      {"minimum", 2, 3, 8, always([](const Leaves& x) { return minimum(x[0], x[1]); })},
      {"maximum", 2, 3, 8, always([](const Leaves& x) { return maximum(x[0], x[1]); })},
      {"where", 2, 3.25, 4.5,
       with(checkerboard,
            [](const Leaves& x, const Mask& mask) { return where(mask, x[0], x[1]); })},
      {"masked_fill", 1, 2.25, 2.25,
       with(checkerboard,
            [](const Leaves& x, const Mask& mask) { return masked_fill(x[0], mask, 0); })},
  };
}

std::vector<MemoryCase> unary_cases() {
  return {
      {"neg", 1, 2, 2, always([](const Leaves& x) { return neg(x[0]); })},
      {"abs", 1, 2, 3, always([](const Leaves& x) { return abs(x[0]); })},
      {"square", 1, 2, 3, always([](const Leaves& x) { return square(x[0]); })},
      {"sqrt", 1, 2, 3, always([](const Leaves& x) { return sqrt(x[0]); })},
      {"reciprocal", 1, 2, 3, always([](const Leaves& x) { return reciprocal(x[0]); })},
      {"exp", 1, 2, 3, always([](const Leaves& x) { return exp(x[0]); })},
      {"expm1", 1, 2, 3, always([](const Leaves& x) { return expm1(x[0]); })},
      {"log", 1, 2, 3, always([](const Leaves& x) { return log(x[0]); })},
      {"log1p", 1, 2, 3, always([](const Leaves& x) { return log1p(x[0]); })},
      {"sin", 1, 2, 3, always([](const Leaves& x) { return sin(x[0]); })},
      {"cos", 1, 2, 3, always([](const Leaves& x) { return cos(x[0]); })},
      {"tanh", 1, 2, 3, always([](const Leaves& x) { return tanh(x[0]); })},
      {"sigmoid", 1, 2, 3, always([](const Leaves& x) { return sigmoid(x[0]); })},
      {"erf", 1, 2, 3, always([](const Leaves& x) { return erf(x[0]); })},
      {"relu", 1, 2, 3, always([](const Leaves& x) { return relu(x[0]); })},
      {"pow_2", 1, 2, 3, always([](const Leaves& x) { return pow(x[0], 2); })},
      {"pow_2.5", 1, 2, 3, always([](const Leaves& x) { return pow(x[0], 2.5f); })},
      {"clamp", 1, 2, 3, always([](const Leaves& x) { return clamp(x[0], -0.3f, 0.3f); })},
  };
}

std::vector<MemoryCase> activation_cases() {
  return {
      {"gelu", 1, 2, 3, always([](const Leaves& x) { return gelu(x[0]); })},
      {"gelu_tanh", 1, 2, 3, always([](const Leaves& x) { return gelu(x[0], Approximate::tanh); })},
      {"silu", 1, 2, 3, always([](const Leaves& x) { return silu(x[0]); })},
      {"softplus", 1, 2, 3, always([](const Leaves& x) { return softplus(x[0]); })},
      {"elu", 1, 2, 4, always([](const Leaves& x) { return elu(x[0]); })},
      {"leaky_relu", 1, 2, 3, always([](const Leaves& x) { return leaky_relu(x[0]); })},
  };
}

// Where the elements are shared, nothing is moved.
std::vector<MemoryCase> shape_cases() {
  const auto four_times = [](const Extent& e) { return Shape{4, e.rows, e.cols}; };
  return {
      {"identity", 1, 0, 2, always([](const Leaves& x) { return identity(x[0]); })},
      {"reshape", 1, 0, 2, always([](const Leaves& x) { return reshape(x[0], {-1}); })},
      {"permute", 1, 2, 2, always([](const Leaves& x) {
         return permute(x[0], {1, 0});
       })},
      {"flip", 1, 2, 2, always([](const Leaves& x) { return flip(x[0], 1); })},
      {"pad", 1, 2, 2, always([](const Leaves& x) {
         return pad(x[0], {1, 1});
       })},
      {"cat_rows", 2, 4, 4, always([](const Leaves& x) {
         return cat({x[0], x[1]}, 0);
       })},
      {"cat_columns", 2, 4, 4, always([](const Leaves& x) {
         return cat({x[0], x[1]}, 1);
       })},
      {"stack_first", 2, 4, 4, always([](const Leaves& x) {
         return stack({x[0], x[1]}, 0);
       })},
      {"stack_last", 2, 4, 4, always([](const Leaves& x) {
         return stack({x[0], x[1]}, 2);
       })},
      {"slice_rows", 1, 0, 1.5,
       with([](const Extent& e) { return e.rows / 4; },
            [](const Leaves& x, std::size_t n) { return slice(x[0], 0, n, 3 * n); })},
      {"slice_columns", 1, 1, 1.5,
       with([](const Extent& e) { return e.cols / 4; },
            [](const Leaves& x, std::size_t n) { return slice(x[0], 1, n, 3 * n); })},
      {"broadcast_first", 1, 5, 5,
       with(four_times, [](const Leaves& x, const Shape& s) { return broadcast_to(x[0], s); })},
      {"broadcast_last", 1, 5, 5,
       with(
           [](const Extent& e) {
             return Shape{e.rows, e.cols, 4};
           },
           [](const Leaves& x, const Shape& s) { return broadcast_to(unsqueeze(x[0], -1), s); })},
  };
}

std::vector<MemoryCase> index_cases() {
  const auto some_rows = [](const Extent& e) { return indices({e.rows / 2}, e.rows); };
  const auto all_rows = [](const Extent& e) { return indices({e.rows}, e.rows); };
  const auto one_a_row = [](const Extent& e) { return indices({e.rows, 1}, e.cols); };
  const auto everywhere = [](const Extent& e) { return indices(e.shape(), e.cols); };
  return {
      {"index_select", 1, 1, 1.5,
       with(some_rows,
            [](const Leaves& x, const IntArray& i) { return index_select(x[0], 0, i); })},
      {"index_add", 2, 3, 3,
       with(all_rows,
            [](const Leaves& x, const IntArray& i) { return index_add(x[0], 0, i, x[1]); })},
      {"gather_one", 1, 0, 1,
       with(one_a_row, [](const Leaves& x, const IntArray& i) { return gather(x[0], -1, i); })},
      {"gather", 1, 5, 3,  // the indices are kept for the backward
       with(everywhere, [](const Leaves& x, const IntArray& i) { return gather(x[0], -1, i); })},
      {"scatter_add", 2, 6, 4,
       with(everywhere,
            [](const Leaves& x, const IntArray& i) { return scatter_add(x[0], -1, i, x[1]); })},
  };
}

std::vector<MemoryCase> reduction_cases() {
  return {
      // The backward of an extreme makes a mask, and reads it twice.
      {"sum", 1, 1, 1, always([](const Leaves& x) { return sum(x[0]); })},
      {"sum_rows", 1, 1, 1, always([](const Leaves& x) { return sum(x[0], 1); })},
      {"sum_columns", 1, 1, 1, always([](const Leaves& x) { return sum(x[0], 0); })},
      {"sum_to_columns", 1, 1, 1,
       with([](const Extent& e) { return Shape{e.cols}; },
            [](const Leaves& x, const Shape& s) { return sum_to(x[0], s); })},
      {"mean", 1, 1, 1, always([](const Leaves& x) { return mean(x[0]); })},
      {"amax_rows", 1, 1, 2.75, always([](const Leaves& x) { return amax(x[0], 1); })},
      {"amax_columns", 1, 1, 2.75, always([](const Leaves& x) { return amax(x[0], 0); })},
      {"amin_rows", 1, 1, 2.75, always([](const Leaves& x) { return amin(x[0], 1); })},
      {"amin_columns", 1, 1, 2.75, always([](const Leaves& x) { return amin(x[0], 0); })},
      {"logsumexp_rows", 1, 1, 2, always([](const Leaves& x) { return logsumexp(x[0], 1); })},
      {"logsumexp_columns", 1, 1, 2, always([](const Leaves& x) { return logsumexp(x[0], 0); })},
  };
}

std::vector<MemoryCase> statistics_cases() {
  return {
      {"max", 1, 1, 2.75, always([](const Leaves& x) { return max(x[0]); })},
      {"min", 1, 1, 2.75, always([](const Leaves& x) { return min(x[0]); })},
      {"prod_of_8", 1, 1.125, 2, always([](const Leaves& x) {
         return prod(reshape(x[0], {-1, 8}), 1);
       })},
      {"var_rows", 1, 2, 2, always([](const Leaves& x) { return var(x[0], 1); })},
      {"stddev_columns", 1, 2, 2, always([](const Leaves& x) { return stddev(x[0], 0); })},
      {"norm", 1, 1, 2, always([](const Leaves& x) { return norm(x[0]); })},
      {"cumsum_rows", 1, 2, 2, always([](const Leaves& x) { return cumsum(x[0], 1); })},
      {"cumsum_columns", 1, 2, 2, always([](const Leaves& x) { return cumsum(x[0], 0); })},
      {"sort", 1, 2, 3, always([](const Leaves& x) { return sort(x[0], 1).values; })},
      {"topk", 1, 1, 1, always([](const Leaves& x) { return topk(x[0], 5).values; })},
      {"dot", 2, 2, 4, always([](const Leaves& x) { return dot(flatten(x[0]), flatten(x[1])); })},
      {"outer", 2, 1, 3,  // select's gradients are as large as its leaves
       always([](const Leaves& x) { return outer(select(x[0], 1, 0), select(x[1], 0, 0)); })},
  };
}

std::vector<MemoryCase> row_cases() {
  return {
      {"softmax", 1, 2, 3, always([](const Leaves& x) { return softmax(x[0], -1); })},
      {"softmax_masked", 1, 2.25, 3,
       with(checkerboard,
            [](const Leaves& x, const Mask& keep) { return softmax(x[0], -1, keep); })},
      {"log_softmax", 1, 2, 3, always([](const Leaves& x) { return log_softmax(x[0], -1); })},
      {"layer_norm", 1, 3, 3,
       with([](const Extent& e) { return Tensor<float>(values({e.cols}), kRequiresGrad); },
            [](const Leaves& x, const Tensor<float>& w) { return layer_norm(x[0], w, w); })},
      {"cross_entropy", 1, 2, 2,
       with([](const Extent& e) { return indices({e.rows}, e.cols); },
            [](const Leaves& x, const IntArray& i) { return cross_entropy(x[0], i); })},
  };
}

}  // namespace

void add_memory_cases() {
  for (const Extent& e : {Extent{"1k", 4, 256}, Extent{"1M", 4096, 256}, Extent{"16M", 65536, 256}})
    for (const auto& family : {arithmetic_cases, unary_cases, activation_cases, shape_cases,
                               index_cases, reduction_cases, statistics_cases, row_cases})
      for (const MemoryCase& c : family()) {
        const double bytes = sizeof(float) * static_cast<double>(e.size());
        OpCase one{c.name + "/" + e.name, std::vector<Shape>(c.inputs, e.shape()), c.op(e)};
        one.bytes = c.forward * bytes;
        one.bytes_backward = c.backward * bytes;
        add_case(one);
      }
}

}  // namespace babelgrad::bench
