// metrics.jsonl of a model folder: how a training went, a JSON object a line, in the order of the
// updates. Every `log_every` updates a line of UpdateMetrics:
//   {"update": 120, "epoch": 1, "seconds": 9.81, "loss": 4.21, "smoothed_loss": 4.5,
//    "perplexity": 90.2, "learning_rate": 0.0006, "gradient_norm": 1.34,
//    "tokens_per_second": 5210, "memory_mb": 412}
// and at each validation one of ValidationMetrics:
//   {"update": 500, "epoch": 2, "seconds": 43.7, "valid_loss": 3.1, "valid_perplexity": 22.2,
//    "valid_bleu": 11.8, "valid_exact_match": 0.02, "valid_token_error_rate": 0.6,
//    "valid_chrf2": 30.1, "best": true, "final": false,
//    "parameters": {"encoder.embedding.weight": {"weight_norm": 31.2, "gradient_norm": 0.41}, ...}}
// The log of a training that was stopped and resumed has the same lines as if it had not been,
// but for what depends on the clock and the machine.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "babelgrad/models/training/validation.h"

namespace babelgrad {

inline constexpr const char* kMetricsFile = "metrics.jsonl";

struct UpdateMetrics {
  std::size_t update = 0;  // from 1
  std::size_t epoch = 0;   // from 1
  double seconds = 0;      // of training so far, validations and resumed parts included
  double loss = 0;         // of this update's batch, nats a target token, label smoothing included
  double smoothed_loss = 0;
  double perplexity = 0;  // e^smoothed_loss
  double learning_rate = 0;
  double gradient_norm = 0;         // of this update, before clipping
  double tokens_per_second = 0;     // target tokens, since the last line, validations left out
  std::optional<double> memory_mb;  // resident set, 10^6 bytes
};

struct ParameterNorms {
  std::string name;
  double weight_norm = 0;               // L2, of the parameter itself, not of its running mean
  std::optional<double> gradient_norm;  // L2, of the last update's gradient, before clipping
};

struct ValidationMetrics {
  std::size_t update = 0, epoch = 0;
  double seconds = 0;
  double loss = 0;                  // nats a target token, without label smoothing
  double perplexity = 0;            // e^loss
  double bleu = 0;                  // of greedy search, 0 to 100
  std::optional<TextQuality> text;  // of greedy search; earlier versions did not measure it
  bool best = false;                // so far
  bool is_final = false;            // made because the run stopped; a resumed run takes it back
  std::vector<ParameterNorms> parameters;
};

// Writes the file. Lines are kept in memory until it is opened, then each goes to the file at once.
// A file that cannot be written is a CheckpointError: "m/metrics.jsonl: cannot be written (No space
// left on device)".
class MetricsLog {
 public:
  explicit MetricsLog(std::filesystem::path path) : path_(std::move(path)) {}

  void add(const UpdateMetrics& metrics);
  void add(const ValidationMetrics& metrics);

  // Goes on behind the file's last line, or begins it.
  void open();
  // The same in another file.
  void move_to(std::filesystem::path path);
  // The same for a training that continues after `update`: lines of later updates and a final
  // validation are cut off. So is everything from the first damaged line on (not a line of this
  // log, without its end, or of an earlier update than the line before), which is told:
  // "m/metrics.jsonl: damaged at line 7; cut back to line 6".
  std::optional<std::string> resume(std::size_t update);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void add_line(const std::string& line);
  [[noreturn]] void fail(int error) const;

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::string waiting_;  // lines from before open()
};

struct Metrics {
  std::vector<UpdateMetrics> updates;
  std::vector<ValidationMetrics> validations;
};

// A last line without its end (a training that is under way) is passed over. Throws CheckpointError
// "m/metrics.jsonl:7: not a line of training metrics", and text::InputError for a missing file.
Metrics read_metrics(const std::filesystem::path& path);

}  // namespace babelgrad
