#include "babelgrad/text/unicode.h"

#include <doctest/doctest.h>

#include "babelgrad/text/error.h"
#include "tests/text/helpers.h"

namespace babelgrad::text {
namespace {

using Parts = std::vector<std::string>;

TEST_CASE("require_valid_utf8 names the first bad byte") {
  const auto error = [](std::string_view line) {
    return error_of([&] { require_valid_utf8(line, "corpus.fr", 12); });
  };
  CHECK(error("") == "(no error)");
  CHECK(error("caf\u00e9 \u4f60\u597d \U0001F600 \U0010FFFF \uFFFE") == "(no error)");
  CHECK(error("123456\xff") == "corpus.fr:12: invalid UTF-8 at byte 7");
  CHECK(error("\xc3") == "corpus.fr:12: invalid UTF-8 at byte 1");              // cut off
  CHECK(error("a\xe2\x82") == "corpus.fr:12: invalid UTF-8 at byte 2");         // cut off
  CHECK(error("\x80") == "corpus.fr:12: invalid UTF-8 at byte 1");              // stray
  CHECK(error("\xc0\xaf") == "corpus.fr:12: invalid UTF-8 at byte 1");          // overlong
  CHECK(error("\xe0\x80\xaf") == "corpus.fr:12: invalid UTF-8 at byte 1");      // overlong
  CHECK(error("\xed\xa0\x80") == "corpus.fr:12: invalid UTF-8 at byte 1");      // surrogate
  CHECK(error("\xf4\x90\x80\x80") == "corpus.fr:12: invalid UTF-8 at byte 1");  // beyond U+10FFFF
  CHECK(error(std::string_view("\u00e9\0", 3)) == "corpus.fr:12: NUL byte at byte 3");
}

TEST_CASE("code_points takes a string apart and loses nothing") {
  CHECK(code_points("").empty());
  CHECK(code_points("aé你\U0001F600") == Parts{"a", "é", "你", "\U0001F600"});
  CHECK(code_points("e\u0301") == Parts{"e", "\u0301"});
  CHECK(code_points("a\xff\xc3") == Parts{"a", "\xff", "\xc3"});
}

TEST_CASE("nfc composes what can be composed, and nothing else") {
  CHECK(nfc("").empty());
  CHECK(nfc("plain text") == "plain text");
  CHECK(nfc("cafe\u0301 a\u030a") == "caf\u00e9 \u00e5");
  CHECK(nfc("\u00e9") == "\u00e9");
  CHECK(nfc("\u212b \u1100\u1161") ==
        "\u00c5 \uac00");  // the sign for angstroms, a Korean syllable
  CHECK(nfc("\ufb01 \u00bd x\u0301") == "\ufb01 \u00bd x\u0301");  // no compatibility forms
  CHECK(nfc("e\u0301\xff") == "e\u0301\xff");
}

TEST_CASE("lowercase knows more than ASCII") {
  CHECK(lowercase("ÉCOLE Straße ΑΒΓ ДОМ 123 你") == "école straße αβγ дом 123 你");
  CHECK(lowercase("A\xff") == "a\xff");
}

TEST_CASE("split_whitespace splits where Python's str.split does") {
  CHECK(split_whitespace("").empty());
  CHECK(split_whitespace(" \t ").empty());
  CHECK(split_whitespace("  a b\tc  ") == Parts{"a", "b", "c"});
  CHECK(split_whitespace("a\u00a0b\u202fc\u3000d\u2028e\u0085f\x1cg") ==
        Parts{"a", "b", "c", "d", "e", "f", "g"});
  CHECK(split_whitespace("a\u200bb \ufeffc") == Parts{"a\u200bb", "\ufeffc"});
}

TEST_CASE("split_words: words, punctuation, elisions, hyphens, numbers") {
  CHECK(split_words("").empty());
  CHECK(split_words("Hello, world!") == Parts{"Hello", ",", "world", "!"});
  CHECK(split_words("l'eau qu'il L’été") == Parts{"l'", "eau", "qu'", "il", "L'", "été"});
  CHECK(split_words("don't aujourd'hui o'clock") == Parts{"don't", "aujourd'hui", "o'clock"});
  CHECK(split_words("n'est-ce pas ?") == Parts{"n'", "est", "-ce", "pas", "?"});
  CHECK(split_words("parlez-vous -5 a--b a-") ==
        Parts{"parlez", "-vous", "-", "5", "a", "-", "-", "b", "a", "-"});
  CHECK(split_words("3.14 1,000,000 a.b 5.") ==
        Parts{"3.14", "1,000,000", "a", ".", "b", "5", "."});
  CHECK(split_words("«oui» 'x' dogs' ...") ==
        Parts{"«", "oui", "»", "'", "x", "'", "dogs", "'", ".", ".", "."});
  CHECK(split_words("e\u0301te\u0301\u00a0? x² \U0001F600") ==
        Parts{"e\u0301te\u0301", "?", "x²", "\U0001F600"});
}

TEST_CASE("join_words undoes split_words") {
  for (const std::string line :
       {"l'eau n'est-elle pas claire?", "don't (really) go, [now]: 3.14!", "well-known, isn't it."})
    CHECK(join_words(split_words(line)) == line);
  CHECK(join_words({}) == "");
  CHECK(join_words({",", "a"}) == ", a");
  CHECK(join_words({"a", "-", "b", "'", "c"}) == "a - b ' c");
}

}  // namespace
}  // namespace babelgrad::text
