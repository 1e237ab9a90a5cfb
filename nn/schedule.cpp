#include "babelgrad/nn/schedule.h"

#include <algorithm>
#include <cmath>

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

}  // namespace babelgrad
