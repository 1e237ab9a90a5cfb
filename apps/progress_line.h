// The line in which a terminal shows how a training goes:
//   ██████░░░░  61%  update 1,234  epoch 3  loss 2.31 █▇▅▄▃▂▂▁  5,310 tokens/s  0:52, 0:33 left
#pragma once

#include <string>
#include <vector>

#include "babelgrad/models/training/trainer.h"

namespace babelgrad::apps {

// A curve of any length in bounded memory: where points get too many, two become their mean.
class CurveHistory {
 public:
  void add(double value);
  const std::vector<double>& points() const { return points_; }

 private:
  std::vector<double> points_;  // each the mean of `together_` values
  std::size_t together_ = 1;
  double sum_ = 0;  // of the values of the point to come
  std::size_t summed_ = 0;
};

// At most `columns` blocks, ▁ the lowest and █ the highest of `values`.
std::string sparkline(const std::vector<double>& values, std::size_t columns);

// A line of at most `columns` columns: what finds no room is left out, the least important first.
// Without `utf8` in ASCII only, and without the curve.
std::string progress_line(const TrainingProgress& progress, const CurveHistory& losses,
                          std::size_t columns, bool utf8);

std::string time_text(const TrainingProgress& progress);  // "0:52, 0:33 left"
std::string duration_text(double seconds);                // "1:05", "2:03:00"
std::string thousands(double number);                     // "12,345"

}  // namespace babelgrad::apps
