// What the tests of models/ share: small models of every kind, and sentences for them.
#pragma once

#include <string>
#include <vector>

#include "babelgrad/models/seq2seq/seq2seq.h"
#include "babelgrad/nn/random.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {

struct NamedConfig {
  std::string name;
  Seq2SeqConfig config;
};

inline Seq2SeqConfig tiny_config(Architecture architecture, Score score = Score::general) {
  Seq2SeqConfig c;
  c.architecture = architecture;
  c.score = score;
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
  const auto two_layers = [](Seq2SeqConfig& c) { c.layers = 2; };
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
    c.readout = 5;
  });
  vary("luong, shared embeddings", luong, shared);
  vary("plain, shared embeddings", plain, shared);
  vary("sizes 1", luong, [](Seq2SeqConfig& c) {
    c.embedding = c.encoder_hidden = c.hidden = c.attention_size = 1;
    c.dropout = 0;
  });
  return all;
}

// Every combination of the settings that say what a model is.
inline std::vector<NamedConfig> all_configs() {
  std::vector<NamedConfig> all;
  const auto add = [&all](Architecture architecture, Score score, int bits) {
    Seq2SeqConfig c = tiny_config(architecture, score);
    c.layers = bits & 1 ? 2 : 1;
    c.bidirectional = !(bits & 2);
    c.encoder_hidden = c.bidirectional ? 2 : 4;  // one size of states, for the dot score
    c.tie_output = !(bits & 4);
    c.share_embeddings = bits & 8;
    if (!c.tie_output) c.readout = 5;
    if (c.share_embeddings) c.source_vocabulary = c.target_vocabulary;
    if (architecture == Architecture::bahdanau && c.layers > 1) return;
    all.push_back({"architecture " + std::to_string(static_cast<int>(architecture)) + ", score " +
                       std::to_string(static_cast<int>(score)) + ", settings " +
                       std::to_string(bits),
                   c});
  };
  for (int bits = 0; bits < 16; ++bits) {
    for (const Score score : {Score::dot, Score::general, Score::additive})
      add(Architecture::luong, score, bits);
    add(Architecture::bahdanau, Score::additive, bits);
    add(Architecture::plain, Score::general, bits);
  }
  return all;
}

// `count` words without the special ones, the source's eos added.
inline std::vector<std::int32_t> random_words(std::size_t count, std::size_t vocabulary,
                                              Random& random) {
  std::vector<std::int32_t> words(count);
  for (std::int32_t& word : words)
    word = text::kSpecials + static_cast<std::int32_t>(random.below(vocabulary - text::kSpecials));
  return words;
}

inline text::Example random_example(std::size_t source_words, std::size_t target_words,
                                    const Seq2SeqConfig& config, Random& random) {
  text::Example example{random_words(source_words, config.source_vocabulary, random),
                        random_words(target_words, config.target_vocabulary, random)};
  example.source.push_back(text::kEos);
  return example;
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

// Larger parameters than the initial ones: distributions that are far from flat.
template <class T>
void enlarge(Seq2Seq<T>& model, double factor) {
  for (Tensor<T> parameter : model.store().parameters())
    parameter.mutable_value() = parameter.value() * factor;
}

}  // namespace babelgrad
