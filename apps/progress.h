// What `train` shows on stderr: one line that is rewritten on a terminal, plain lines elsewhere.
#pragma once

#include <string>

#include "babelgrad/models/trainer.h"

namespace babelgrad::apps {

class ProgressPrinter final : public TrainingObserver {
 public:
  ProgressPrinter();
  ~ProgressPrinter() override;
  void on_progress(const TrainingProgress& progress) override;
  void on_validation(const ValidationReport& report) override;

 private:
  void clear_line();

  bool terminal_;
  bool line_open_ = false;
  double last_printed_ = -1e9;  // seconds of training
};

std::string duration_text(double seconds);  // "1:05", "2:03:00"
std::string thousands(double number);       // "12,345"

}  // namespace babelgrad::apps
