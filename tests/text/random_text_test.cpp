// What holds for any text: lines of random characters of many scripts through tokenizers, normal
// forms and scores.
#include <doctest/doctest.h>

#include <iterator>

#include "babelgrad/text/bleu.h"
#include "babelgrad/text/chrf.h"
#include "babelgrad/text/codec.h"
#include "babelgrad/text/shuffle.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::text {
namespace {

using Lines = std::vector<std::string>;

void append_utf8(std::string& line, std::uint32_t point) {
  const auto add = [&](std::uint32_t byte) { line += static_cast<char>(byte); };
  const auto add_rest = [&](int shift) { add(0x80 | (point >> shift & 0x3f)); };
  if (point < 0x80) return add(point);
  if (point < 0x800) {
    add(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      add(0xe0 | point >> 12);
    } else {
      add(0xf0 | point >> 18);
      add_rest(12);
    }
    add_rest(6);
  }
  add_rest(0);
}

// First and last code point of what a line is made of: letters, marks, signs, spaces.
constexpr std::uint32_t kScripts[][2] = {
    {' ', ' '},          {'!', '/'},       {'0', '9'},         {'a', 'z'},
    {'A', 'Z'},          {0xa0, 0xff},     {0x100, 0x17f},     {0x300, 0x36f},
    {0x370, 0x3ff},      {0x400, 0x4ff},   {0x590, 0x6ff},     {0x900, 0x97f},
    {0xe00, 0xe7f},      {0x1e00, 0x1eff}, {0x2000, 0x206f},   {0x3040, 0x30ff},
    {0x4e00, 0x9fff},    {0xac00, 0xd7a3}, {0xe000, 0xf8ff},   {0xfe00, 0xfe0f},
    {0xff01, 0xff5e},    {0xfffd, 0xffff}, {0x1d400, 0x1d7ff}, {0x1f1e6, 0x1f64f},
    {0x10fff0, 0x10ffff}};

// Half of its characters are ASCII letters and spaces.
std::string random_line(SplitMix64& random) {
  std::string line;
  for (std::uint64_t left = random.below(40); left > 0; --left) {
    const auto& [first, last] = kScripts[random.below(std::size(kScripts))];
    if (random.below(2))
      append_utf8(line, first + static_cast<std::uint32_t>(random.below(last - first + 1)));
    else
      line += "etaoin srl  ,'."[random.below(15)];
  }
  return line;
}

Lines random_lines(std::uint64_t seed, std::size_t count) {
  SplitMix64 random(seed);
  Lines lines;
  while (lines.size() < count) lines.push_back(random_line(random));
  return lines;
}

std::string concatenated(const Lines& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token;
  return text;
}

// split_words gives the two apostrophes back as one where it knows what they are.
std::string with_one_apostrophe(std::string text) {
  for (std::size_t at; (at = text.find("\u2019")) != std::string::npos;) text.replace(at, 3, "'");
  return text;
}

TEST_CASE("random text: characters and words lose nothing but spaces") {
  const auto chars = make_char_tokenizer();
  const auto words = make_word_tokenizer(WordSplit::whitespace);
  const auto raw = make_word_tokenizer(WordSplit::unicode);
  for (const std::string& line : random_lines(1, 3000)) {
    CAPTURE(line);
    CHECK_NOTHROW(require_valid_utf8(line, "here", 1));
    CHECK(chars->detokenize(chars->tokenize(line)) == line);
    const Lines tokens = words->tokenize(line);
    CHECK(words->tokenize(words->detokenize(tokens)) == tokens);
    CHECK(with_one_apostrophe(concatenated(raw->tokenize(line))) ==
          with_one_apostrophe(concatenated(split_whitespace(lowercase(line)))));
    const std::string composed = nfc(line);
    CHECK(nfc(composed) == composed);
    CHECK(nfc(line + "e") == nfc(composed + "e"));
  }
}

// SentencePiece's normal form of a few texts (a compatibility character before a mark) is another
// text of which that is not yet the normal form.
TEST_CASE("random text: subwords give back what they normalised, in two rounds at most") {
  const Lines lines = random_lines(2, 2000);
  for (const TokenizerKind kind : {TokenizerKind::bpe, TokenizerKind::unigram}) {
    CodecOptions options;
    options.kind = kind;
    options.vocab_size = 12000;
    const Codec codec = Codec::train(lines, options);
    for (const std::string& line : lines) {
      CAPTURE(line);
      const auto round = [&](const std::string& text) { return codec.decode(codec.encode(text)); };
      const std::string twice = round(round(line));
      CHECK(round(twice) == twice);
    }
    CHECK(codec.decode(codec.encode("rest in peace , sir .")) == "rest in peace , sir .");
  }
}

TEST_CASE("random text: scores of a text with itself, in any order, within their bounds") {
  const Lines lines = random_lines(3, 400);
  Lines others = random_lines(4, 400);
  for (std::size_t i = 0; i < lines.size(); i += 3) others[i] = lines[i];
  for (const BleuTokenizer tokenizer : {BleuTokenizer::none, BleuTokenizer::mteval_13a,
                                        BleuTokenizer::international, BleuTokenizer::character}) {
    CHECK(corpus_bleu(lines, lines, tokenizer).score == doctest::Approx(100));
    const double score = corpus_bleu(others, lines, tokenizer).score;
    CHECK((score > 0 && score < 100));
    Lines reordered_lines = lines, reordered_others = others;
    SplitMix64 one(5), same(5);
    shuffle(reordered_lines, one);
    shuffle(reordered_others, same);
    CHECK(corpus_bleu(reordered_others, reordered_lines, tokenizer).score ==
          doctest::Approx(score).epsilon(1e-12));
  }
  CHECK(corpus_chrf(lines, lines) == doctest::Approx(100));
  const double chrf = corpus_chrf(others, lines);
  CHECK((chrf > 0 && chrf < 100));
}

}  // namespace
}  // namespace babelgrad::text
