// What the tests of model folders share: small untrained translators, saved and asked.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "babelgrad/models/config/config_json.h"
#include "babelgrad/models/training/training_data.h"
#include "tests/models/helpers.h"
#include "tests/text/helpers.h"

namespace babelgrad {

inline const std::vector<std::string> kLines{"le chat dort", "je suis étudiant", "elle mange",
                                             "le chien mange du pain", "tu dors"};
inline const std::vector<std::string> kTargets{"the cat sleeps", "i am a student", "she eats",
                                               "the dog eats bread", "you sleep"};

// Words, characters, and subwords with one vocabulary and with two.
inline std::vector<std::pair<std::string, Config>> folder_configs() {
  Config config;
  config.data.source_tokenizer = config.data.target_tokenizer = text::TokenizerKind::words;
  config.model.embedding = 4;
  config.model.encoder_hidden = 3;
  config.model.hidden = 5;
  config.search.max_length_extra = 4;
  std::vector<std::pair<std::string, Config>> configs{{"words", config}};
  config.data.source_tokenizer = config.data.target_tokenizer = text::TokenizerKind::chars;
  configs.emplace_back("chars", config);
  config.data.source_tokenizer = config.data.target_tokenizer = text::TokenizerKind::bpe;
  config.data.source_vocab_size = config.data.target_vocab_size = 50;
  configs.emplace_back("bpe, shared", config);
  config.data.source_tokenizer = config.data.target_tokenizer = text::TokenizerKind::unigram;
  config.data.joint_vocabulary = false;
  config.data.source_vocab_size = config.data.target_vocab_size = 40;
  configs.emplace_back("unigram, apart", config);
  return configs;
}

inline Translator make_translator(Config config) {
  text::CodecOptions options;
  options.kind = config.data.source_tokenizer;
  options.vocab_size = config.data.source_vocab_size;
  std::vector<std::string> both = kLines;
  both.insert(both.end(), kTargets.begin(), kTargets.end());
  Codecs codecs;
  if (config.data.is_joint())
    codecs.source = codecs.target = text::Codec::train(both, options);
  else
    codecs = {text::Codec::train(kLines, options), text::Codec::train(kTargets, options)};
  fit_config(config, codecs);
  Translator translator(config, codecs);
  enlarge(translator.model(), 4);  // so that sentences differ
  return translator;
}

inline void save(const Translator& translator, const std::filesystem::path& folder) {
  translator.save_config(folder);
  translator.save_vocabularies(folder);
  translator.save_parameters(folder);
}

inline std::vector<std::string> texts(const Translator& translator, const SearchConfig& search) {
  std::vector<std::string> all;
  for (const auto& translations : translator.translate(kLines, search))
    for (const Translation& translation : translations) all.push_back(translation.text);
  return all;
}

}  // namespace babelgrad
