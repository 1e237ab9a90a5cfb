#include "babelgrad/text/tokenizer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "babelgrad/text/sentencepiece_model.h"
#include "babelgrad/text/shuffle.h"
#include "babelgrad/text/unicode.h"
#include "tests/text/helpers.h"

namespace babelgrad::text {
namespace {

using Tokens = std::vector<std::string>;

std::vector<std::string> training_lines() {
  const Tokens subjects = {"Le chat", "La chienne", "Un étudiant", "Ma voisine", "L'eau"};
  const Tokens verbs = {"mange", "regarde", "n'aime pas", "traverse", "cherchait"};
  const Tokens objects = {"la maison.", "le Château !", "une pomme rouge,", "des livres", "Été"};
  std::vector<std::string> lines;
  for (const auto& s : subjects)
    for (const auto& v : verbs)
      for (const auto& o : objects) lines.push_back(s + " " + v + " " + o);
  return lines;
}

std::string joined(const Tokens& tokens) {
  std::string line;
  for (const auto& token : tokens) line += token;
  return line;
}

TEST_CASE("words: tokenised text keeps its tokens") {
  const auto words = make_word_tokenizer(WordSplit::whitespace);
  CHECK(words->tokenize("  L&apos;eau  est\u00a0l@-@à ,") ==
        Tokens{"L&apos;eau", "est", "l@-@à", ","});
  CHECK(words->detokenize({"a", "b", "."}) == "a b .");
  CHECK(words->detokenize({}) == "");
  CHECK(words->kind() == TokenizerKind::words);
  CHECK(words->model().empty());
  CHECK(words->inventory().empty());
}

TEST_CASE("words: raw text is lower-cased and split") {
  const auto words = make_word_tokenizer(WordSplit::unicode);
  CHECK(words->tokenize("Qu'est-ce que l'ÉTÉ?") ==
        Tokens{"qu'", "est", "-ce", "que", "l'", "été", "?"});
  CHECK(words->detokenize({"qu'", "est", "-ce", "que", "l'", "été", "?"}) ==
        "qu'est-ce que l'été?");
}

TEST_CASE("chars: one code point a token, spaces too") {
  const auto chars = make_char_tokenizer();
  CHECK(chars->tokenize("Été 你") == Tokens{"É", "t", "é", " ", "你"});
  CHECK(chars->detokenize(chars->tokenize("a  b\té")) == "a  b\té");
  CHECK(chars->kind() == TokenizerKind::chars);
}

TEST_CASE("a line of a million tokens is tokenised") {
  std::string line;
  for (int i = 0; i < 1'000'000; ++i) line += "mot ";
  CHECK(make_word_tokenizer(WordSplit::whitespace)->tokenize(line).size() == 1'000'000);
  CHECK(make_word_tokenizer(WordSplit::unicode)->tokenize(line).size() == 1'000'000);
  CHECK(make_char_tokenizer()->tokenize(line).size() == 4'000'000);
  for (const auto kind : {TokenizerKind::bpe, TokenizerKind::unigram}) {
    const auto model = train_sentencepiece(kind, training_lines(), 80);
    CHECK(make_sentencepiece_tokenizer(kind, model, "m")->tokenize(line).size() >= 1'000'000);
  }
}

TEST_CASE("SentencePiece trains in memory, the same each time, and reloads") {
  for (const auto kind : {TokenizerKind::bpe, TokenizerKind::unigram}) {
    CAPTURE(static_cast<int>(kind));
    const auto lines = training_lines();
    const std::string model = train_sentencepiece(kind, lines, 48, true);
    CHECK(train_sentencepiece(kind, lines, 48, true) == model);
    const auto subwords = make_sentencepiece_tokenizer(kind, model, "m");
    CHECK(subwords->kind() == kind);
    CHECK(subwords->model() == model);
    CHECK(subwords->inventory().size() == 44);  // and the four special tokens

    const std::string line = "Le Château n'aime pas L'eau.";
    const Tokens pieces = subwords->tokenize(line);
    CHECK(joined(pieces) == "▁Le▁Château▁n'aime▁pas▁L'eau.");
    CHECK(pieces.size() < code_points(line).size());
    CHECK(subwords->detokenize(pieces) == line);
    const auto inventory = subwords->inventory();
    for (const auto& piece : pieces)
      CHECK(std::find(inventory.begin(), inventory.end(), piece) != inventory.end());
    CHECK(subwords->tokenize("").empty());
    CHECK(subwords->detokenize({"▁", "L", "<unk>"}) == "L<unk>");
    // NFKC: the ligature is taken apart, the no-break space becomes a space.
    CHECK(joined(subwords->tokenize("\ufb01n\u00a0L")) == "▁fin▁L");
  }
}

TEST_CASE("SentencePiece: a small corpus gives a smaller vocabulary, or an error if hard") {
  for (const auto kind : {TokenizerKind::bpe, TokenizerKind::unigram}) {
    CAPTURE(static_cast<int>(kind));
    const Tokens lines = {"le chat mange", "le chien mange", "un chat"};
    const auto subwords =
        make_sentencepiece_tokenizer(kind, train_sentencepiece(kind, lines, 8000), "m");
    const size_t possible = subwords->inventory().size() + 4;
    CHECK(possible > 12);
    CHECK(possible < 100);
    CHECK(error_of([&] { train_sentencepiece(kind, lines, 8000, true); }) ==
          "vocabulary of 8000 asked for, but the training text allows only " +
              std::to_string(possible));
    CHECK(error_of([&] { train_sentencepiece(kind, lines, 10); }) ==
          "vocabulary of 10 asked for, but the characters of the training text alone need 16");
  }
}

TEST_CASE("SentencePiece: text that teaches nothing is an error, never a crash") {
  for (const auto kind : {TokenizerKind::bpe, TokenizerKind::unigram}) {
    const Tokens blank = {"", "  ", "\u200b", "\u2585a", std::string(70000, 'a')};
    CHECK(error_of([&] { train_sentencepiece(kind, {}, 100); }) ==
          "no training text to learn subwords from");
    CHECK(error_of([&] { train_sentencepiece(kind, blank, 100); }) ==
          "no training text to learn subwords from");
    for (const Tokens& lines :
         {Tokens{"a"}, {"aa"}, {"a b"}, {"", "?", "\u200b"}, {"ab", "\u2581"}}) {
      const auto model = train_sentencepiece(kind, lines, 100);
      CHECK(!make_sentencepiece_tokenizer(kind, model, "m")->tokenize("a").empty());
    }
  }
  CHECK(error_of<std::invalid_argument>([] {
          train_sentencepiece(TokenizerKind::words, {"a"}, 100);
        }) == "train_sentencepiece: kind is neither bpe nor unigram");
}

TEST_CASE("bytes that are no SentencePiece model are named") {
  for (const std::string bytes : {"", "not a model"})
    CHECK(error_of([&] { make_sentencepiece_tokenizer(TokenizerKind::bpe, bytes, "m/x.spm"); }) ==
          "m/x.spm: not a SentencePiece model");
  const std::string model = train_sentencepiece(TokenizerKind::bpe, training_lines(), 80);
  const std::string half = model.substr(0, model.size() / 2);
  CHECK(error_of([&] { make_sentencepiece_tokenizer(TokenizerKind::bpe, half, "m/x.spm"); }) ==
        "m/x.spm: not a SentencePiece model");
}

// SentencePiece itself follows such a map to wherever it leads.
TEST_CASE("a SentencePiece model whose character map leads outside itself is refused") {
  const std::string model = train_sentencepiece(TokenizerKind::unigram, training_lines(), 80);
  const size_t name = model.find("nmt_nfkc");
  REQUIRE(name != std::string::npos);
  REQUIRE(model.size() > name + 200000);
  SplitMix64 random(1);
  size_t refused = 0;
  for (int k = 0; k < 200; ++k) {
    std::string damaged = model;
    const size_t at = name + 20 + random.below(200000);
    for (size_t i = 0; i < 4; ++i) damaged[at + i] = static_cast<char>(random.below(256));
    CAPTURE(at);
    try {
      const auto subwords = make_sentencepiece_tokenizer(TokenizerKind::unigram, damaged, "m");
      for (const auto& line : training_lines()) subwords->tokenize(line + " \u4f60 \uff21a\u0301");
    } catch (const InputError& error) {
      CHECK(std::string(error.what()) == "m: not a SentencePiece model");
      ++refused;
    }
  }
  CHECK(refused > 20);
  CHECK(refused < 200);
  CHECK(is_safe_sentencepiece_model(model));
  std::string root = model;  // behind the name: the map's tag, length, and the trie's size
  root.replace(name + 16, 4, "\xff\xff\xff\xff");
  CHECK_FALSE(is_safe_sentencepiece_model(root));
  CHECK(is_safe_sentencepiece_model(""));
  for (const std::string_view message : {"\x1a", "\x1a\x05\x12\x03\x01\x02\x03", "\x80", "\x0b"})
    CHECK_FALSE(is_safe_sentencepiece_model(message));
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value > 127; value >>= 7) bytes += static_cast<char>((value & 127) | 128);
  return bytes + static_cast<char>(value);
}

// A field of a message of Protocol Buffers.
std::string field(std::uint64_t number, const std::string& bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + bytes;
}

// A character map in which a, aa, aaa and so on, `entries` of them, become nothing. Each has a
// block of the trie to itself; behind the last one it goes on in the block `last`.
std::string nested_map(std::uint32_t entries, std::uint32_t last) {
  std::vector<std::uint32_t> units(256 * (entries + 2), 0);
  units[0] = 256u << 10;  // the root, and where its children are
  units[256] = 1u << 31;  // or a zero would lead on to itself
  for (std::uint32_t i = 1; i <= entries; ++i) {
    const std::uint32_t at = 256 * i ^ 'a', next = 256 * (i < entries ? i + 1 : last);
    units[at] = (at ^ next) << 10 | 1u << 8 | 'a';
    units[next] = 1u << 31;
  }
  const std::uint32_t bytes = static_cast<std::uint32_t>(4 * units.size());
  std::string map(4 + bytes, '\0');
  std::memcpy(map.data(), &bytes, 4);
  std::memcpy(map.data() + 4, units.data(), bytes);
  return map + '\0';
}

// There is room for 32 entries, and for 64 pieces; whoever builds a model takes care of it.
TEST_CASE("a SentencePiece model in which too much begins at one place is refused") {
  const std::string model = train_sentencepiece(TokenizerKind::unigram, training_lines(), 80);
  const auto with_map = [&](const std::string& map) { return model + field(3, field(2, map)); };
  const auto tokens = [](const std::string& bytes, const std::string& line) {
    return make_sentencepiece_tokenizer(TokenizerKind::unigram, bytes, "m")->tokenize(line);
  };
  CHECK(!tokens(with_map(nested_map(32, 33)), std::string(100, 'a') + "b").empty());
  CHECK_FALSE(is_safe_sentencepiece_model(with_map(nested_map(33, 34))));
  CHECK_FALSE(is_safe_sentencepiece_model(with_map(nested_map(5, 3))));  // a circle

  const auto with_pieces = [&](std::size_t count) {
    std::string bytes = model, piece;
    for (std::size_t i = 0; i < count; ++i) {
      piece += "qz";
      bytes += field(1, field(1, piece) + '\x18' + '\x04');  // user-defined
    }
    return bytes;
  };
  std::string line;
  for (int i = 0; i < 500; ++i) line += "qz";
  CHECK(!tokens(with_pieces(64), line).empty());
  CHECK_FALSE(is_safe_sentencepiece_model(with_pieces(65)));
}

TEST_CASE("a SentencePiece model with a piece that is no text is refused") {
  const std::string model = train_sentencepiece(TokenizerKind::unigram, training_lines(), 80);
  const std::string piece = field(1, std::string(1, '\0')) + '\x15' + std::string(4, '\0');
  CHECK(error_of([&] {
          make_sentencepiece_tokenizer(TokenizerKind::unigram, model + field(1, piece), "m");
        }) == "m: not a SentencePiece model");
}

TEST_CASE("a SentencePiece model's fields have one meaning") {
  const std::string map = field(2, nested_map(33, 34));
  const std::string longer = "\x9a\x80\x80\x80\x10" + varint(map.size()) + map;  // 3, and bit 32
  CHECK_FALSE(is_safe_sentencepiece_model(longer));
  CHECK_FALSE(is_safe_sentencepiece_model(field(0, "x")));
  CHECK(is_safe_sentencepiece_model(field(200, "x")));  // an extension
}

TEST_CASE("sampled segmentations vary with the seed only and keep the text") {
  const auto lines = training_lines();
  for (const auto kind : {TokenizerKind::bpe, TokenizerKind::unigram}) {
    CAPTURE(static_cast<int>(kind));
    const auto subwords =
        make_sentencepiece_tokenizer(kind, train_sentencepiece(kind, lines, 80), "m");
    const float alpha = 0.2f;
    const auto first = tokenize_sampled(*subwords, lines, alpha, 1);
    CHECK(tokenize_sampled(*subwords, lines, alpha, 1) == first);
    CHECK(tokenize_sampled(*subwords, lines, alpha, 2) != first);
    REQUIRE(first.size() == lines.size());
    for (size_t i = 0; i < lines.size(); ++i) CHECK(subwords->detokenize(first[i]) == lines[i]);
    CHECK(tokenize_sampled(*subwords, {}, alpha, UINT32_MAX).empty());
    CHECK(tokenize_sampled(*subwords, {""}, alpha, 1) == std::vector<Tokens>{{}});
  }
  CHECK(error_of<std::invalid_argument>([&] {
          tokenize_sampled(*make_char_tokenizer(), lines, 0.1f, 1);
        }) == "tokenize_sampled: not a SentencePiece tokenizer");
}

}  // namespace
}  // namespace babelgrad::text
