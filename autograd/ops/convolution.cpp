// Convolutions as matrix products: the windows of an image are unfolded into columns.
#include <algorithm>
#include <numeric>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/layout.h"
#include "babelgrad/autograd/ops/windows.h"
#include "babelgrad/autograd/products/gemm.h"

namespace babelgrad {

std::string to_string(Size2d size) {
  return "[" + std::to_string(size.height) + ", " + std::to_string(size.width) + "]";
}

Windows::Windows(const char* op, std::size_t planes, Size2d image, Size2d kernel, Size2d stride,
                 Size2d padding)
    : channels(planes) {
  const auto axis = [&](std::ptrdiff_t n, std::ptrdiff_t k, std::ptrdiff_t step, std::ptrdiff_t p) {
    if (n < 1 || p < 0 || k < 1 || step < 1 || k > n + 2 * p)
      throw ShapeError(std::string(op) +
                       ": need a kernel of at least 1 within the padded image, and a stride of at "
                       "least 1; got an image " +
                       to_string(image) + ", kernel " + to_string(kernel) + ", stride " +
                       to_string(stride) + ", padding " + to_string(padding));
    const auto size = [](std::ptrdiff_t number) { return static_cast<std::size_t>(number); };
    return AxisWindows{size(n), size(k), size(step), size(p), size((n + 2 * p - k) / step + 1)};
  };
  rows = axis(image.height, kernel.height, stride.height, padding.height);
  cols = axis(image.width, kernel.width, stride.width, padding.width);
}

namespace {

// Where padding lies the columns stay as they are.
template <class T>
void unfold_image(const Windows& w, const T* image, T* columns) {
  for_each_block(w, [&](const WindowBlock& b) {
    T* column = columns + b.tap * w.count();
    if (w.cols.stride == 1)
      copy_block(b.rows, b.cols, image + b.pixel, b.row_step, column + b.place, w.cols.count);
    else
      for_each_in_block(w, b, image, column, [](T pixel, T& element) { element = pixel; });
  });
}

// Adds to the image.
template <class T>
void fold_image(const Windows& w, const T* columns, T* image) {
  for_each_block(w, [&](const WindowBlock& b) {
    const T* column = columns + b.tap * w.count();
    if (w.cols.stride == 1)
      add_block(b.rows, b.cols, column + b.place, w.cols.count, image + b.pixel, b.row_step);
    else
      for_each_in_block(w, b, image, column, [](T& pixel, T element) { pixel += element; });
  });
}

Windows unfold_windows(const Shape& x, Size2d kernel, const ConvOptions& options) {
  if (x.size() != 4) throw_shape_error("unfold", "need x [B, C, H, W]", {{"x", x}});
  return {"unfold", x[1], {x[2], x[3]}, kernel, options.stride, options.padding};
}

Windows fold_windows(const Shape& columns, Size2d output, Size2d kernel,
                     const ConvOptions& options) {
  Windows w("fold", 1, output, kernel, options.stride, options.padding);
  if (columns.size() == 3 && columns[1] % w.taps() == 0 && columns[2] == w.count()) {
    w.channels = columns[1] / w.taps();
    return w;
  }
  throw_shape_error("fold",
                    "need columns [B, C * " + std::to_string(w.taps()) + ", " +
                        std::to_string(w.count()) + "] for an output " + to_string(output),
                    {{"columns", columns}});
}

}  // namespace

template <class T>
Array<T> unfold(const Array<T>& x, Size2d kernel, const ConvOptions& options) {
  const Windows w = unfold_windows(x.shape(), kernel, options);
  Array<T> columns = uninitialized<T>({x.shape()[0], w.taps(), w.count()});
  const std::size_t size = w.taps() * w.count();
  for (std::size_t b = 0; b < x.shape()[0]; ++b) {
    T* one = columns.data() + b * size;
    if (w.is_padded()) std::fill_n(one, size, T(0));
    unfold_image(w, x.data() + b * w.image_size(), one);
  }
  return columns;
}
template <class T>
Tensor<T> unfold(const Tensor<T>& x, Size2d kernel, const ConvOptions& options) {
  const ProfileScope profile("unfold");
  return record("unfold", {x}, unfold(x.value(), kernel, options), [kernel, options](auto& c) {
    c.accumulate(0, fold(c.grad, {c.shape(0)[2], c.shape(0)[3]}, kernel, options));
  });
}

template <class T>
Array<T> fold(const Array<T>& columns, Size2d output, Size2d kernel, const ConvOptions& options) {
  const Windows w = fold_windows(columns.shape(), output, kernel, options);
  const std::size_t batch = columns.shape()[0];
  Array<T> x = zeros<T>({batch, w.channels, w.rows.size, w.cols.size});
  for (std::size_t b = 0; b < batch; ++b)
    fold_image(w, columns.data() + b * w.taps() * w.count(), x.data() + b * w.image_size());
  return x;
}
template <class T>
Tensor<T> fold(const Tensor<T>& columns, Size2d output, Size2d kernel, const ConvOptions& options) {
  const ProfileScope profile("fold");
  return record("fold", {columns}, fold(columns.value(), output, kernel, options),
                [kernel, options](auto& c) { c.accumulate(0, unfold(c.grad, kernel, options)); });
}

namespace {

// The checked shapes of a convolution: images of B, filters of O.
struct Convolution {
  std::size_t batch, filters;
  Windows windows;

  Convolution(const Shape& x, const Shape& weight, const ConvOptions& options)
      : batch(x[0]),
        filters(weight[0]),
        windows("conv2d", x[1], {x[2], x[3]}, {weight[2], weight[3]}, options.stride,
                options.padding) {}
  Shape output() const { return {batch, filters, windows.rows.count, windows.cols.count}; }
  std::size_t output_size() const { return filters * windows.count(); }  // of one image
};

template <class T>
Array<T> columns_of_one(const Windows& w) {
  Array<T> columns = uninitialized<T>({w.taps(), w.count()});
  if (w.is_padded()) columns.fill(0);
  return columns;
}

// One image after the other, so that its columns stay in the cache. bias may be null.
template <class T>
Array<T> convolve(const Convolution& v, const T* x, const T* weight, const T* bias) {
  const Windows& w = v.windows;
  Array<T> y = uninitialized<T>(v.output()), columns = columns_of_one<T>(w);
  const std::size_t taps = w.taps(), count = w.count();
  T* out = y.data();
  for (std::size_t b = 0; b < v.batch; ++b, x += w.image_size(), out += v.output_size()) {
    unfold_image(w, x, columns.data());
    if (bias)
      for (std::size_t o = 0; o < v.filters; ++o) std::fill_n(out + o * count, count, bias[o]);
    gemm<T>(Transpose::no, Transpose::no, v.filters, count, taps, 1, weight, taps, columns.data(),
            count, bias ? T(1) : T(0), out, count);
  }
  return y;
}

template <class T>
void convolve_backward(const Convolution& v, Vjp<T>& c) {
  const Windows& w = v.windows;
  const std::size_t taps = w.taps(), count = w.count();
  T* dx = c.wants(0) ? c.sum_buffer(0) : nullptr;
  Array<T> columns = columns_of_one<T>(w), dcolumns = uninitialized<T>({taps, count});
  Array<T> dweight = zeros<T>({c.wants(1) ? taps : 0, v.filters});  // transposed
  const T *x = c.in(0).data(), *dy = c.grad.data();
  for (std::size_t b = 0; b < v.batch; ++b, dy += v.output_size()) {
    if (c.wants(1)) {  // columns dy^T, which is faster than its transpose
      unfold_image(w, x + b * w.image_size(), columns.data());
      gemm<T>(Transpose::no, Transpose::yes, taps, v.filters, count, 1, columns.data(), count, dy,
              count, 1, dweight.data(), v.filters);
    }
    if (dx) {  // dcolumns = weight^T dy
      gemm<T>(Transpose::yes, Transpose::no, taps, count, v.filters, 1, c.in(1).data(), taps, dy,
              count, 0, dcolumns.data(), count);
      fold_image(w, dcolumns.data(), dx + b * w.image_size());
    }
  }
  if (c.wants(1)) c.accumulate(1, permute(dweight, {1, 0}).reshaped(c.shape(1)));
  if (c.inputs() > 2 && c.wants(2)) c.accumulate(2, sum(c.grad, {0, 2, 3}));
}

// The definition of conv2d.
template <class T>
Tensor<T> composed_conv2d(const std::vector<Tensor<T>>& in, const ConvOptions& options) {
  const Convolution v(in[0].shape(), in[1].shape(), options);
  const Tensor<T> columns = unfold(in[0], {in[1].dim(2), in[1].dim(3)}, options);
  const Tensor<T> y = matmul(reshape(in[1], {v.filters, v.windows.taps()}), columns);
  return reshape(in.size() > 2 ? y + reshape(in[2], {1, v.filters, 1}) : y, v.output());
}

}  // namespace

template <class T>
Tensor<T> conv2d(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias,
                 const ConvOptions& options) {
  const ProfileScope profile("conv2d");
  const bool has_bias = bias.defined();
  const bool fits = x.rank() == 4 && weight.rank() == 4 && x.dim(1) == weight.dim(1) &&
                    (!has_bias || bias.shape() == Shape{weight.dim(0)});
  if (!fits && has_bias)
    throw_shape_error("conv2d", "need x [B, C, H, W], weight [O, C, KH, KW] and bias [O]",
                      {{"x", x.shape()}, {"weight", weight.shape()}, {"bias", bias.shape()}});
  if (!fits)
    throw_shape_error("conv2d", "need x [B, C, H, W] and weight [O, C, KH, KW]",
                      {{"x", x.shape()}, {"weight", weight.shape()}});
  const Convolution v(x.shape(), weight.shape(), options);
  Array<T> y = convolve(v, x.value().data(), weight.value().data(),
                        has_bias ? bias.value().data() : nullptr);
  std::vector<Tensor<T>> inputs{x, weight};
  if (has_bias) inputs.push_back(bias);
  const auto vjp = [v](Vjp<T>& c) { convolve_backward(v, c); };
  return record("conv2d", std::move(inputs), std::move(y), vjp,
                Definition<T>([options](const std::vector<Tensor<T>>& in) {
                  return composed_conv2d(in, options);
                }));
}

template <class T>
Tensor<T> conv1d(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias,
                 const Conv1dOptions& options) {
  if (x.rank() != 3 || weight.rank() != 3)
    throw_shape_error("conv1d", "need x [B, C, N] and weight [O, C, K]",
                      {{"x", x.shape()}, {"weight", weight.shape()}});
  return squeeze(conv2d(unsqueeze(x, 2), unsqueeze(weight, 2), bias,
                        {.stride = {1, options.stride}, .padding = {0, options.padding}}),
                 2);
}

#define BABELGRAD_INSTANTIATE_VALUE(V)                     \
  template V unfold(const V&, Size2d, const ConvOptions&); \
  template V fold(const V&, Size2d, Size2d, const ConvOptions&);
#define BABELGRAD_INSTANTIATE(T)                                                  \
  BABELGRAD_INSTANTIATE_VALUE(Array<T>)                                           \
  BABELGRAD_INSTANTIATE_VALUE(Tensor<T>)                                          \
  template Tensor<T> conv2d(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, \
                            const ConvOptions&);                                  \
  template Tensor<T> conv1d(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, \
                            const Conv1dOptions&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE
#undef BABELGRAD_INSTANTIATE_VALUE

}  // namespace babelgrad
