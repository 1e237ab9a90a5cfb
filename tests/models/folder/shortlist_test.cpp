#include "babelgrad/models/folder/shortlist.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/models/folder/translator_helpers.h"

namespace babelgrad {
namespace {

TEST_CASE("shortlist: special tokens, the most frequent, translations, unknown words themselves") {
  const text::Codec target =
      text::Codec::train({"c c c c b b b a a d Paris e"}, text::CodecOptions());
  const TemporaryFolder folder;
  const auto lexicon = std::make_shared<const text::Lexicon>(
      text::Lexicon::load(folder.write("l", "x\ta\t0.5\nx\td\t0.3\nx\te\t0.2\ny\tmany\t1\n")));
  const auto listed = [&](const std::vector<std::string>& source, const ShortlistSizes& sizes) {
    const auto words = Shortlist(lexicon, target, sizes).words(source);
    CHECK(std::is_sorted(words.begin(), words.end()));
    REQUIRE(words.size() >= text::kSpecials);
    std::vector<std::string> names = target.vocabulary().tokens(words);
    CHECK(names[text::kEos] == "</s>");
    names.erase(names.begin(), names.begin() + text::kSpecials);
    std::sort(names.begin(), names.end());
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(listed({}, {0, 9}) == Names{});
  CHECK(listed({}, {1, 9}) == Names{"c"});
  CHECK(listed({"x"}, {1, 9}) == Names{"a", "c", "d", "e"});
  CHECK(listed({"x", "x"}, {2, 2}) == Names{"a", "b", "c", "d"});
  CHECK(listed({"y", "x", "Paris", "zzz"}, {0, 1}) == Names{"Paris", "a"});
  CHECK(Shortlist(lexicon, target, {}).words({"y", "Paris", "zzz"}).empty());  // all
  CHECK(listed({"x"}, {1000, 0}).size() == target.size() - text::kSpecials);
}

TEST_CASE("shortlist: a translator keeps to it, with any kind of token, on any number of threads") {
  for (const auto& named : folder_configs()) {
    const Config& config = named.second;
    CAPTURE(named.first);
    Translator translator = make_translator(config);
    std::string lexicon;
    for (std::size_t i = 0; i < kLines.size(); ++i)
      for (const std::string& word : translator.source_words(kLines[i]).words)
        for (const std::string& other :
             line_words(config.data, translator.codecs().target, kTargets[i]).words)
          lexicon += word + "\t" + other + "\t0.25\n";
    const TemporaryFolder folder;
    const auto shortlist = std::make_shared<const Shortlist>(
        std::make_shared<text::Lexicon>(text::Lexicon::load(folder.write("l", lexicon))),
        translator.codecs().target, ShortlistSizes{.frequent = 0, .best = 100});
    translator.shorten(shortlist);
    WorkerPool pool(3);
    const auto alone = translator.translate(kLines, config.search);
    const auto together = translator.translate(kLines, config.search, {.pool = &pool});
    for (std::size_t i = 0; i < kLines.size(); ++i) {
      const auto words = shortlist->words(translator.source_words(kLines[i]).words);
      CHECK(words.size() < translator.codecs().target.size());
      CHECK(together[i][0].hypothesis.tokens == alone[i][0].hypothesis.tokens);
      CHECK(together[i][0].hypothesis.log_probability == alone[i][0].hypothesis.log_probability);
      for (const std::int32_t token : alone[i][0].hypothesis.tokens)
        CHECK(std::binary_search(words.begin(), words.end(), token));
      for (const std::int32_t token : translator.encode_target(kTargets[i]))
        if (config.data.target_tokenizer != text::TokenizerKind::chars)  // these have blanks, too
          CHECK(std::binary_search(words.begin(), words.end(), token));
    }
  }
}

}  // namespace
}  // namespace babelgrad
