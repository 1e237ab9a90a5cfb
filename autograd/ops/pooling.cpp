// Pooling, composed of other ops.
#include <cmath>

#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/windows.h"

namespace babelgrad {
namespace {

// The windows of each channel by itself.
Windows pool_windows(const char* op, const Shape& x, Size2d kernel, const PoolOptions& options) {
  if (x.size() != 4) throw_shape_error(op, "need x [B, C, H, W]", {{"x", x}});
  const Size2d padding = options.padding;
  const Windows w(op, 1, {x[2], x[3]}, kernel, options.stride.value_or(kernel), padding);
  if (2 * padding.height > kernel.height || 2 * padding.width > kernel.width)
    throw ShapeError(std::string(op) + ": need a padding of at most half the kernel; got kernel " +
                     to_string(kernel) + ", padding " + to_string(padding));
  return w;
}

// Where in the image the largest element of window (y, x) is: the first of equals, or the last NaN.
template <class T>
std::size_t largest(const Windows& w, const T* image, std::size_t y, std::size_t x) {
  std::size_t best = w.rows.begin(y) * w.cols.size + w.cols.begin(x);
  for (std::size_t i = w.rows.begin(y); i < w.rows.end(y); ++i)
    for (std::size_t j = w.cols.begin(x); j < w.cols.end(x); ++j) {
      const std::size_t at = i * w.cols.size + j;
      if (image[at] > image[best] || std::isnan(image[at])) best = at;
    }
  return best;
}

}  // namespace

template <class T>
Tensor<T> max_pool2d(const Tensor<T>& x, Size2d kernel, const PoolOptions& options) {
  const Windows w = pool_windows("max_pool2d", x.shape(), kernel, options);
  IntArray chosen({x.dim(0), x.dim(1), w.count()});
  std::int32_t* out = chosen.data();
  for (std::size_t plane = 0; plane < x.dim(0) * x.dim(1); ++plane)
    for (std::size_t i = 0; i < w.rows.count; ++i)
      for (std::size_t j = 0; j < w.cols.count; ++j)
        *out++ =
            static_cast<std::int32_t>(largest(w, x.value().data() + plane * w.image_size(), i, j));
  return reshape(gather(flatten(x, 2), 2, chosen),
                 {x.dim(0), x.dim(1), w.rows.count, w.cols.count});
}

template <class T>
Tensor<T> avg_pool2d(const Tensor<T>& x, Size2d kernel, const PoolOptions& options) {
  const Windows w = pool_windows("avg_pool2d", x.shape(), kernel, options);
  const Tensor<T> planes = reshape(x, {x.dim(0) * x.dim(1), 1, x.dim(2), x.dim(3)});
  const Tensor<T> columns =
      unfold(planes, kernel, {options.stride.value_or(kernel), options.padding});
  return reshape(mean(columns, 1), {x.dim(0), x.dim(1), w.rows.count, w.cols.count});
}

#define BABELGRAD_INSTANTIATE(T)                                               \
  template Tensor<T> max_pool2d(const Tensor<T>&, Size2d, const PoolOptions&); \
  template Tensor<T> avg_pool2d(const Tensor<T>&, Size2d, const PoolOptions&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
