// Sides that are cut into tokens in different ways, and characters that can be written in several.
#include <doctest/doctest.h>

#include "tests/models/training/trainer_helpers.h"

namespace babelgrad {
namespace {

// Spelled words and their sounds; some accents are characters of their own.
const std::string kSpelled =
    "chat\tCH AE T\ncafe\u0301\tK AE F EY\nca\tS AH\nhat\tHH AE T\nfa\tF AA\n"
    "ta\tT AH\nche\u0301\tCH EY\nfe\u0301\tF EY\ncat\tK AE T\nacte\u0301\tAE K T EY\n";

Config letters_to_sounds(const TemporaryFolder& folder) {
  folder.write("pairs.tsv", kSpelled);
  Config config;
  config.data.tsv = {(folder.path() / "pairs.tsv").string()};
  config.data.source_tokenizer = text::TokenizerKind::chars;
  config.data.target_tokenizer = text::TokenizerKind::words;
  config.model.embedding = config.model.encoder_hidden = config.model.hidden = 6;
  config.training.metric = ValidationMetric::per;
  config.training.max_updates = 3;
  config.training.batch_size = 4;
  return config;
}

TEST_CASE("sides: letters to sounds, from a TSV as it comes") {
  const TemporaryFolder data, folder;
  Config config = letters_to_sounds(data);
  config.data.target_vocab_size = 9;
  Recorder recorder;
  train(config, folder.path(), false, recorder);
  const Translator translator = Translator::load(folder.path());
  const auto& codecs = translator.codecs();
  CHECK(codecs.source.tokens("chat") == std::vector<std::string>{"c", "h", "a", "t"});
  CHECK(codecs.target.tokens("CH AE T") == std::vector<std::string>{"CH", "AE", "T"});
  CHECK(codecs.target.size() == 9);
  CHECK(codecs.source.size() > 9);
  CHECK_FALSE(translator.config().data.joint_vocabulary);
  CHECK_FALSE(translator.config().model.share_embeddings);
  CHECK(translator.config().search.beam == config.search.beam);
  // Both ways to write a letter are one to the model.
  CHECK(translator.encode_source("cafe\u0301") == translator.encode_source("caf\u00e9"));
  CHECK(translator.encode_source("caf\u00e9").size() == 5);
  const auto ids = translator.encode_source("caf\u00e9").ids;
  CHECK(std::count(ids.begin(), ids.end(), text::kUnk) == 0);
}

TEST_CASE("sides: without normalization a letter and its accent are two characters") {
  const TemporaryFolder data, folder;
  Config config = letters_to_sounds(data);
  config.data.normalize = Normalization::none;
  train(config, folder.path(), false, 2);
  const Translator translator = Translator::load(folder.path());
  CHECK(translator.encode_source("cafe\u0301").size() == 6);
}

TEST_CASE("sides: subwords of one kind and size share a vocabulary, others do not") {
  DataConfig c;
  CHECK(c.is_joint());
  c.target_vocab_size = 500;
  CHECK_FALSE(c.is_joint());
  c.source_vocab_size = 500;
  CHECK(c.is_joint());
  c.target_tokenizer = text::TokenizerKind::unigram;
  CHECK_FALSE(c.is_joint());
  c.source_tokenizer = text::TokenizerKind::unigram;
  CHECK(c.is_joint());
  c.joint_vocabulary = false;
  CHECK_FALSE(c.is_joint());
  c = {};
  c.source_tokenizer = c.target_tokenizer = text::TokenizerKind::words;
  CHECK_FALSE(c.is_joint());
}

}  // namespace
}  // namespace babelgrad
