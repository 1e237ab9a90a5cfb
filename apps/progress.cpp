#include "babelgrad/apps/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace babelgrad::apps {
namespace {

constexpr double kPlainInterval = 10;  // seconds between lines when stderr is not a terminal

}  // namespace

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

ProgressPrinter::ProgressPrinter() : terminal_(::isatty(STDERR_FILENO) != 0) {}

ProgressPrinter::~ProgressPrinter() { clear_line(); }

void ProgressPrinter::clear_line() {
  if (line_open_) std::fprintf(stderr, "\r\x1b[K");
  line_open_ = false;
}

void ProgressPrinter::on_progress(const TrainingProgress& p) {
  if (!terminal_ && p.seconds - last_printed_ < kPlainInterval) return;
  last_printed_ = p.seconds;
  const std::string left = p.seconds_left ? ", " + duration_text(*p.seconds_left) + " left" : "";
  clear_line();
  char details[64] = "";  // a terminal's line has no room for them
  if (!terminal_)
    std::snprintf(details, sizeof details, "  rate %.2e  norm %.2f", p.learning_rate,
                  p.gradient_norm);
  std::fprintf(stderr, "update %zu  epoch %zu  loss %.3f  %s tokens/s%s  %s%s%s", p.update,
               p.epoch + 1, p.loss, thousands(p.tokens_per_second).c_str(), details,
               duration_text(p.seconds).c_str(), left.c_str(), terminal_ ? "" : "\n");
  line_open_ = terminal_;
  std::fflush(stderr);
}

void ProgressPrinter::on_validation(const ValidationReport& report) {
  clear_line();
  std::fprintf(stderr, "update %zu  validation: loss %.3f  perplexity %.2f  BLEU %.1f%s\n",
               report.update, report.result.loss, std::exp(report.result.loss), report.result.bleu,
               report.best ? "  best, saved" : "");
}

}  // namespace babelgrad::apps
