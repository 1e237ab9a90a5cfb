// The output layer and its loss in one op. The logits of a chunk of rows are made, turned into
// their own gradient, multiplied into the gradients of x and weight, and forgotten: three products,
// as for any linear layer, and never more than a chunk's logits in memory. In bfloat16 that is done
// a block of outputs at a time, twice: to the exponentials, and when their sums are known to the
// gradients, which stay in the cache with all that is made of them.
#include <algorithm>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops/cross_entropy.h"
#include "babelgrad/autograd/products/output_products.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

constexpr std::size_t kChunkElements = std::size_t{5} << 20;  // 20 MiB of float logits
constexpr std::size_t kMostRows = std::size_t{1} << 14;

// Rows a chunk: chunks of equal size, since a product of few rows is slow. In bfloat16 a third of
// that, to make up for the packed weights.
template <class T>
std::size_t chunk_rows(std::size_t rows, std::size_t V) {
  if (rows == 0) return 1;
  const std::size_t most = std::clamp<std::size_t>(kChunkElements / V, 1, kMostRows);
  const std::size_t chunks = (rows + most - 1) / most, chunk = (rows + chunks - 1) / chunks;
  if (!OutputProducts<T>::in_blocks()) return chunk;
  constexpr std::size_t kUnit = OutputProducts<T>::kAlignment;
  return (chunk + 3 * kUnit - 1) / (3 * kUnit) * kUnit;
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
  const std::size_t chunk = chunk_rows<T>(count, V);
  OutputProducts<T> products(V, K, w, chunk, needs_gradient);
  const std::size_t block = products.block();
  Array<T> logits = uninitialized<T>({chunk, V});
  // Their gradient takes the place of the logits, or if there are several blocks one in the cache.
  Array<T> gradient = uninitialized<T>({block < V && needs_gradient ? chunk : 0, block});
  const std::size_t blocks = (V + block - 1) / block;
  std::vector<typename CrossEntropyRow<T>::Block> room(chunk * blocks);
  std::vector<CrossEntropyRow<T>> losses;
  for (std::size_t r = 0; r < chunk; ++r) losses.emplace_back(V, smoothing, &room[r * blocks]);
  double loss = 0;
  for (std::size_t begin = 0; begin < count; begin += chunk) {
    const std::size_t rows = std::min(chunk, count - begin);
    products.start(rows, packed.data() + begin * K);
    for (std::size_t r = 0; r < rows; ++r)
      losses[r].start(static_cast<std::size_t>(targets.data()[counted.rows[begin + r]]));
    for (std::size_t v = 0; v < V; v += block) {
      products.forward(v, logits.data() + v, V);
      for (std::size_t r = 0; r < rows; ++r)
        losses[r].add(std::min(block, V - v), logits.data() + r * V + v,
                      has_bias ? bias.value().data() + v : nullptr, needs_gradient);
    }
    for (std::size_t r = 0; r < rows; ++r) loss += losses[r].loss();
    for (std::size_t v = 0; needs_gradient && v < V; v += block) {
      T* exponentials = logits.data() + v;
      T* dy = block < V ? gradient.data() : exponentials;
      const std::size_t ld = block < V ? block : V;
      for (std::size_t r = 0; r < rows; ++r)
        losses[r].gradient(v / block, share, exponentials + r * V, dy + r * ld);
      products.backward(v, dy, ld, dx.data() + begin * K, saved.dweight.data());
      kernels<T>().sum_rows(rows, std::min(block, V - v), dy, ld, saved.dbias.data() + v);
    }
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
