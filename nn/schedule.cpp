#include "babelgrad/nn/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace babelgrad {

double Schedule::rate(std::uint64_t update) const {
  const double u = static_cast<double>(update);
  double rate = options_.base * state_.scale;
  if (options_.kind != ScheduleKind::constant && options_.warmup > 0)
    rate *= std::min(1.0, u / static_cast<double>(options_.warmup));
  if (options_.kind == ScheduleKind::inverse_sqrt && update > options_.decay_start)
    rate *= std::sqrt(static_cast<double>(options_.decay_start) / u);
  return rate;
}

void Schedule::observe(bool improved) {
  if (options_.kind != ScheduleKind::plateau) return;
  state_.bad_in_a_row = improved ? 0 : state_.bad_in_a_row + 1;
  if (state_.bad_in_a_row < options_.patience) return;
  state_.scale *= options_.factor;
  state_.bad_in_a_row = 0;
}

double cosine_rate(std::uint64_t update, const CosineOptions& o) {
  if (update < o.warmup)
    return o.base * static_cast<double>(update) / static_cast<double>(o.warmup);
  const std::uint64_t start = std::max<std::uint64_t>(1, o.warmup);  // has the base rate
  const double turn =
      static_cast<double>(update - std::min(update, start)) / static_cast<double>(o.period);
  return o.minimum + (o.base - o.minimum) * (1 + std::cos(std::numbers::pi * turn)) / 2;
}

}  // namespace babelgrad
