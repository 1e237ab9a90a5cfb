#include "babelgrad/models/config/config.h"

#include <bit>

#include "babelgrad/autograd/kernels/bfloat16.h"
#include "babelgrad/models/config/config_fields.h"

namespace babelgrad {

void Seq2SeqConfig::check() const {
  const auto fail = [](const std::string& sentence) { throw ConfigError("config: " + sentence); };
  if (share_embeddings && source_vocabulary != target_vocabulary)
    fail("share_embeddings needs one vocabulary for both sides; source_vocabulary is " +
         std::to_string(source_vocabulary) + ", target_vocabulary " +
         std::to_string(target_vocabulary));
  if (share_embeddings && feature_size > 0)
    fail("share_embeddings needs words on both sides; the source is features");
  if (tie_output && readout_units() != embedding)
    fail("readout_size is " + std::to_string(readout_size) +
         ", but tie_output needs it equal to embedding, " + std::to_string(embedding));
  if (attends() && is_dot(score) && hidden != encoder_size())
    fail(std::string("score ") + (score == Score::dot ? "dot" : "scaled_dot") + " needs hidden, " +
         std::to_string(hidden) + ", equal to the encoder's states, " +
         std::to_string(encoder_size()));
  if (!attends() && attend_from == AttendFrom::previous)
    fail("attend_from previous needs attention; attention is none");
  if (attends() && fixed_context)
    fail("fixed_context is of a decoder without attention; attention is " +
         std::string(name_of(kAttentionNames, attention)));
  if (!has_context() && initial_state == InitialState::zero)
    fail("initial_state zero with attention none: nothing of the source would reach the decoder");
  if (bidirectional && reverse_source)
    fail("reverse_source is of an encoder with one direction; bidirectional is true");
  if (readout_from == AttendFrom::previous && !attends_from_previous())
    fail("readout_from previous needs attend_from previous: else no readout knows the word before");
  if (!attends() && coverage) fail("coverage is of attention; attention is none");
  if (!attends() && input_feeding)
    fail("input_feeding feeds what attention made of the step before; attention is none");
}

bool DataConfig::is_joint() const {
  const bool subwords = source_tokenizer == text::TokenizerKind::bpe ||
                        source_tokenizer == text::TokenizerKind::unigram;
  return joint_vocabulary && source_features.empty() && subwords &&
         source_tokenizer == target_tokenizer && source_vocab_size == target_vocab_size;
}

void TrainingConfig::check(const Seq2SeqConfig& model) const {
  if (coverage_weight > 0 && !model.attends())
    throw ConfigError("config: coverage_weight is of attention; attention is none");
  if (shards != 0 && !std::has_single_bit(shards))
    throw ConfigError("config: shards is " + std::to_string(shards) +
                      "; need a power of two (1, 2, 4 ...), or 0");
}

void SearchConfig::check() const {
  if (beam == 0 || nbest == 0 || search_batch == 0)
    throw ConfigError("search: need beam, nbest and search_batch of at least 1");
  if (!(max_length_ratio >= 0 && max_length_ratio <= 1e6))
    throw ConfigError("search: need a max_length_ratio from 0 to 1000000");
  if (!(temperature > 0) || !(top_p >= 0 && top_p <= 1))
    throw ConfigError("search: need a temperature above 0, and top_p from 0 to 1");
}

SearchConfig SearchConfig::greedy() const {
  SearchConfig config = *this;
  config.beam = config.nbest = 1;
  config.sample = false;
  return config;
}

std::size_t default_shards(std::size_t threads) { return std::bit_floor(threads); }

Precision precision_in_force(PrecisionSetting setting) {
  if (setting == PrecisionSetting::int8) return Precision::int8;
  const bool rounded = setting == PrecisionSetting::bfloat16 ||
                       (setting == PrecisionSetting::fastest && bfloat16::kernels().is_faster);
  return rounded ? Precision::bfloat16 : Precision::float32;
}

PrecisionSetting settled(PrecisionSetting setting) {
  if (setting != PrecisionSetting::fastest) return setting;
  return precision_in_force(setting) == Precision::bfloat16 ? PrecisionSetting::bfloat16
                                                            : PrecisionSetting::float32;
}

Config identity_of(Config config) {
  for (auto* paths : {&config.data.source, &config.data.target, &config.data.tsv,
                      &config.data.source_features, &config.data.guided_alignment})
    paths->clear();
  config.data.valid_source.clear();
  config.data.valid_source_features.clear();
  config.data.valid_target.clear();
  const TrainingConfig defaults;
  config.training.max_updates = defaults.max_updates;
  config.training.max_epochs = defaults.max_epochs;
  config.training.max_minutes = defaults.max_minutes;
  config.training.patience = defaults.patience;
  config.training.threads = defaults.threads;
  config.training.wire_precision = defaults.wire_precision;
  config.training.log_every = defaults.log_every;
  config.training.snapshots = defaults.snapshots;
  config.training.keep_best = defaults.keep_best;
  config.search = {};
  return config;
}

Config structure_of(const Config& config) {
  Config structure;
  structure.model = config.model;
  for (const auto dropout : {&Seq2SeqConfig::embedding_dropout, &Seq2SeqConfig::state_dropout,
                             &Seq2SeqConfig::readout_dropout, &Seq2SeqConfig::recurrent_dropout,
                             &Seq2SeqConfig::attention_dropout, &Seq2SeqConfig::word_dropout})
    structure.model.*dropout = Seq2SeqConfig{}.*dropout;
  const DataConfig& read = config.data;
  structure.data.normalize = read.normalize;
  structure.data.source_tokenizer = read.source_tokenizer;
  structure.data.target_tokenizer = read.target_tokenizer;
  structure.data.word_split = read.word_split;
  structure.data.lowercase = read.lowercase;
  structure.data.joint_vocabulary = read.joint_vocabulary;
  structure.data.source_vocab_size = read.source_vocab_size;
  structure.data.target_vocab_size = read.target_vocab_size;
  structure.data.min_count = read.min_count;
  return structure;
}

}  // namespace babelgrad
