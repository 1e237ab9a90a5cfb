#include "babelgrad/models/config/idle_settings.h"

#include "babelgrad/models/config/config_fields.h"

namespace babelgrad {
namespace {

class Idle {
 public:
  void unless(bool used, std::initializer_list<const char*> keys, const std::string& reason) {
    if (used) return;
    for (const char* key : keys) settings.push_back({key, "is of " + reason});
  }

  std::vector<IdleSetting> settings;
};

void add_idle(Idle& idle, const Seq2SeqConfig& c) {
  const std::string attention =
      std::string("attention is ") + name_of(kAttentionNames, c.attention);
  const std::string score = std::string("score is ") + name_of(kScoreNames, c.score);
  const bool local = c.attention == AttentionKind::local_m || c.attention == AttentionKind::local_p;
  idle.unless(c.attends(), {"score", "attention_size", "positions", "attention_dropout"},
              "attention; " + attention);
  idle.unless(local, {"window"}, "attention local_m and local_p; " + attention);
  idle.unless(!c.attends() || c.score == Score::additive, {"attention_size"},
              "score additive; " + score);
  idle.unless(!c.attends() || c.score == Score::location, {"positions"},
              "score location; " + score);
  idle.unless(!c.residual || c.encoder_layers > 1 || c.decoder_layers > 1, {"residual"},
              "layers above the first; encoder and decoder have one");
}

void add_idle(Idle& idle, const DataConfig& c, bool share_embeddings) {
  using text::TokenizerKind;
  const bool features = !c.source_features.empty();
  const auto some_side = [&](auto is) {
    return is(c.target_tokenizer) || (!features && is(c.source_tokenizer));
  };
  const bool words = some_side([](TokenizerKind kind) { return kind == TokenizerKind::words; });
  const bool chars = some_side([](TokenizerKind kind) { return kind == TokenizerKind::chars; });
  idle.unless(!features, {"source_tokenizer", "source_vocab_size"},
              "a source of text; it is features");
  idle.unless(words, {"word_split"}, "tokenizer words; no side has it");
  idle.unless(words || chars, {"min_count"}, "tokenizers words and chars; no side has one");
  if (c.joint_vocabulary)
    idle.unless(c.is_joint(), {"joint_vocabulary"},
                "sides that are both bpe or both unigram, of one size; these are not");
  if (share_embeddings)
    idle.unless(c.is_joint(), {"share_embeddings"}, "a joint vocabulary; the sides have one each");
}

void add_idle(Idle& idle, const TrainingConfig& c, bool guided) {
  const std::string schedule = std::string("schedule is ") + name_of(kScheduleNames, c.schedule);
  idle.unless(c.optimizer == OptimizerKind::sgd, {"momentum"},
              std::string("optimizer sgd; optimizer is ") + name_of(kOptimizerNames, c.optimizer));
  idle.unless(c.schedule != ScheduleKind::constant, {"warmup"}, "other schedules; " + schedule);
  idle.unless(c.schedule == ScheduleKind::inverse_sqrt, {"decay_start"},
              "schedule inverse_sqrt; " + schedule);
  idle.unless(c.schedule == ScheduleKind::plateau, {"plateau_factor", "plateau_patience"},
              "schedule plateau; " + schedule);
  idle.unless(c.scheduled_sampling > 0, {"sampling_updates"}, "scheduled_sampling; that is 0");
  idle.unless(guided, {"alignment_weight"}, "guided_alignment; there is none");
}

}  // namespace

std::vector<IdleSetting> idle_settings(const Config& config) {
  Idle idle;
  add_idle(idle, config.model);
  add_idle(idle, config.data, config.model.share_embeddings);
  add_idle(idle, config.training, !config.data.guided_alignment.empty());
  return idle.settings;
}

std::vector<IdleSetting> idle_settings(const SearchConfig& config) {
  Idle idle;
  idle.unless(!config.sample, {"beam"}, "beam search; sample is on");
  idle.unless(config.sample, {"temperature", "top_k", "top_p", "sample_seed"}, "sample; it is off");
  return idle.settings;
}

}  // namespace babelgrad
