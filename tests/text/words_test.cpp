#include "babelgrad/text/words.h"

#include <doctest/doctest.h>

#include "babelgrad/text/spellings.h"
#include "babelgrad/text/vocabulary.h"

namespace babelgrad::text {
namespace {

using Strings = std::vector<std::string>;
using Indices = std::vector<size_t>;

TEST_CASE("words of a line: of words, of subwords, of characters") {
  const LineWords words = group_words({"le", "chat", ","}, TokenizerKind::words);
  CHECK(words.words == Strings{"le", "chat", ","});
  CHECK(words.of_token == Indices{0, 1, 2});
  const LineWords pieces =
      group_words({"▁le", "▁ch", "at", "▁", "é", "té", "▁"}, TokenizerKind::bpe);
  CHECK(pieces.words == Strings{"le", "chat", "été"});
  CHECK(pieces.of_token == Indices{0, 1, 1, 2, 2, 2, kNoWord});
  CHECK(group_words({"s", "▁le"}, TokenizerKind::unigram).words == Strings{"s", "le"});
  const LineWords chars = group_words({"l", "e", " ", "\u00a0", "m"}, TokenizerKind::chars);
  CHECK(chars.words == Strings{"le", "m"});
  CHECK(chars.of_token == Indices{0, 0, 1, 1, 1});
  CHECK(group_words({}, TokenizerKind::bpe).words.empty());
}

TEST_CASE("attention of words: summed over the source's pieces, averaged over the target's") {
  const LineWords source = group_words({"▁a", "b", "▁c"}, TokenizerKind::bpe);
  const LineWords target = group_words({"▁x", "y", "▁z"}, TokenizerKind::bpe);
  // Columns a, b, c, eos. x looks most at c, but a and b are one word; with y it is c all the same.
  const std::vector<std::vector<float>> weights{
      {0.3f, 0.25f, 0.4f, 0.05f}, {0.1f, 0.1f, 0.7f, 0.1f}, {0.1f, 0.1f, 0.2f, 0.6f}, {0, 0, 0, 1}};
  CHECK(word_attention(weights[0], source)[0] == doctest::Approx(0.55));
  CHECK(attended_words({weights[0]}, source, {{"x"}, {0}}) == Indices{0});
  CHECK(attended_words(weights, source, target) == Indices{1, 2});
  CHECK(word_links(weights, source, target) == Alignment{{1, 0}});  // z looks at eos
  CHECK(format_alignment({{0, 0}, {1, 2}}) == "0-0 1-2");
  CHECK(format_alignment({}) == "");
  CHECK(word_links({}, source, {}).empty());
  CHECK(token_links({{0, 0}, {1, 1}}, source, target) ==
        Alignment{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 2}});
  CHECK_THROWS_AS(token_links({{0, 2}}, source, target), std::out_of_range);
  CHECK_THROWS_AS(token_links({{2, 0}}, source, target), std::out_of_range);
}

TEST_CASE("spellings: of what text the tokens are the beginning, or begin it") {
  const Codec codec(make_word_tokenizer(WordSplit::whitespace), Vocabulary({{"a", 2}, {"ab", 1}}));
  const Spellings words(codec);
  CHECK(!words.has_pieces());
  CHECK(words.begins_word(4));
  CHECK(words.beginning_with(" a").size() == 2);
  CHECK(words.beginning_with(" ab").size() == 1);
  CHECK(words.beginning_with("a").empty());
  CHECK(words.beginnings_of(" ab c") == std::vector<std::pair<int32_t, size_t>>{{4, 2}, {5, 3}});
  CHECK(words.length(5) == 3);
  CHECK(words.length(kEos) == 0);
  CHECK(words.begins_word(kEos));
}

TEST_CASE("spellings: pieces that begin a word and that go on with one") {
  const Strings lines(20, "le chat le chien les chats");
  const Codec codec = Codec::train(lines, {.kind = TokenizerKind::bpe, .vocab_size = 20});
  const Spellings spellings(codec);
  CHECK(spellings.has_pieces());
  size_t begin = 0;
  for (auto id = kSpecials; id < static_cast<int32_t>(codec.size()); ++id) {
    const bool begins = codec.vocabulary().token(id).starts_with("▁");
    CHECK(spellings.begins_word(id) == begins);
    begin += begins;
    CHECK(spellings.length(id) ==
          spelling(codec.vocabulary().token(id), TokenizerKind::bpe).size());
  }
  CHECK(begin > 0);
  CHECK(spellings.beginning_with(" ").size() == begin);
  CHECK(spellings.beginning_with("").size() == codec.size() - kSpecials);
}

}  // namespace
}  // namespace babelgrad::text
