// Text that translations must have, by every kind of token; unknown words taken from the source.
#include "babelgrad/models/folder/demand_reader.h"

#include <doctest/doctest.h>

#include "babelgrad/models/folder/unknown_words.h"
#include "babelgrad/text/unicode.h"
#include "tests/models/folder/translator_helpers.h"

namespace babelgrad {
namespace {

using LastWord = DemandReader::LastWord;

// Of each line, with such a demand.
std::vector<std::string> with_demands(const Translator& translator, SearchConfig search,
                                      const Demands& demands) {
  std::vector<std::string> texts;
  SearchOptions options;
  options.demands.assign(kLines.size(), demands);
  for (const auto& translations : translator.translate(kLines, search, options))
    for (const Translation& t : translations) texts.push_back(t.text);
  return texts;
}

bool has_words(const std::string& text, const std::string& words) {
  return (" " + text + " ").find(" " + words + " ") != std::string::npos;
}

TEST_CASE("demand reader: translations begin with a text, of any kind of token") {
  for (const auto& named : folder_configs()) {
    const Config& config = named.second;
    CAPTURE(named.first);
    const Translator translator = make_translator(config);
    const DemandReader reader(translator);
    const bool chars = config.data.target_tokenizer == text::TokenizerKind::chars;
    for (const bool sample : {false, true}) {
      SearchConfig search = config.search;
      search.sample = sample;
      search.beam = search.nbest = 3;
      for (const std::string prefix : {"the", "the dog", "you sleep you", "i am a"})
        for (const std::string& text :
             with_demands(translator, search, {reader.prefix(prefix, LastWord::whole, "p")})) {
          CAPTURE(text);
          CHECK(text.starts_with(prefix));
          if (!chars) CHECK((text + " ").starts_with(prefix + " "));  // not "the dogs"
        }
      for (const std::string prefix : {"the d", "t", "the dog e", "sl"})
        for (const std::string& text :
             with_demands(translator, search, {reader.prefix(prefix, LastWord::open, "p")})) {
          CAPTURE(text);
          CHECK(text.starts_with(prefix));
        }
    }
    CHECK(reader.prefix("", LastWord::whole, "p").empty());
    CHECK(reader.prefix(" ", LastWord::open, "p").empty() != chars);
  }
}

TEST_CASE("demand reader: translations have phrases, as whole words") {
  for (const auto& named : folder_configs()) {
    const Config& config = named.second;
    CAPTURE(named.first);
    const Translator translator = make_translator(config);
    const DemandReader reader(translator);
    const bool chars = config.data.target_tokenizer == text::TokenizerKind::chars;
    SearchConfig search = config.search;
    search.nbest = 2;
    const Demands demands{reader.prefix("she", LastWord::whole, "p"),
                          reader.phrases({"dog eats", "you", "sleep"}, "p")};
    for (const std::string& text : with_demands(translator, search, demands)) {
      CAPTURE(text);
      CHECK(text.starts_with("she"));
      for (const std::string phrase : {"dog eats", "you", "sleep"})
        CHECK((chars ? text.find(phrase) != std::string::npos : has_words(text, phrase)));
    }
  }
}

TEST_CASE("demand reader: what the model has no token for") {
  const Translator translator = make_translator(folder_configs()[0].second);
  const DemandReader reader(translator);
  const auto message = [](const auto& call) { return error_of<text::InputError>(call); };
  CHECK(message([&] { reader.prefix("the zyx", LastWord::whole, "--prefix"); }) ==
        "--prefix: the model has no token for 'zyx'");
  CHECK(message([&] { reader.prefix("zyx the", LastWord::open, "f:3"); }) ==
        "f:3: the model has no token for 'zyx'");
  CHECK(message([&] { reader.prefix("the zyx", LastWord::open, "f:3"); }) ==
        "f:3: the model has no word that begins with 'zyx'");
  CHECK(message([&] {
          reader.phrases({"the", "a zyx"}, "f:3");
        }) == "f:3: the model has no token for 'zyx'");
  CHECK(message([&] { reader.phrases({" "}, "f:3"); }) == "f:3: an empty phrase");
  std::string many = "the";
  for (std::size_t i = 0; i < kMostDemanded; ++i) many += " the";
  CHECK(message([&] { reader.phrases({many}, "f:3"); }) ==
        "f:3: phrases of 257 tokens; a translation may be asked for 256");
  CHECK(reader.phrases({}, "f:3").empty());
  const Translator pieces = make_translator(folder_configs()[2].second);
  CHECK(message([&] { DemandReader(pieces).phrases({"漢"}, "f:3"); }) ==
        "f:3: the model has no token for '漢'");
}

TEST_CASE("unknown words: copied, or by the lexicon, where the translation looked") {
  const Translator translator = make_translator(folder_configs()[0].second);
  const std::string line = "le zyx dort";
  const text::LineWords source =
      line_words(translator.config().data, translator.codecs().source, line);
  Translation t;
  t.target_tokens = {"the", "<unk>", "sleeps", "</s>"};
  for (const std::string& token : t.target_tokens)
    t.hypothesis.tokens.push_back(translator.codecs().target.vocabulary().id(token));
  t.hypothesis.tokens[3] = text::kEos;
  t.hypothesis.weights.assign(4, {0.1f, 0.3f, 0.2f, 0.4f});  // eos is no word to copy
  const text::Codec& target = translator.codecs().target;
  CHECK(replace_unknown(t, source, target, {}) == "the zyx sleeps");
  text::LexiconCounts counts;
  counts.add({"zyx", "zyx", "zyx"}, {"cat", "dog", "cat"}, {{0, 0}, {1, 1}, {2, 2}});
  CHECK(replace_unknown(t, source, target, counts.lexicon()) == "the cat sleeps");
  CHECK(replace_unknown(t, {}, target, {}) == "the <unk> sleeps");
  t.hypothesis.weights.clear();
  CHECK(replace_unknown(t, source, target, {}) == "the <unk> sleeps");

  const Translator pieces = make_translator(folder_configs()[2].second);
  t.target_tokens = {"▁", "<unk>", "s", "</s>"};
  t.hypothesis.tokens = {5, text::kUnk, 6, text::kEos};
  t.hypothesis.weights.assign(4, {0, 0, 1, 0, 0});
  const auto replaced = [&] {
    return replace_unknown(t, text::group_words({"▁l", "e", "▁zy", "x"}, text::TokenizerKind::bpe),
                           pieces.codecs().target, {});
  };
  CHECK(replaced() == "zyx");  // the whole word, once
  t.target_tokens = {"▁s", "<unk>", "<unk>", "</s>"};
  t.hypothesis.tokens = {5, text::kUnk, text::kUnk, text::kEos};
  CHECK(replaced() == "zyx");
}

TEST_CASE("translator: the words that belong together, of words and of subwords") {
  for (const auto& named : folder_configs()) {
    const Config& config = named.second;
    CAPTURE(named.first);
    const Translator translator = make_translator(config);
    const auto scored = translator.score(kLines, kTargets);
    for (std::size_t i = 0; i < kLines.size(); ++i) {
      std::size_t words = text::split_whitespace(kTargets[i]).size(), last = 0;
      const auto links = translator.links(kLines[i], kTargets[i], scored[i]);
      CHECK(links.size() <= words);  // a word that looks at eos has none
      for (const auto& [s, t] : links) {
        CHECK(s < text::split_whitespace(kLines[i]).size());
        CHECK(t < words);
        CHECK(s >= last);
        last = s;
      }
    }
  }
}

}  // namespace
}  // namespace babelgrad
