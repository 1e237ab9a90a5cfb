// The output layer and its loss in one op. The logits of a chunk of rows are made, turned into
// their own gradient in place, multiplied into the gradients of x and weight, and forgotten: three
// products, as for any linear layer, and never more than a chunk's logits in memory.
#include <algorithm>
#include <concepts>
#include <optional>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops/cross_entropy.h"
#include "babelgrad/autograd/products/outer_products.h"
#include "babelgrad/autograd/products/packed_matrix.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

constexpr std::size_t kChunkElements = std::size_t{5} << 20;        // 20 MiB of float logits
constexpr std::size_t kPackedChunkElements = std::size_t{1} << 18;  // 1 MiB: in the 2nd level cache

// Rows a chunk. In float32 few chunks of equal size: a product packs the weight, and is slow with
// few rows. In bfloat16 the weight is packed already.
template <class T>
std::size_t chunk_rows(std::size_t rows, std::size_t V) {
  if (rows == 0) return 1;
  if (std::same_as<T, float> && thread_modes().matmul == Precision::bfloat16) {
    constexpr std::size_t kAlignment = OuterProducts<T>::kRowAlignment;
    return std::max<std::size_t>(1, kPackedChunkElements / V / kAlignment) * kAlignment;
  }
  const std::size_t most = std::max<std::size_t>(1, kChunkElements / V);
  const std::size_t chunks = (rows + most - 1) / most;
  return (rows + chunks - 1) / chunks;
}

template <class T>
struct LossSaved {
  Array<T> dx, dweight, dbias;  // gradients of the loss with respect to the inputs
};

// The rows of x that count, one after the other.
template <class T>
Array<T> gather(const Array<T>& x, const std::vector<std::size_t>& rows, std::size_t width) {
  Array<T> packed = uninitialized<T>({rows.size(), width});
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(x.data() + rows[i] * width, width, packed.data() + i * width);
  return packed;
}

template <class T>
Array<T> scatter(const Array<T>& packed, const std::vector<std::size_t>& rows, const Shape& shape) {
  Array<T> x = zeros<T>(shape);
  const std::size_t width = shape.back();
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(packed.data() + i * width, width, x.data() + rows[i] * width);
  return x;
}

// target += factor * values, or = where the target is fresh.
template <class T>
void add_scaled(Vjp<T>& c, std::size_t i, Array<T>& values, T factor, bool may_consume) {
  if (!may_consume) {
    c.accumulate(i, values * factor);
    return;
  }
  if (factor != T(1)) kernels<T>().scale(values.size(), factor, values.data());
  c.accumulate(i, std::move(values));
}

}  // namespace

template <class T>
Tensor<T> linear_cross_entropy(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias,
                               const IntArray& targets, const CrossEntropyOptions& options) {
  const ProfileScope profile("linear_cross_entropy");
  const bool has_bias = bias.defined();
  const bool fits = x.rank() > 0 && weight.rank() == 2 && weight.dim(0) > 0 &&
                    x.shape().back() == weight.dim(1) &&
                    (!has_bias || bias.shape() == Shape{weight.dim(0)});
  if (!fits && has_bias)
    throw_shape_error("linear_cross_entropy",
                      "need x [..., K], weight [V, K] with V >= 1 and bias [V]",
                      {{"x", x.shape()}, {"weight", weight.shape()}, {"bias", bias.shape()}});
  if (!fits)
    throw_shape_error("linear_cross_entropy", "need x [..., K] and weight [V, K] with V >= 1",
                      {{"x", x.shape()}, {"weight", weight.shape()}});
  const std::size_t V = weight.dim(0), K = weight.dim(1);
  const CountedTargets counted =
      check_targets("linear_cross_entropy", x.shape(), V, targets, options);
  const std::size_t count = counted.rows.size();
  const bool needs_gradient = records_history({x, weight, bias});
  const T share = static_cast<T>(1 / counted.normalizer);
  const T smoothing = static_cast<T>(options.label_smoothing);
  const Array<T> packed = gather(x.value(), counted.rows, K);
  const T* w = weight.value().data();

  LossSaved<T> saved;
  Array<T> dx;
  if (needs_gradient) {
    dx = uninitialized<T>({count, K});
    saved.dweight = count == 0 ? zeros<T>({V, K}) : uninitialized<T>({V, K});
    saved.dbias = zeros<T>({V});
  }
  const PackedMatrix<T> outputs(Transpose::yes, K, V, w, K);
  std::optional<PackedMatrix<T>> inputs_of;  // for the gradient of x
  if (needs_gradient) inputs_of.emplace(Transpose::no, V, K, w, K);
  OuterProducts<T> weight_gradient(V, K, needs_gradient ? count : 0, saved.dweight.data(), K);
  const std::size_t chunk = chunk_rows<T>(count, V);
  Array<T> logits = uninitialized<T>({chunk, V});
  double loss = 0;
  for (std::size_t begin = 0; begin < count; begin += chunk) {
    const std::size_t rows = std::min(chunk, count - begin);
    const T* x_rows = packed.data() + begin * K;
    outputs.multiply(rows, x_rows, K, 0, logits.data(), V);
    for (std::size_t r = 0; r < rows; ++r)
      loss += kernels<T>().cross_entropy_row(
          V, logits.data() + r * V, has_bias ? bias.value().data() : nullptr,
          static_cast<std::size_t>(targets.data()[counted.rows[begin + r]]), smoothing,
          needs_gradient ? share : T(0));
    if (!needs_gradient) continue;
    inputs_of->multiply(rows, logits.data(), V, 0, dx.data() + begin * K, K);
    weight_gradient.add(rows, logits.data(), V, x_rows, K);
    kernels<T>().sum_rows(rows, V, logits.data(), V, saved.dbias.data());
  }
  if (needs_gradient) saved.dx = scatter(dx, counted.rows, x.shape());

  std::vector<Tensor<T>> inputs{x, weight};
  if (has_bias) inputs.push_back(bias);
  auto vjp = [has_bias, saved = std::move(saved)](Vjp<T>& c) mutable {
    const T factor = *c.grad.data();
    const bool last = c.last_visit();
    if (c.wants(0)) add_scaled(c, 0, saved.dx, factor, last);
    if (c.wants(1)) add_scaled(c, 1, saved.dweight, factor, last);
    if (has_bias && c.wants(2)) add_scaled(c, 2, saved.dbias, factor, last);
  };
  Definition<T> definition = [targets = targets, options](const std::vector<Tensor<T>>& in) {
    return cross_entropy(linear(in[0], in[1], in.size() > 2 ? in[2] : Tensor<T>()), targets,
                         options);
  };
  return record("linear_cross_entropy", std::move(inputs),
                scalar(static_cast<T>(loss / counted.normalizer)), std::move(vjp),
                std::move(definition));
}

#define BABELGRAD_INSTANTIATE(T)                                                                \
  template Tensor<T> linear_cross_entropy(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, \
                                          const IntArray&, const CrossEntropyOptions&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
