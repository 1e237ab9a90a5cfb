// What `train` shows on stderr: on a terminal one line that is rewritten (progress_line.h), plain
// ASCII lines elsewhere. Validations get a line of their own.
#pragma once

#include "babelgrad/apps/progress_line.h"
#include "babelgrad/models/training/trainer.h"

namespace babelgrad::apps {

class ProgressPrinter final : public TrainingObserver {
 public:
  ProgressPrinter();
  ~ProgressPrinter() override;  // leaves the terminal with an empty line
  void on_progress(const TrainingProgress& progress) override;
  void on_validation(const ValidationReport& report) override;
  void on_notice(const std::string& notice) override;

 private:
  void clear_line();

  bool utf8_;
  CurveHistory losses_;
  bool line_open_ = false;
  double last_printed_ = -1e9;  // seconds of training
};

}  // namespace babelgrad::apps
