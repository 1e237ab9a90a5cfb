#include "babelgrad/autograd/inspection/inspect.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace babelgrad {
namespace {

template <class... Numbers>
std::string format(const char* pattern, Numbers... numbers) {
  char text[160];
  std::snprintf(text, sizeof text, pattern, numbers...);
  return text;
}

// `numbers` gives the rest of a report's line.
template <class Function>
std::string table(const std::vector<TensorReport>& reports, const char* titles, Function numbers) {
  std::size_t name_width = 4, shape_width = 5;
  for (const TensorReport& report : reports) {
    name_width = std::max(name_width, report.name.size());
    shape_width = std::max(shape_width, to_string(report.shape).size());
  }
  const auto line = [&](const std::string& name, const std::string& shape,
                        const std::string& rest) {
    return name + std::string(name_width + 2 - name.size(), ' ') + shape +
           std::string(shape_width + 1 - shape.size(), ' ') + rest + "\n";
  };
  std::string text = line("name", "shape", titles);
  for (const TensorReport& report : reports)
    text += line(report.name, to_string(report.shape), numbers(report));
  return text;
}

const char* remark(const ArrayStatistics& s) { return s.finite ? "" : "  not finite"; }

}  // namespace

template <class T>
ArrayStatistics statistics(const Array<T>& array) {
  ArrayStatistics s;
  if (array.size() == 0) return s;
  double squares = 0, sizes = 0;
  std::size_t zero_count = 0;
  s.min = s.max = array.data()[0];
  for (std::size_t i = 0; i < array.size(); ++i) {
    const double v = array.data()[i];
    squares += v * v;
    sizes += std::abs(v);
    s.min = std::min(s.min, v);
    s.max = std::max(s.max, v);
    zero_count += v == 0;
    s.finite = s.finite && std::isfinite(v);
  }
  const auto count = static_cast<double>(array.size());
  s.norm = std::sqrt(squares);
  s.mean_size = sizes / count;
  s.max_size = std::max(std::abs(s.min), std::abs(s.max));
  s.zeros = static_cast<double>(zero_count) / count;
  return s;
}

double TensorReport::gradient_ratio() const {
  return gradient && gradient->norm != 0 ? gradient->norm / value.norm : 0;
}

template <class T>
std::vector<TensorReport> inspect(const std::vector<Tensor<T>>& tensors) {
  std::vector<TensorReport> reports;
  for (const Tensor<T>& tensor : tensors) {
    reports.push_back({tensor.name(), tensor.shape(), statistics(tensor.value()), {}});
    if (tensor.has_grad()) reports.back().gradient = statistics(tensor.grad());
  }
  return reports;
}

std::string value_table(const std::vector<TensorReport>& reports) {
  return table(reports, "      norm        min        max   zeros", [](const TensorReport& report) {
    const ArrayStatistics& s = report.value;
    return format("%10.3e %10.3e %10.3e %6.1f%%%s", s.norm, s.min, s.max, 100 * s.zeros, remark(s));
  });
}

std::string gradient_table(const std::vector<TensorReport>& reports) {
  std::vector<TensorReport> rows;
  for (const TensorReport& report : reports)
    if (report.gradient) rows.push_back(report);
  return table(rows, "     norm  mean abs   max abs   zeros  norm/weight",
               [](const TensorReport& report) {
                 const ArrayStatistics& s = *report.gradient;
                 return format("%9.3e %9.3e %9.3e %6.1f%% %12.3e%s", s.norm, s.mean_size,
                               s.max_size, 100 * s.zeros, report.gradient_ratio(), remark(s));
               });
}

template ArrayStatistics statistics(const Array<float>&);
template ArrayStatistics statistics(const Array<double>&);
template std::vector<TensorReport> inspect(const std::vector<Tensor<float>>&);
template std::vector<TensorReport> inspect(const std::vector<Tensor<double>>&);

}  // namespace babelgrad
