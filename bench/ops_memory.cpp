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
  std::size_t inputs;  // leaves of the extent's shape
  // Arrays of that shape which are read and written at least, the backward's with the two of the
  // copied cotangent (of its size).
  double forward, backward;
  std::function<Op(const Extent&)> op;
};

// An op that is the same at every extent.
template <class F>
std::function<Op(const Extent&)> always(F op) {
  return [op](const Extent&) { return Op(op); };
}

IntArray indices(std::size_t count, std::size_t limit) {
  IntArray ids = uninitialized<std::int32_t>({count});
  for (std::size_t i = 0; i < count; ++i)
    ids.data()[i] = static_cast<std::int32_t>(i * 7919 % limit);
  return ids;
}

IntArray checkerboard(const Shape& shape) {
  IntArray mask = uninitialized<std::int32_t>(shape);
  for (std::size_t i = 0; i < mask.size(); ++i) mask.data()[i] = i % 2 == 0;
  return mask;
}

std::vector<MemoryCase> elementwise_cases() {
  return {
      {"add", 2, 3, 5, always([](const Leaves& x) { return add(x[0], x[1]); })},
      {"sub", 2, 3, 5, always([](const Leaves& x) { return sub(x[0], x[1]); })},
      {"mul", 2, 3, 8, always([](const Leaves& x) { return mul(x[0], x[1]); })},
      {"div", 2, 3, 9, always([](const Leaves& x) { return div(x[0], x[1]); })},
      {"neg", 1, 2, 4, always([](const Leaves& x) { return neg(x[0]); })},
      {"scale", 1, 2, 4, always([](const Leaves& x) { return scale(x[0], 2); })},
      {"shift", 1, 2, 2, always([](const Leaves& x) { return shift(x[0], 2); })},
      {"exp", 1, 2, 5, always([](const Leaves& x) { return exp(x[0]); })},
      {"log", 1, 2, 5, always([](const Leaves& x) { return log(x[0]); })},
      {"sqrt", 1, 2, 5, always([](const Leaves& x) { return sqrt(x[0]); })},
      {"pow_2", 1, 2, 5, always([](const Leaves& x) { return pow(x[0], 2); })},
      {"pow_2.5", 1, 2, 5, always([](const Leaves& x) { return pow(x[0], 2.5f); })},
      {"abs", 1, 2, 5, always([](const Leaves& x) { return abs(x[0]); })},
      {"clamp", 1, 2, 5, always([](const Leaves& x) { return clamp(x[0], -0.3f, 0.3f); })},
      {"tanh", 1, 2, 5, always([](const Leaves& x) { return tanh(x[0]); })},
      {"sigmoid", 1, 2, 5, always([](const Leaves& x) { return sigmoid(x[0]); })},
      {"relu", 1, 2, 5, always([](const Leaves& x) { return relu(x[0]); })},
      {"where", 2, 5, 8,
       [](const Extent& e) -> Op {
         return
             [mask = checkerboard(e.shape())](const Leaves& x) { return where(mask, x[0], x[1]); };
       }},
      {"masked_fill", 1, 4, 5,
       [](const Extent& e) -> Op {
         return [mask = checkerboard(e.shape())](const Leaves& x) {
           return masked_fill(x[0], mask, 0);
         };
       }},
      {"dropout", 1, 5, 5,
       [](const Extent& e) -> Op {
         return [mask = values(e.shape())](const Leaves& x) { return dropout(x[0], mask); };
       }},
  };
}

std::vector<MemoryCase> shape_cases() {
  return {
      {"reshape", 1, 2, 2,
       [](const Extent& e) -> Op {
         return [shape = Shape{e.size()}](const Leaves& x) { return reshape(x[0], shape); };
       }},
      {"transpose", 1, 2, 4, always([](const Leaves& x) { return transpose(x[0]); })},
      {"concat_rows", 2, 4, 8, always([](const Leaves& x) {
         return concat<float>({x[0], x[1]}, 0);
       })},
      {"concat_columns", 2, 4, 8, always([](const Leaves& x) {
         return concat<float>({x[0], x[1]}, 1);
       })},
      {"stack_first", 2, 4, 8, always([](const Leaves& x) {
         return stack<float>({x[0], x[1]}, 0);
       })},
      {"stack_last", 2, 4, 8, always([](const Leaves& x) {
         return stack<float>({x[0], x[1]}, 2);
       })},
      {"slice_rows", 1, 1, 2.5,
       [](const Extent& e) -> Op {
         return [n = e.rows](const Leaves& x) { return slice(x[0], 0, n / 4, n / 4 * 3); };
       }},
      {"slice_columns", 1, 1, 2.5,
       [](const Extent& e) -> Op {
         return [n = e.cols](const Leaves& x) { return slice(x[0], 1, n / 4, n / 4 * 3); };
       }},
      {"broadcast_first", 1, 5, 13,
       [](const Extent& e) -> Op {
         return [shape = Shape{4, e.rows, e.cols}](const Leaves& x) {
           return broadcast_to(x[0], shape);
         };
       }},
      {"broadcast_last", 1, 5, 13,
       [](const Extent& e) -> Op {
         return [one = Shape{e.rows, e.cols, 1}, shape = Shape{e.rows, e.cols, 4}](
                    const Leaves& x) { return broadcast_to(reshape(x[0], one), shape); };
       }},
  };
}

std::vector<MemoryCase> row_cases() {
  return {
      {"sum", 1, 1, 1, always([](const Leaves& x) { return sum(x[0]); })},
      {"sum_rows", 1, 1, 1, always([](const Leaves& x) { return sum(x[0], {{1}}); })},
      {"sum_columns", 1, 1, 1, always([](const Leaves& x) { return sum(x[0], {{0}}); })},
      {"mean", 1, 1, 1, always([](const Leaves& x) { return mean(x[0]); })},
      {"max_rows", 1, 1, 2, always([](const Leaves& x) { return max(x[0], {{1}}); })},
      {"max_columns", 1, 1, 2, always([](const Leaves& x) { return max(x[0], {{0}}); })},
      {"logsumexp_rows", 1, 1, 2, always([](const Leaves& x) { return logsumexp(x[0], {{1}}); })},
      {"logsumexp_columns", 1, 1, 2,
       always([](const Leaves& x) { return logsumexp(x[0], {{0}}); })},
      {"pick", 1, 0, 1,
       [](const Extent& e) -> Op {
         return [i = indices(e.rows, e.cols)](const Leaves& x) { return pick(x[0], i); };
       }},
      {"softmax", 1, 2, 5, always([](const Leaves& x) { return softmax(x[0]); })},
      {"softmax_masked", 1, 3, 5,
       [](const Extent& e) -> Op {
         return [mask = checkerboard(e.shape())](const Leaves& x) { return softmax(x[0], mask); };
       }},
      {"log_softmax", 1, 2, 5, always([](const Leaves& x) { return log_softmax(x[0]); })},
      {"layer_norm", 1, 3, 5,
       [](const Extent& e) -> Op {
         const Tensor<float> gain(values({e.cols}), kRequiresGrad),
             bias(values({e.cols}), kRequiresGrad);
         return [gain, bias](const Leaves& x) { return layer_norm(x[0], gain, bias); };
       }},
      {"cross_entropy", 1, 2, 2,
       [](const Extent& e) -> Op {
         return [i = indices(e.rows, e.cols)](const Leaves& x) { return cross_entropy(x[0], i); };
       }},
  };
}

}  // namespace

void add_memory_cases() {
  for (const Extent& e : {Extent{"1k", 4, 256}, Extent{"1M", 4096, 256}})
    for (const auto& family : {elementwise_cases, shape_cases, row_cases})
      for (const MemoryCase& c : family()) {
        const double bytes = sizeof(float) * static_cast<double>(e.size());
        OpCase one{c.name + "/" + e.name, std::vector<Shape>(c.inputs, e.shape()), c.op(e)};
        one.bytes = c.forward * bytes;
        one.bytes_backward = c.backward * bytes;
        add_case(one);
      }
}

}  // namespace babelgrad::bench
