// Printing as PyTorch does.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {
namespace {

constexpr std::size_t kWhole = 1000;  // elements; of a larger array the ends of each axis are shown
constexpr std::size_t kEnd = 3;       // positions

// How to write every number of an array alike.
class Format {
 public:
  template <class T>
  explicit Format(const Array<T>& array) {
    double low = HUGE_VAL, high = 0;
    for (const T value : array) {
      const double v = std::abs(static_cast<double>(value));
      if (!std::isfinite(v)) continue;
      whole_ = whole_ && v == std::floor(v);
      if (v == 0) continue;
      low = std::min(low, v);
      high = std::max(high, v);
    }
    scientific_ = high > 0 && (high >= 1e8 || low < 1e-4 || (!whole_ && high / low > 1e3));
    for (const T value : array) width_ = std::max(width_, write(static_cast<double>(value)).size());
  }

  std::string operator()(double value) const {
    const std::string text = write(value);
    return std::string(width_ - std::min(width_, text.size()), ' ') + text;
  }

 private:
  std::string write(double value) const {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    char text[32];
    std::snprintf(text, sizeof text, scientific_ ? "%.4e" : whole_ ? "%.0f." : "%.4f", value);
    return text;
  }

  bool whole_ = true, scientific_ = false;
  std::size_t width_ = 0;
};

// The elements below an index, row by row; `indent` spaces stand before every line but the first.
template <class Element>
void print_axis(std::ostream& out, const Shape& shape, std::size_t axis, std::size_t position,
                std::size_t indent, const Element& element) {
  if (axis == shape.size()) {
    out << element(position);
    return;
  }
  const std::size_t n = shape[axis];
  const bool cut = element_count(shape) > kWhole && n > 2 * kEnd;
  const bool last = axis + 1 == shape.size();
  const std::string separator =
      last ? ", "
           : "," + std::string(shape.size() - axis - 1, '\n') + std::string(indent + axis + 1, ' ');
  out << "[";
  for (std::size_t i = 0; i < n; ++i) {
    if (i > 0) out << separator;
    if (cut && i == kEnd) {
      out << "...";
      i = n - kEnd - 1;
      continue;
    }
    print_axis(out, shape, axis + 1, position * n + i, indent, element);
  }
  out << "]";
}

template <class T>
void print(std::ostream& out, const char* name, const Array<T>& array) {
  if (!array.given()) {
    out << name << "(";
    return;
  }
  const std::string open = std::string(name) + "(";
  const Format format(array);
  out << open;
  print_axis(out, array.shape(), 0, 0, open.size(),
             [&](std::size_t i) { return format(static_cast<double>(array.data()[i])); });
}

}  // namespace

template <class T>
std::ostream& operator<<(std::ostream& out, const Array<T>& array) {
  print(out, "array", array);
  return out << ")";
}

template <class T>
std::ostream& operator<<(std::ostream& out, const Tensor<T>& tensor) {
  if (!tensor.defined()) return out << "tensor()";
  print(out, "tensor", tensor.value());
  if (!tensor.is_leaf()) out << ", grad_fn=<" << tensor.op() << ">";
  if (tensor.is_leaf() && tensor.requires_grad()) out << ", requires_grad=True";
  return out << ")";
}

std::ostream& operator<<(std::ostream& out, const Mask& mask) {
  if (!mask.given()) return out << "mask()";
  out << "mask(";
  print_axis(out, mask.shape(), 0, 0, 5,
             [&](std::size_t i) { return mask.data()[i] != 0 ? " True" : "False"; });
  return out << ")";
}

template std::ostream& operator<<(std::ostream&, const Array<float>&);
template std::ostream& operator<<(std::ostream&, const Array<double>&);
template std::ostream& operator<<(std::ostream&, const Array<std::int32_t>&);
template std::ostream& operator<<(std::ostream&, const Tensor<float>&);
template std::ostream& operator<<(std::ostream&, const Tensor<double>&);

}  // namespace babelgrad
