// Pooling: shortcuts for what other ops compose.
#include <limits>
#include <vector>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/windows.h"

namespace babelgrad {
namespace {

Windows pool_windows(const char* op, const Shape& x, Size2d kernel, const PoolOptions& options) {
  if (x.size() != 4) throw_shape_error(op, "need x [B, C, H, W]", {{"x", x}});
  const Size2d padding = options.padding;
  const Windows w(op, x[1], {x[2], x[3]}, kernel, options.stride.value_or(kernel), padding);
  if (2 * padding.height > kernel.height || 2 * padding.width > kernel.width)
    throw ShapeError(std::string(op) + ": need a padding of at most half the kernel; got kernel " +
                     to_string(kernel) + ", padding " + to_string(padding));
  return w;
}

// The largest element of each window, y [C, count], and where it is in its channel [H, W], chosen
// [C, count]: the first of equals, or the last NaN. A row of windows at a time, an element of the
// kernel after the other, so that the inner loop is long and has no branch. image [C, H, W]
template <class T>
void find_largest(const Windows& w, const T* image, T* y, std::int32_t* chosen) {
  struct Run {
    std::size_t first, last, at;  // of windows in a row that have an element on the image
  };
  std::vector<Run> runs;
  for (std::size_t k = 0; k < w.cols.kernel; ++k)
    if (const std::size_t first = w.cols.first(k), last = w.cols.last(k); first < last)
      runs.push_back({first, last, w.cols.at(first, k)});
  const std::size_t n = w.cols.count, width = w.cols.size, stride = w.cols.stride;
  std::vector<std::size_t> left(n);
  for (std::size_t k = 0; k < n; ++k) left[k] = w.cols.begin(k);
  std::fill_n(y, w.channels * w.count(), -std::numeric_limits<T>::infinity());
  for (std::size_t c = 0; c < w.channels; ++c, image += w.rows.size * width)
    for (std::size_t row = 0; row < w.rows.count; ++row, y += n, chosen += n) {
      const std::size_t top = w.rows.begin(row) * width;
      for (std::size_t k = 0; k < n; ++k) chosen[k] = static_cast<std::int32_t>(top + left[k]);
      for (std::size_t i = w.rows.begin(row); i < w.rows.end(row); ++i)
        for (const Run& run : runs) {
          std::size_t at = i * width + run.at;
          for (std::size_t k = run.first; k < run.last; ++k, at += stride) {
            const T v = image[at];
            const bool larger = (v > y[k]) | (v != v);
            y[k] = larger ? v : y[k];
            chosen[k] = larger ? static_cast<std::int32_t>(at) : chosen[k];
          }
        }
    }
}

// The definition of avg_pool2d.
template <class T>
Tensor<T> composed_avg_pool2d(const Tensor<T>& x, Size2d kernel, const PoolOptions& options) {
  const Windows w = pool_windows("avg_pool2d", x.shape(), kernel, options);
  const Tensor<T> planes = reshape(x, {x.dim(0) * x.dim(1), 1, x.dim(2), x.dim(3)});
  const Tensor<T> columns =
      unfold(planes, kernel, {options.stride.value_or(kernel), options.padding});
  return reshape(mean(columns, 1), {x.dim(0), x.dim(1), w.rows.count, w.cols.count});
}

}  // namespace

template <class T>
Tensor<T> max_pool2d(const Tensor<T>& x, Size2d kernel, const PoolOptions& options) {
  const ProfileScope profile("max_pool2d");
  const Windows w = pool_windows("max_pool2d", x.shape(), kernel, options);
  const Shape shape{x.dim(0), x.dim(1), w.rows.count, w.cols.count};
  Array<T> y = uninitialized<T>(shape);
  IntArray chosen = uninitialized<std::int32_t>({x.dim(0), x.dim(1), w.count()});
  for (std::size_t b = 0; b < x.dim(0); ++b)
    find_largest(w, x.value().data() + b * w.image_size(), y.data() + b * w.channels * w.count(),
                 chosen.data() + b * w.channels * w.count());
  auto vjp = [w, chosen = chosen.alias()](Vjp<T>& c) {
    const std::size_t count = w.count(), plane = w.rows.size * w.cols.size;
    T* dx = c.sum_buffer(0);
    const T* dy = c.grad.data();
    const std::int32_t* at = chosen.data();
    for (std::size_t p = 0; p < chosen.size() / count; ++p, dx += plane, dy += count, at += count)
      for (std::size_t i = 0; i < count; ++i) dx[at[i]] += dy[i];
  };
  return record(
      "max_pool2d", {x}, std::move(y), std::move(vjp),
      Definition<T>([chosen = std::move(chosen), shape](const std::vector<Tensor<T>>& in) {
        return reshape(gather(flatten(in[0], 2), 2, chosen), shape);
      }));
}

template <class T>
Tensor<T> avg_pool2d(const Tensor<T>& x, Size2d kernel, const PoolOptions& options) {
  const ProfileScope profile("avg_pool2d");
  const Windows w = pool_windows("avg_pool2d", x.shape(), kernel, options);
  const T share = T(1) / static_cast<T>(w.rows.kernel * w.cols.kernel);
  Array<T> y = uninitialized<T>({x.dim(0), x.dim(1), w.rows.count, w.cols.count});
  const std::size_t batch = x.dim(0), outputs = x.dim(1) * w.count();
  std::vector<double> sums(outputs);  // a window may be large
  for (std::size_t i = 0; i < batch; ++i) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for_each_block(w, [&](const WindowBlock& b) {
      for_each_in_block(w, b, x.value().data() + i * w.image_size(),
                        sums.data() + b.channel * w.count(),
                        [](T pixel, double& sum) { sum += static_cast<double>(pixel); });
    });
    for (std::size_t k = 0; k < outputs; ++k)
      y.data()[i * outputs + k] = static_cast<T>(sums[k]) * share;
  }
  auto vjp = [w, batch, outputs, share](Vjp<T>& c) {
    T* dx = c.sum_buffer(0);
    for (std::size_t i = 0; i < batch; ++i)
      for_each_block(w, [&](const WindowBlock& b) {
        for_each_in_block(w, b, dx + i * w.image_size(),
                          c.grad.data() + i * outputs + b.channel * w.count(),
                          [share](T& pixel, T g) { pixel += g * share; });
      });
  };
  return record("avg_pool2d", {x}, std::move(y), std::move(vjp),
                Definition<T>([kernel, options](const std::vector<Tensor<T>>& in) {
                  return composed_avg_pool2d(in[0], kernel, options);
                }));
}

#define BABELGRAD_INSTANTIATE(T)                                               \
  template Tensor<T> max_pool2d(const Tensor<T>&, Size2d, const PoolOptions&); \
  template Tensor<T> avg_pool2d(const Tensor<T>&, Size2d, const PoolOptions&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
