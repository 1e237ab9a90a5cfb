// Everything that decides what a model is, how it is trained and how it translates. Every field has
// a default, a unit and a line of explanation in config_fields.h, from which the JSON form and the
// command line's flags are made.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "babelgrad/autograd/modes.h"
#include "babelgrad/nn/attention.h"
#include "babelgrad/nn/schedule.h"
#include "babelgrad/text/codec.h"

namespace babelgrad {

// A configuration that cannot be: the key, the value and what is allowed.
class ConfigError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class CellKind { gru, lstm };
enum class AttendFrom { current, previous };  // decoder state
enum class Readout { tanh, linear, maxout };
enum class InitialState { zero, last, mean };

// The settings of the structure can be combined; decoder.h has the formulas.
struct Seq2SeqConfig {
  CellKind cell = CellKind::gru;
  bool layer_norm = false;
  AttentionKind attention = AttentionKind::global;
  Score score = Score::general;
  AttendFrom attend_from = AttendFrom::current;
  std::size_t window = 10;
  std::size_t positions = 128;
  bool coverage = false;
  bool input_feeding = false;
  bool fixed_context = false;
  Readout readout = Readout::tanh;
  AttendFrom readout_from = AttendFrom::current;
  InitialState initial_state = InitialState::last;
  std::size_t feature_size = 0;       // of a source position; 0: the source is words
  std::size_t source_vocabulary = 0;  // filled in from the data, and feature_size, too
  std::size_t target_vocabulary = 0;
  std::size_t embedding = 256;
  std::size_t encoder_hidden = 256;
  bool bidirectional = true;
  bool reverse_source = false;
  std::size_t hidden = 512;
  std::size_t encoder_layers = 1;
  std::size_t decoder_layers = 1;
  bool residual = false;
  std::size_t attention_size = 256;
  std::size_t readout_size = 0;
  bool tie_output = true;
  bool share_embeddings = true;  // needs a joint vocabulary
  double embedding_dropout = 0.3;
  double state_dropout = 0.3;
  double readout_dropout = 0.3;
  double recurrent_dropout = 0;
  double attention_dropout = 0;
  double word_dropout = 0;

  std::size_t encoder_size() const { return (bidirectional ? 2 : 1) * encoder_hidden; }  // D
  std::size_t readout_units() const {                                                    // R
    return readout_size != 0 ? readout_size : tie_output ? embedding : hidden;
  }
  void set_layers(std::size_t n) { encoder_layers = decoder_layers = n; }
  void set_dropout(double p) { embedding_dropout = state_dropout = readout_dropout = p; }
  bool attends() const { return attention != AttentionKind::none; }
  bool attends_from_previous() const { return attends() && attend_from == AttendFrom::previous; }
  bool has_context() const { return attends() || fixed_context; }
  bool context_enters_recurrence() const { return attends_from_previous() || fixed_context; }
  // Throws ConfigError for settings that do not go together.
  void check() const;
};

enum class Normalization { none, nfc };

struct DataConfig {
  std::vector<std::string> source, target;    // aligned files, pair by pair ...
  std::vector<std::string> tsv;               // ... or files of tab-separated pairs
  std::vector<std::string> source_features;   // in the place of source: feature_files.h
  std::vector<std::string> guided_alignment;  // of the words of those pairs, file by file
  // Without them, pairs are held out of the training data.
  std::string valid_source, valid_source_features, valid_target;
  std::size_t valid_size = 1000;
  Normalization normalize = Normalization::nfc;
  text::TokenizerKind source_tokenizer = text::TokenizerKind::bpe;
  text::TokenizerKind target_tokenizer = text::TokenizerKind::bpe;
  text::WordSplit word_split = text::WordSplit::whitespace;
  bool lowercase = false;
  bool joint_vocabulary = true;
  std::size_t source_vocab_size = 0;
  std::size_t target_vocab_size = 0;
  std::size_t min_count = 1;
  std::size_t max_length = 100;
  bool cut_long = false;

  // Whether both sides share a vocabulary: that is asked for, and they are cut in the same way.
  bool is_joint() const;
};

enum class OptimizerKind { adam, adamw, sgd };
enum class PrecisionSetting { float32, bfloat16, fastest, int8 };  // int8: searches alone
enum class ValidationMetric { exact, per, chrf, loss, bleu };

struct TrainingConfig {
  std::uint64_t seed = 1;
  std::size_t threads = 0;
  std::size_t shards = 0;
  PrecisionSetting precision = PrecisionSetting::float32;
  PrecisionSetting wire_precision = PrecisionSetting::float32;
  std::size_t batch_size = 64;
  bool batch_by_tokens = false;
  std::size_t accumulate = 1;
  OptimizerKind optimizer = OptimizerKind::adam;
  double learning_rate = 1e-3;
  double weight_decay = 0;
  double momentum = 0.9;
  ScheduleKind schedule = ScheduleKind::inverse_sqrt;
  std::size_t warmup = 500;
  std::size_t decay_start = 6000;
  double plateau_factor = 0.5;
  std::size_t plateau_patience = 2;
  double clip_norm = 1;
  double label_smoothing = 0.1;
  double coverage_weight = 0;
  double alignment_weight = 0.5;
  double scheduled_sampling = 0;
  std::size_t sampling_updates = 5000;
  std::size_t valid_every = 500;
  std::size_t log_every = 10;
  ValidationMetric metric = ValidationMetric::bleu;
  std::size_t patience = 10;
  std::size_t max_updates = 0;
  std::size_t max_epochs = 0;
  double max_minutes = 0;
  double average_decay = 0.999;
  std::size_t snapshots = 0;
  std::size_t keep_best = 0;

  // Throws ConfigError for a number of shards that a new training cannot have, and for what such a
  // model has not.
  void check(const Seq2SeqConfig& model) const;
};

// fastest: bfloat16 where the processor is faster so.
Precision precision_in_force(PrecisionSetting setting);
// The same with `fastest` as what it is on this processor.
PrecisionSetting settled(PrecisionSetting setting);

// What `shards` 0 stands for: the largest power of two that is at most `threads`.
std::size_t default_shards(std::size_t threads);

enum class LengthNormalization { power, gnmt };

struct SearchConfig {
  std::size_t beam = 5;
  std::size_t nbest = 1;
  double length_penalty = 1.0;
  LengthNormalization length_normalization = LengthNormalization::power;
  double max_length_ratio = 2.0;
  std::size_t max_length_extra = 10;
  std::size_t no_repeat_ngram = 0;
  bool sample = false;
  double temperature = 1.0;
  std::size_t top_k = 0;
  double top_p = 1.0;
  std::uint64_t sample_seed = 1;
  std::size_t search_batch = 64;
  PrecisionSetting precision = PrecisionSetting::float32;

  void check() const;           // throws ConfigError for settings that do not go together
  SearchConfig greedy() const;  // the same with the likeliest word at each step
  bool operator==(const SearchConfig&) const = default;
};

struct Config {
  DataConfig data;
  Seq2SeqConfig model;
  TrainingConfig training;
  SearchConfig search;
};

// The configuration without what may change later (search, limits of a training, threads, and where
// the data are: their content is compared): it is the same for all files of one model.
Config identity_of(Config config);

// The configuration with defaults for all that does not decide what the parameters and the
// vocabularies are: it is the same for models whose parameters can stand in for each other.
Config structure_of(const Config& config);

}  // namespace babelgrad
