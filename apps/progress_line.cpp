#include "babelgrad/apps/progress_line.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

constexpr std::size_t kKeptPoints = 256;
constexpr std::size_t kBarColumns = 10;
constexpr std::size_t kCurveColumns = 16;

std::string repeat(const char* text, std::size_t count) {
  std::string repeated;
  for (std::size_t i = 0; i < count; ++i) repeated += text;
  return repeated;
}

// The share of the time that is over; nothing to show for a training without a limit.
std::string bar(const TrainingProgress& p, bool utf8) {
  if (!p.seconds_left) return "";
  const double whole = p.seconds + *p.seconds_left;
  const double done = whole > 0 ? p.seconds / whole : 0.0;
  const auto full = static_cast<std::size_t>(done * kBarColumns);
  char percent[8];
  std::snprintf(percent, sizeof percent, "%4.0f%%", std::floor(100 * done));
  if (utf8) return repeat("█", full) + repeat("░", kBarColumns - full) + percent;
  return "[" + repeat("#", full) + repeat("-", kBarColumns - full) + "]" + percent;
}

struct Part {
  std::string text;
  int importance;  // the least important part goes first
};

std::string joined(const std::vector<Part>& parts) {
  std::string line;
  for (const Part& part : parts) {
    if (part.text.empty()) continue;
    line += (line.empty() ? "" : "  ") + part.text;
  }
  return line;
}

}  // namespace

void CurveHistory::add(double value) {
  sum_ += value;
  if (++summed_ < together_) return;
  points_.push_back(sum_ / static_cast<double>(summed_));
  sum_ = 0;
  summed_ = 0;
  if (points_.size() < kKeptPoints) return;
  for (std::size_t i = 0; i < kKeptPoints / 2; ++i)
    points_[i] = (points_[2 * i] + points_[2 * i + 1]) / 2;
  points_.resize(kKeptPoints / 2);
  together_ *= 2;
}

std::string sparkline(const std::vector<double>& values, std::size_t columns) {
  static constexpr std::array kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::size_t cells = std::min(columns, values.size());
  std::vector<double> means;
  for (std::size_t i = 0; i < cells; ++i) {
    const std::size_t begin = i * values.size() / cells, end = (i + 1) * values.size() / cells;
    double sum = 0;
    for (std::size_t j = begin; j < end; ++j) sum += values[j];
    means.push_back(sum / static_cast<double>(end - begin));
  }
  if (means.empty()) return "";
  const auto [low, high] = std::minmax_element(means.begin(), means.end());
  const double span = *high - *low;
  std::string curve;
  for (const double mean : means) {
    const double height = span > 0 ? (mean - *low) / span : 0.0;
    curve += kBlocks[static_cast<std::size_t>(std::lround(height * (kBlocks.size() - 1)))];
  }
  return curve;
}

std::string progress_line(const TrainingProgress& p, const CurveHistory& losses,
                          std::size_t columns, bool utf8) {
  char loss[32];
  std::snprintf(loss, sizeof loss, "loss %.3f", p.loss);
  std::vector<Part> parts{{bar(p, utf8), 3},
                          {"update " + thousands(static_cast<double>(p.update)), 6},
                          {"epoch " + std::to_string(p.epoch + 1), 0},
                          {loss, 5},
                          {utf8 ? sparkline(losses.points(), kCurveColumns) : "", 2},
                          {thousands(p.tokens_per_second) + " tokens/s", 1},
                          {time_text(p), 4}};
  const auto least = [](const Part& a, const Part& b) { return a.importance < b.importance; };
  while (!parts.empty() && text::display_width(joined(parts)) > columns)
    parts.erase(std::min_element(parts.begin(), parts.end(), least));
  return joined(parts);
}

std::string time_text(const TrainingProgress& p) {
  const std::string left = p.seconds_left ? ", " + duration_text(*p.seconds_left) + " left" : "";
  return duration_text(p.seconds) + left;
}

std::string duration_text(double seconds) {
  const long total = std::lround(std::max(0.0, seconds));
  char text[32];
  if (total >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", total / 60, total % 60);
  return text;
}

std::string thousands(double number) {
  std::string digits = std::to_string(std::llround(number));
  for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<std::size_t>(i), ",");
  return digits;
}

}  // namespace babelgrad::apps
