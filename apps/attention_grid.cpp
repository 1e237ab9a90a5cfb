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

std::size_t cell_width(const std::string& token) {
  return std::max<std::size_t>(2, display_width(token));
}

// The source tokens that fit, from `begin` on: one past the last of them.
std::size_t part_end(const std::vector<std::string>& source, std::size_t begin,
                     std::size_t columns) {
  std::size_t end = begin, width = 0;
  while (end < source.size()) {
    width += 1 + cell_width(source[end]);
    if (end > begin && width > columns) break;
    ++end;
  }
  return end;
}

}  // namespace

std::string attention_grid(const std::vector<std::string>& source,
                           const std::vector<std::string>& target,
                           const std::vector<std::vector<float>>& weights, std::size_t columns) {
  std::size_t label = 0;
  for (const std::string& token : target) label = std::max(label, display_width(token));
  const std::size_t room = columns > label + 2 ? columns - label - 2 : 0;
  std::string grid;
  std::size_t begin = 0;
  do {
    const std::size_t end = columns == 0 ? source.size() : part_end(source, begin, room);
    grid += std::string(begin == 0 ? "" : "\n") + std::string(label + 2, ' ');
    for (std::size_t s = begin; s < end; ++s)
      grid += " " + padded(source[s], cell_width(source[s]));
    grid += "\n";
    for (std::size_t t = 0; t < std::min(target.size(), weights.size()); ++t) {
      grid += "  " + padded(target[t], label);
      for (std::size_t s = begin; s < std::min(end, weights[t].size()); ++s)
        grid += " " + shade(weights[t][s], cell_width(source[s]));
      grid += "\n";
    }
    begin = end;
  } while (begin < source.size());
  return grid;
}

}  // namespace babelgrad::apps
