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

// Calls f(i, j, n) for runs of n elements: i, i + 1 ... of the columns [taps, count] are j,
// j + stride ... of the image.
template <class F>
void for_each_run(const Windows& w, const F& f) {
  std::size_t tap = 0;
  for (std::size_t c = 0; c < w.channels; ++c)
    for (std::size_t y = 0; y < w.rows.kernel; ++y)
      for (std::size_t x = 0; x < w.cols.kernel; ++x, ++tap) {
        const std::size_t first = w.cols.first(x), last = w.cols.last(x);
        if (first >= last) continue;
        for (std::size_t o = w.rows.first(y); o < w.rows.last(y); ++o)
          f((tap * w.rows.count + o) * w.cols.count + first,
            (c * w.rows.size + w.rows.at(o, y)) * w.cols.size + w.cols.at(first, x), last - first);
      }
}

}  // namespace babelgrad
