#include "babelgrad/apps/gradient_page.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "babelgrad/apps/web/pages.h"
#include "babelgrad/autograd/inspection/inspect.h"

namespace babelgrad::apps {
namespace {

constexpr double kLowestDecade = -12, kHighestDecade = 3;
constexpr std::size_t kBinsPerDecade = 2;
constexpr std::size_t kMapRows = 48, kMapColumns = 96;

// To four significant digits, which is what the page can show.
double rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return std::strtod(text, nullptr);
}

std::vector<std::size_t> histogram(const Array<float>& gradient) {
  constexpr auto kBins = static_cast<std::size_t>(kHighestDecade - kLowestDecade) * kBinsPerDecade;
  std::vector<std::size_t> counts(kBins, 0);
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double size = std::abs(static_cast<double>(gradient.data()[i]));
    if (size == 0 || !std::isfinite(size)) continue;
    const double bin = (std::log10(size) - kLowestDecade) * kBinsPerDecade;
    ++counts[static_cast<std::size_t>(std::clamp(bin, 0.0, kBins - 1.0))];
  }
  return counts;
}

// The gradient as a matrix, the first axis down, cut into blocks.
std::vector<std::vector<double>> block_map(const Array<float>& gradient) {
  const auto& shape = gradient.shape();
  const std::size_t rows = shape.size() < 2 ? 1 : shape[0];
  const std::size_t columns = rows == 0 ? 0 : gradient.size() / rows;
  const std::size_t map_rows = std::min(rows, kMapRows);
  const std::size_t map_columns = std::min(columns, kMapColumns);
  std::vector<std::vector<double>> map(map_rows, std::vector<double>(map_columns));
  for (std::size_t y = 0; y < map_rows; ++y)
    for (std::size_t x = 0; x < map_columns; ++x) {
      const std::size_t top = y * rows / map_rows, bottom = (y + 1) * rows / map_rows;
      const std::size_t left = x * columns / map_columns, right = (x + 1) * columns / map_columns;
      double squares = 0;
      for (std::size_t row = top; row < bottom; ++row)
        for (std::size_t column = left; column < right; ++column)
          squares += std::pow(gradient.data()[row * columns + column], 2);
      map[y][x] =
          rounded(std::sqrt(squares / static_cast<double>((bottom - top) * (right - left))));
    }
  return map;
}

nlohmann::json parameter_document(const TensorReport& report, const Array<float>& gradient) {
  return {{"name", report.name},
          {"shape", std::vector<std::size_t>(report.shape.begin(), report.shape.end())},
          {"weight_norm", rounded(report.value.norm)},
          {"norm", rounded(report.gradient->norm)},
          {"mean", rounded(report.gradient->mean_size)},
          {"largest", rounded(report.gradient->max_size)},
          {"zeros", rounded(report.gradient->zeros)},
          {"ratio", rounded(report.gradient_ratio())},
          {"histogram", histogram(gradient)},
          {"map", block_map(gradient)}};
}

}  // namespace

nlohmann::json gradient_document(const GradientSubject& subject,
                                 const std::vector<Tensor<float>>& parameters) {
  nlohmann::json document{
      {"model", subject.model},
      {"source", subject.source},
      {"target", subject.target},
      {"loss", subject.loss},
      {"bins", {{"lowest_decade", kLowestDecade}, {"per_decade", kBinsPerDecade}}},
      {"parameters", nlohmann::json::array()}};
  const std::vector<TensorReport> reports = inspect(parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (reports[i].gradient)
      document["parameters"].push_back(parameter_document(reports[i], parameters[i].grad()));
  return document;
}

std::string gradient_page(const GradientSubject& subject,
                          const std::vector<Tensor<float>>& parameters) {
  return make_page("inspect", "Gradients: " + subject.source,
                   gradient_document(subject, parameters));
}

}  // namespace babelgrad::apps
