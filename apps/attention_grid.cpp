#include "babelgrad/apps/attention_grid.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

using text::display_width;

std::string padded(const std::string& text, std::size_t columns) {
  return text + std::string(columns - std::min(columns, display_width(text)), ' ');
}

std::string shade(float weight, std::size_t columns) {
  static constexpr std::array kShades{"·", "░", "▒", "▓", "█"};
  static constexpr std::array kBounds{0.05f, 0.2f, 0.4f, 0.7f};
  std::size_t level = 0;
  while (level < kBounds.size() && weight >= kBounds[level]) ++level;
  std::string cell;
  for (std::size_t i = 0; i < columns; ++i) cell += kShades[level];
  return cell;
}

}  // namespace

std::string attention_grid(const std::vector<std::string>& source,
                           const std::vector<std::string>& target,
                           const std::vector<std::vector<float>>& weights) {
  std::size_t label = 0;
  for (const std::string& token : target) label = std::max(label, display_width(token));
  std::string grid = std::string(label + 2, ' ');
  for (const std::string& token : source)
    grid += " " + padded(token, std::max<std::size_t>(2, display_width(token)));
  grid += "\n";
  for (std::size_t t = 0; t < std::min(target.size(), weights.size()); ++t) {
    grid += "  " + padded(target[t], label);
    for (std::size_t s = 0; s < source.size() && s < weights[t].size(); ++s)
      grid += " " + shade(weights[t][s], std::max<std::size_t>(2, display_width(source[s])));
    grid += "\n";
  }
  return grid;
}

}  // namespace babelgrad::apps
