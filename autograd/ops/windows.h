// The positions of a kernel on an image: what convolutions and pooling have in common.
#pragma once

#include <algorithm>
#include <string>

#include "babelgrad/autograd/axes.h"

namespace babelgrad {

// Along one axis: window o begins at o * stride - padding.
struct AxisWindows {
  std::size_t size, kernel, stride, padding, count;

  // The windows first(k) <= o < last(k) have their k-th element on the image, at(o, k).
  std::size_t first(std::size_t k) const { return k >= padding ? 0 : reach(padding - k); }
  std::size_t last(std::size_t k) const {
    return k >= size + padding ? 0 : reach(size + padding - k);
  }
  std::size_t at(std::size_t o, std::size_t k) const { return o * stride + k - padding; }
  // The elements begin(o) <= i < end(o) of the image lie in window o.
  std::size_t begin(std::size_t o) const { return std::max(o * stride, padding) - padding; }
  std::size_t end(std::size_t o) const {
    return std::min(size, std::max(o * stride + kernel, padding) - padding);
  }

 private:
  std::size_t reach(std::size_t n) const { return std::min(count, (n + stride - 1) / stride); }
};

struct Windows {
  std::size_t channels;
  AxisWindows rows, cols;

  std::size_t taps() const { return channels * rows.kernel * cols.kernel; }
  std::size_t count() const { return rows.count * cols.count; }
  std::size_t image_size() const { return channels * rows.size * cols.size; }
  bool is_padded() const { return rows.padding + cols.padding > 0; }

  // Of images [C, H, W]; a ShapeError of `op` unless the kernel fits.
  Windows(const char* op, std::size_t planes, Size2d image, Size2d kernel, Size2d stride,
          Size2d padding);
};

std::string to_string(Size2d size);  // "[3, 2]"

// The windows of a channel that have one element of the kernel on the image: for r < rows and
// k < cols, element place + r * cols.count + k of a result [count] has there the image's element
// pixel + r * row_step + k * cols.stride. The columns of a convolution [taps, count] have such a
// result for each tap.
struct WindowBlock {
  std::size_t channel, tap, place, pixel, rows, cols, row_step;
};

// Calls f(block) for each element of the kernel in order, and each channel.
template <class F>
void for_each_block(const Windows& w, const F& f) {
  for (std::size_t y = 0; y < w.rows.kernel; ++y)
    for (std::size_t x = 0; x < w.cols.kernel; ++x) {
      const std::size_t top = w.rows.first(y), bottom = w.rows.last(y);
      const std::size_t left = w.cols.first(x), right = w.cols.last(x);
      if (top >= bottom || left >= right) continue;
      const std::size_t pixel = w.rows.at(top, y) * w.cols.size + w.cols.at(left, x);
      for (std::size_t c = 0; c < w.channels; ++c)
        f(WindowBlock{c, (c * w.rows.kernel + y) * w.cols.kernel + x, top * w.cols.count + left,
                      c * w.rows.size * w.cols.size + pixel, bottom - top, right - left,
                      w.rows.stride * w.cols.size});
    }
}

// f(pixel, element) for every element of a block, result [count] being that of its tap or channel.
template <class Pixel, class Element, class F>
void for_each_in_block(const Windows& w, const WindowBlock& b, Pixel* image, Element* result,
                       const F& f) {
  for (std::size_t r = 0; r < b.rows; ++r)
    for (std::size_t k = 0; k < b.cols; ++k)
      f(image[b.pixel + r * b.row_step + k * w.cols.stride],
        result[b.place + r * w.cols.count + k]);
}

}  // namespace babelgrad
