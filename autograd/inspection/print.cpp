// Printing as PyTorch does (torch/_tensor_str.py, default options).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {
namespace {

constexpr std::size_t kWhole = 1000;    // elements; of a larger array the ends of each axis
constexpr std::size_t kEnd = 3;         // positions
constexpr std::size_t kLineWidth = 80;  // characters
constexpr double kLargestRatio = 1000;  // of two numbers written without an exponent

// Of the elements that are shown, in order: their positions in the array.
void shown_positions(const Shape& shape, std::size_t axis, std::size_t position,
                     std::vector<std::size_t>& positions) {
  if (axis == shape.size()) {
    positions.push_back(position);
    return;
  }
  const std::size_t n = shape[axis];
  const bool cut = element_count(shape) > kWhole && n > 2 * kEnd;
  for (std::size_t i = 0; i < n; ++i) {
    if (cut && i == kEnd) i = n - kEnd;
    shown_positions(shape, axis + 1, position * n + i, positions);
  }
}

// How to write every number of an array alike.
class Format {
 public:
  Format(const std::vector<double>& values, bool integers) : integers_(integers) {
    double low = HUGE_VAL, high = 0;
    std::vector<double> measured;  // what the width follows
    for (const double value : values) {
      if (!integers && (!std::isfinite(value) || value == 0)) continue;
      measured.push_back(value);
      low = std::min(low, std::abs(value));
      high = std::max(high, std::abs(value));
      whole_ = whole_ && value == std::floor(value);
    }
    scientific_ = !integers && !measured.empty() &&
                  (high / low > kLargestRatio || high > 1e8 || (!whole_ && low < 1e-4));
    for (const double value : measured) width_ = std::max(width_, write(value).size());
  }

  std::size_t width() const { return width_; }
  std::string operator()(double value) const {
    const std::string text = write(value);
    return std::string(width_ - std::min(width_, text.size()), ' ') + text;
  }

 private:
  std::string write(double value) const {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    char text[64];
    const char* format = integers_ ? "%.0f" : scientific_ ? "%.4e" : whole_ ? "%.0f." : "%.4f";
    std::snprintf(text, sizeof text, format, value);
    return text;
  }

  bool integers_, whole_ = true, scientific_ = false;
  std::size_t width_ = 1;
};

// The elements of the last axis, in lines of at most kLineWidth.
std::string row_text(const std::vector<std::string>& items, std::size_t indent, std::size_t width) {
  const std::size_t room = kLineWidth > indent ? kLineWidth - indent : 0;
  const std::size_t a_line = std::max<std::size_t>(1, room / (width + 2));
  std::string text = "[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i % a_line == 0 ? ",\n" + std::string(indent + 1, ' ') : ", ";
    text += items[i];
  }
  return text + "]";
}

// The elements below an axis; `next` gives them one after the other. `indent` spaces stand before
// every line but the first.
template <class Next>
std::string axis_text(const Shape& shape, std::size_t axis, std::size_t indent, std::size_t width,
                      const Next& next) {
  if (shape.empty()) return next();
  const bool last = axis + 1 == shape.size();
  const std::size_t n = shape[axis];
  const bool cut = element_count(shape) > kWhole && n > 2 * kEnd;
  std::vector<std::string> items;
  for (std::size_t i = 0; i < n; ++i) {
    if (cut && i == kEnd) {
      items.push_back(last ? " ..." : "...");
      i = n - kEnd;
    }
    items.push_back(last ? next() : axis_text(shape, axis + 1, indent + 1, width, next));
  }
  if (last) return row_text(items, indent, width);
  std::string text = "[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0)
      text += "," + std::string(shape.size() - axis - 1, '\n') + std::string(indent + 1, ' ');
    text += items[i];
  }
  return text + "]";
}

// NAME(elements, suffix): write(position) is the text of an element.
template <class Write>
void print(std::ostream& out, const std::string& name, const Shape& shape,
           const std::vector<std::size_t>& positions, std::size_t width, const Write& write,
           std::string suffix = "") {
  const std::size_t indent = name.size() + 1;
  std::size_t i = 0;
  std::string text = name + "(";
  if (element_count(shape) == 0) {
    text += "[]";
    if (shape.size() != 1)
      suffix = "size=" + to_string(shape) + (suffix.empty() ? "" : ", ") + suffix;
  } else {
    text += axis_text(shape, 0, indent, width, [&] { return write(positions[i++]); });
  }
  if (!suffix.empty()) {
    const std::size_t line =
        text.find('\n') == std::string::npos ? text.size() + 2 : text.size() - text.rfind('\n') + 1;
    text += line + suffix.size() + 2 > kLineWidth ? ",\n" + std::string(indent, ' ') : ", ";
  }
  out << text << suffix << ")";
}

template <class T>
void print(std::ostream& out, const char* name, const Array<T>& array,
           const std::string& suffix = "") {
  if (!array.given()) {
    out << name << "()";
    return;
  }
  std::vector<std::size_t> positions;
  shown_positions(array.shape(), 0, 0, positions);
  std::vector<double> values;
  for (const std::size_t i : positions) values.push_back(static_cast<double>(array.data()[i]));
  const Format format(values, std::is_integral_v<T>);
  print(
      out, name, array.shape(), positions, format.width(),
      [&](std::size_t i) { return format(static_cast<double>(array.data()[i])); }, suffix);
}

}  // namespace

template <class T>
std::ostream& operator<<(std::ostream& out, const Array<T>& array) {
  print(out, "array", array);
  return out;
}

template <class T>
std::ostream& operator<<(std::ostream& out, const Tensor<T>& tensor) {
  if (!tensor.defined()) return out << "tensor()";
  std::string suffix;
  if (!tensor.is_leaf())
    suffix = std::string("grad_fn=<") + tensor.op() + ">";
  else if (tensor.requires_grad())
    suffix = "requires_grad=True";
  print(out, "tensor", tensor.value(), suffix);
  return out;
}

std::ostream& operator<<(std::ostream& out, const Mask& mask) {
  if (!mask.given()) return out << "mask()";
  std::vector<std::size_t> positions;
  shown_positions(mask.shape(), 0, 0, positions);
  print(out, "mask", mask.shape(), positions, 5,
        [&](std::size_t i) { return std::string(mask.data()[i] != 0 ? " True" : "False"); });
  return out;
}

template std::ostream& operator<<(std::ostream&, const Array<float>&);
template std::ostream& operator<<(std::ostream&, const Array<double>&);
template std::ostream& operator<<(std::ostream&, const Array<std::int32_t>&);
template std::ostream& operator<<(std::ostream&, const Tensor<float>&);
template std::ostream& operator<<(std::ostream&, const Tensor<double>&);

}  // namespace babelgrad
