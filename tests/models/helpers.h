// What the tests of models/ share: small models of every kind, and sentences for them.
#pragma once

#include <string>
#include <vector>

#include "babelgrad/models/config/config_fields.h"
#include "babelgrad/models/seq2seq/seq2seq.h"
#include "babelgrad/nn/random.h"
#include "tests/autograd/helpers.h"
#include "tests/models/covering_array.h"

namespace babelgrad {

struct NamedConfig {
  std::string name;
  Seq2SeqConfig config;
};

// The kinds of decoder: attention beside the recurrence, inside it, or none.
enum class Architecture { luong, bahdanau, plain };

inline Seq2SeqConfig tiny_config(Architecture architecture, Score score = Score::general) {
  Seq2SeqConfig c;
  if (architecture == Architecture::plain) c.attention = AttentionKind::none;
  if (architecture == Architecture::bahdanau) c.attend_from = AttendFrom::previous;
  c.score = architecture == Architecture::bahdanau ? Score::additive : score;
  c.source_vocabulary = 8;
  c.target_vocabulary = 7;
  c.embedding = 3;
  c.encoder_hidden = 2;
  c.hidden = 4;
  c.attention_size = 3;
  c.share_embeddings = false;
  return c;
}

// Every architecture and score, and every other choice at least once.
inline std::vector<NamedConfig> tiny_configs() {
  const Seq2SeqConfig luong = tiny_config(Architecture::luong);
  const Seq2SeqConfig bahdanau = tiny_config(Architecture::bahdanau);
  const Seq2SeqConfig plain = tiny_config(Architecture::plain);
  std::vector<NamedConfig> all{
      {"luong dot", tiny_config(Architecture::luong, Score::dot)},
      {"luong general", luong},
      {"luong additive", tiny_config(Architecture::luong, Score::additive)},
      {"bahdanau", bahdanau},
      {"plain", plain}};
  const auto vary = [&all](const std::string& name, Seq2SeqConfig config, auto change) {
    change(config);
    all.push_back({name, config});
  };
  const auto two_layers = [](Seq2SeqConfig& c) { c.set_layers(2); };
  const auto one_direction = [](Seq2SeqConfig& c) { c.bidirectional = false; };
  const auto untied = [](Seq2SeqConfig& c) { c.tie_output = false; };
  const auto shared = [](Seq2SeqConfig& c) {
    c.share_embeddings = true;
    c.source_vocabulary = c.target_vocabulary;
  };
  vary("luong, 2 layers", luong, two_layers);
  vary("plain, 2 layers", plain, two_layers);
  vary("luong, one direction", luong, one_direction);
  vary("bahdanau, one direction", bahdanau, one_direction);
  vary("luong, untied", luong, untied);
  vary("bahdanau, untied, readout 5", bahdanau, [](Seq2SeqConfig& c) {
    c.tie_output = false;
    c.readout_size = 5;
  });
  vary("luong, shared embeddings", luong, shared);
  vary("plain, shared embeddings", plain, shared);
  vary("plain, fixed context", plain, [](Seq2SeqConfig& c) { c.fixed_context = true; });
  vary("plain, fixed context, lstm, 2 layers", plain, [](Seq2SeqConfig& c) {
    c.fixed_context = true;
    c.cell = CellKind::lstm;
    c.set_layers(2);
  });
  const auto fed = [](Seq2SeqConfig& c) {
    c.input_feeding = true;
    c.set_layers(2);
  };
  vary("luong, scaled dot", luong, [](Seq2SeqConfig& c) { c.score = Score::scaled_dot; });
  vary("luong, input feeding, 2 layers", luong, fed);
  vary("bahdanau, input feeding, 2 layers", bahdanau, fed);
  vary("general score from the previous state", luong,
       [](Seq2SeqConfig& c) { c.attend_from = AttendFrom::previous; });
  vary("bahdanau, maxout, untied", bahdanau, [](Seq2SeqConfig& c) {
    c.readout = Readout::maxout;
    c.tie_output = false;
  });
  vary("luong, linear, initial state zero", luong, [](Seq2SeqConfig& c) {
    c.readout = Readout::linear;
    c.initial_state = InitialState::zero;
  });
  vary("plain, 2 layers, initial state mean", plain, [](Seq2SeqConfig& c) {
    c.set_layers(2);
    c.initial_state = InitialState::mean;
  });
  const auto of_kind = [](AttentionKind kind) {
    return [kind](Seq2SeqConfig& c) {
      c.attention = kind;
      c.window = 1;
    };
  };
  vary("local_m", luong, of_kind(AttentionKind::local_m));
  vary("local_p", luong, of_kind(AttentionKind::local_p));
  vary("local_p from the previous state", bahdanau, of_kind(AttentionKind::local_p));
  vary("monotonic", luong, of_kind(AttentionKind::monotonic));
  vary("location", luong, [](Seq2SeqConfig& c) {
    c.score = Score::location;
    c.positions = 6;
  });
  const auto covered = [](Seq2SeqConfig& c) { c.coverage = true; };
  vary("luong, coverage", luong, covered);
  vary("bahdanau, coverage", bahdanau, covered);
  const auto lstm = [](Seq2SeqConfig& c) {
    c.cell = CellKind::lstm;
    c.encoder_layers = 2;
  };
  vary("luong, lstm, 2 encoder layers", luong, lstm);
  vary("bahdanau, lstm, 2 encoder layers", bahdanau, lstm);
  vary("luong, lstm, layer norm", luong, [](Seq2SeqConfig& c) {
    c.cell = CellKind::lstm;
    c.layer_norm = true;
  });
  vary("luong, one direction, from the end", luong, [](Seq2SeqConfig& c) {
    c.bidirectional = false;
    c.reverse_source = true;
  });
  vary("bahdanau, readout from the previous state", bahdanau,
       [](Seq2SeqConfig& c) { c.readout_from = AttendFrom::previous; });
  vary("bahdanau, layer norm", bahdanau, [](Seq2SeqConfig& c) { c.layer_norm = true; });
  vary("bahdanau, residual, 2 layers", bahdanau, [](Seq2SeqConfig& c) {
    c.residual = true;
    c.decoder_layers = 2;
  });
  vary("luong, more dropout", luong,
       [](Seq2SeqConfig& c) { c.recurrent_dropout = c.attention_dropout = c.word_dropout = 0.2; });
  for (const auto& [name, config] : {std::pair("luong", luong), {"bahdanau", bahdanau}})
    vary(std::string(name) + ", features", config, [](Seq2SeqConfig& c) { c.feature_size = 3; });
  vary("sizes 1", luong, [](Seq2SeqConfig& c) {
    c.embedding = c.encoder_hidden = c.hidden = c.attention_size = 1;
    c.set_dropout(0);
  });
  return all;
}

// A setting of the structure: how many values it has, and how one is set.
struct StructureSetting {
  const char* name;
  std::size_t values;
  void (*set)(Seq2SeqConfig& c, std::size_t value);
};

inline const std::vector<StructureSetting>& structure_settings() {
  static const std::vector<StructureSetting> settings{
      {"attention", kAttentionNames.size(),
       [](Seq2SeqConfig& c, std::size_t v) { c.attention = static_cast<AttentionKind>(v); }},
      {"score", kScoreNames.size(),
       [](Seq2SeqConfig& c, std::size_t v) { c.score = static_cast<Score>(v); }},
      {"coverage", 2, [](Seq2SeqConfig& c, std::size_t v) { c.coverage = v == 1; }},
      {"attend_from", 2,
       [](Seq2SeqConfig& c, std::size_t v) { c.attend_from = static_cast<AttendFrom>(v); }},
      {"input_feeding", 2, [](Seq2SeqConfig& c, std::size_t v) { c.input_feeding = v == 1; }},
      {"fixed_context", 2, [](Seq2SeqConfig& c, std::size_t v) { c.fixed_context = v == 1; }},
      {"readout", kReadoutNames.size(),
       [](Seq2SeqConfig& c, std::size_t v) { c.readout = static_cast<Readout>(v); }},
      {"readout_from", 2,
       [](Seq2SeqConfig& c, std::size_t v) { c.readout_from = static_cast<AttendFrom>(v); }},
      {"initial_state", kInitialStateNames.size(),
       [](Seq2SeqConfig& c, std::size_t v) { c.initial_state = static_cast<InitialState>(v); }},
      {"cell", kCellNames.size(),
       [](Seq2SeqConfig& c, std::size_t v) { c.cell = static_cast<CellKind>(v); }},
      {"layer_norm", 2, [](Seq2SeqConfig& c, std::size_t v) { c.layer_norm = v == 1; }},
      {"encoder_layers", 2, [](Seq2SeqConfig& c, std::size_t v) { c.encoder_layers = v + 1; }},
      {"decoder_layers", 2, [](Seq2SeqConfig& c, std::size_t v) { c.decoder_layers = v + 1; }},
      {"residual", 2, [](Seq2SeqConfig& c, std::size_t v) { c.residual = v == 1; }},
      {"more dropout", 2,
       [](Seq2SeqConfig& c, std::size_t v) {
         if (v == 1) c.recurrent_dropout = c.attention_dropout = c.word_dropout = 0.2;
       }},
      {"bidirectional", 2,
       [](Seq2SeqConfig& c, std::size_t v) {
         c.bidirectional = v == 1;
         c.encoder_hidden = v == 1 ? 2 : 4;  // one size of states, for the dot scores
       }},
      {"reverse_source", 2, [](Seq2SeqConfig& c, std::size_t v) { c.reverse_source = v == 1; }},
      {"tie_output", 2,
       [](Seq2SeqConfig& c, std::size_t v) {
         c.tie_output = v == 1;
         c.readout_size = v == 1 ? 0 : 5;
       }},
      {"share_embeddings", 2,
       [](Seq2SeqConfig& c, std::size_t v) {
         c.share_embeddings = v == 1;
         if (v == 1) c.source_vocabulary = c.target_vocabulary;
       }},
      {"features", 2, [](Seq2SeqConfig& c, std::size_t v) { c.feature_size = 2 * v; }}};
  return settings;
}

inline Seq2SeqConfig structure_of(const Combination& row) {
  Seq2SeqConfig c = tiny_config(Architecture::luong);
  c.window = 1;
  c.positions = 3;
  for (std::size_t i = 0; i < row.size(); ++i) structure_settings()[i].set(c, row[i]);
  return c;
}

// Combinations of the settings of the structure: each value of three beside each other.
inline std::vector<NamedConfig> all_configs() {
  std::vector<std::size_t> counts;
  for (const StructureSetting& setting : structure_settings()) counts.push_back(setting.values);
  const CoveringArray array(counts, [](const Combination& row) {
    try {
      structure_of(row).check();
    } catch (const ConfigError&) {
      return false;
    }
    return true;
  });
  std::vector<NamedConfig> all;
  for (const Combination& row : array.rows()) {
    std::string name;
    for (std::size_t i = 0; i < row.size(); ++i)
      name += std::string(structure_settings()[i].name) + " " + std::to_string(row[i]) + ", ";
    all.push_back({name + "combination " + std::to_string(all.size()), structure_of(row)});
  }
  return all;
}

// Training with fixed dropout masks.
inline Mode training_mode(std::uint64_t step = 3) { return Mode::training(7, step, 1); }

// `count` words without the special ones.
inline std::vector<std::int32_t> random_words(std::size_t count, std::size_t vocabulary,
                                              Random& random) {
  std::vector<std::int32_t> words(count);
  for (std::int32_t& word : words)
    word = text::kSpecials + static_cast<std::int32_t>(random.below(vocabulary - text::kSpecials));
  return words;
}

// A source ends with eos; of features it has a position for each word and one more.
inline text::Example random_example(std::size_t source_words, std::size_t target_words,
                                    const Seq2SeqConfig& config, Random& random) {
  text::Source source(random_words(source_words, config.source_vocabulary, random));
  source.ids.push_back(text::kEos);
  if (config.feature_size > 0) {
    std::vector<float> features(source.size() * config.feature_size);
    for (float& x : features) x = static_cast<float>(2 * random.uniform() - 1);
    source = text::Source::of_features(std::move(features), source.size());
  }
  return {std::move(source), random_words(target_words, config.target_vocabulary, random)};
}

// Sentences of several lengths, among them a source and a target that are nothing but eos.
inline std::vector<text::Example> some_examples(const Seq2SeqConfig& config,
                                                std::uint64_t seed = 1) {
  Random random(seed);
  std::vector<text::Example> examples;
  for (const auto& [source, target] :
       std::vector<std::pair<std::size_t, std::size_t>>{{3, 2}, {0, 1}, {5, 0}, {2, 4}, {4, 4}})
    examples.push_back(random_example(source, target, config, random));
  return examples;
}

inline text::Batch batch_of(const std::vector<text::Example>& examples) {
  std::vector<std::size_t> indices(examples.size());
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  return text::make_batch(examples, indices);
}

// A batch's sources through the model's encoder.
template <class T>
EncoderOutput<T> encode(const Seq2Seq<T>& model, const text::Batch& batch,
                        const Mode& mode = kEvaluation) {
  return model.encoder()(batch, mode);
}

// Larger parameters than the initial ones: distributions that are far from flat.
template <class T>
void enlarge(Seq2Seq<T>& model, double factor) {
  for (Tensor<T> parameter : model.store().parameters())
    parameter.mutable_value() = parameter.value() * factor;
}

}  // namespace babelgrad
