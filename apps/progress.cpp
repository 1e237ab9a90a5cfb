#include "babelgrad/apps/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "babelgrad/apps/terminal.h"

namespace babelgrad::apps {
namespace {

constexpr double kPlainInterval = 10;  // seconds between lines when stderr is not a terminal

void print_plain(const TrainingProgress& p) {
  std::fprintf(stderr, "update %zu  epoch %zu  loss %.3f  %s tokens/s  rate %.2e  norm %.2f  %s\n",
               p.update, p.epoch + 1, p.loss, thousands(p.tokens_per_second).c_str(),
               p.learning_rate, p.gradient_norm, time_text(p).c_str());
}

// The value of the metric that chooses the best model, unless it is printed anyway.
std::string chosen_by(const ValidationReport& report) {
  if (report.metric == ValidationMetric::loss || report.metric == ValidationMetric::bleu) return "";
  const MetricValue metric = value_of(report.metric, report.result);
  char text[60];
  if (report.metric == ValidationMetric::chrf)
    std::snprintf(text, sizeof text, "  %s %.1f", metric.name, metric.value);
  else  // a share
    std::snprintf(text, sizeof text, "  %s %.2f %%", metric.name, 100 * metric.value);
  return text;
}

}  // namespace

ProgressPrinter::ProgressPrinter() : utf8_(locale_is_utf8()) {}

ProgressPrinter::~ProgressPrinter() { clear_line(); }

void ProgressPrinter::clear_line() {
  if (line_open_) std::fprintf(stderr, "\r\x1b[K");
  line_open_ = false;
}

void ProgressPrinter::on_progress(const TrainingProgress& p) {
  losses_.add(p.loss);
  if (const std::optional<std::size_t> columns = terminal_columns(STDERR_FILENO)) {
    // The last column stays free: a cursor behind it would be on the next line in some terminals.
    const std::string line = progress_line(p, losses_, *columns - 1, utf8_);
    std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
    line_open_ = true;
  } else if (p.seconds - last_printed_ >= kPlainInterval) {
    last_printed_ = p.seconds;
    print_plain(p);
  }
  std::fflush(stderr);
}

void ProgressPrinter::on_validation(const ValidationReport& report) {
  clear_line();
  std::fprintf(stderr, "update %zu  validation: loss %.3f  perplexity %.2f  BLEU %.1f%s%s\n",
               report.update, report.result.loss, std::exp(report.result.loss), report.result.bleu,
               chosen_by(report).c_str(), report.best ? "  best, saved" : "");
}

void ProgressPrinter::on_notice(const std::string& notice) {
  clear_line();
  std::fprintf(stderr, "%s\n", notice.c_str());
}

}  // namespace babelgrad::apps
