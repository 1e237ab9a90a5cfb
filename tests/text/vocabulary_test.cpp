#include "babelgrad/text/vocabulary.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "babelgrad/text/files.h"
#include "tests/text/helpers.h"

namespace babelgrad::text {
namespace {

TEST_CASE("specials first, then by falling frequency, ties in byte order") {
  const Vocabulary v({{"chat", 3}, {"le", 9}, {"a", 3}, {"rare", 1}, {"é", 3}});
  REQUIRE(v.size() == 9);
  const std::vector<std::string> expected = {"<pad>", "<unk>", "<s>", "</s>", "le",
                                             "a",     "chat",  "é",   "rare"};
  for (int32_t id = 0; id < 9; ++id) CHECK(v.token(id) == expected[static_cast<size_t>(id)]);
  CHECK(v.id("le") == 4);
  CHECK(v.id("é") == 7);
  CHECK(v.id("chien") == kUnk);
  CHECK(v.frequency(4) == 9);
  CHECK(v.frequency(kUnk) == 0);
  CHECK_THROWS_AS(v.token(9), std::out_of_range);
  CHECK_THROWS_AS(v.token(-1), std::out_of_range);
  CHECK_THROWS_AS(v.frequency(9), std::out_of_range);
}

TEST_CASE("minimum count and maximum size; what is left out counts as unk") {
  const TokenCounts counts = {{"a", 5}, {"b", 4}, {"c", 2}, {"d", 1}};
  const Vocabulary frequent(counts, 2);
  CHECK(frequent.size() == 7);
  CHECK(frequent.id("d") == kUnk);
  CHECK(frequent.frequency(kUnk) == 1);
  const Vocabulary small(counts, 2, 6);
  CHECK(small.size() == 6);
  CHECK(small.id("b") == 5);
  CHECK(small.id("c") == kUnk);
  CHECK(small.frequency(kUnk) == 3);
  CHECK(Vocabulary(counts, 1, 1).size() == 4);
  CHECK(Vocabulary().size() == 4);
}

TEST_CASE("text cannot name a special token") {
  const Vocabulary v({{"a", 1}});
  for (const char* name : {"<pad>", "<unk>", "<s>", "</s>"}) CHECK(v.id(name) == kUnk);
  const Vocabulary with_name({{"</s>", 2}, {"a", 1}});
  CHECK(with_name.id("</s>") == 4);
}

TEST_CASE("a saved vocabulary loads again, whatever its tokens") {
  const TemporaryFolder folder;
  const Vocabulary v({{" ", 12},
                      {"\t", 11},
                      {"\n", 10},
                      {"\\", 9},
                      {"\\t", 8},
                      {"a b", 7},
                      {"</s>", 6},
                      {"#x", 5},
                      {"\r", 4},
                      {"é\u00a0", 3},
                      {"\\s", 2}});
  v.save(folder.path() / "v.vocab");
  const Vocabulary loaded = Vocabulary::load(folder.path() / "v.vocab");
  REQUIRE(loaded.size() == v.size());
  for (int32_t id = 0; id < static_cast<int32_t>(v.size()); ++id) {
    CHECK(loaded.token(id) == v.token(id));
    CHECK(loaded.frequency(id) == v.frequency(id));
    if (id >= kSpecials) CHECK(loaded.id(v.token(id)) == id);
  }
  loaded.save(folder.path() / "again.vocab");
  CHECK(folder.read("again.vocab") == folder.read("v.vocab"));
}

TEST_CASE("the file is what its header comment says") {
  const TemporaryFolder folder;
  Vocabulary({{"le chat", 2}, {"\\", 1}}).save(folder.path() / "v");
  const std::string text = folder.read("v");
  CHECK(text.starts_with("#babelgrad-vocabulary 1 size=6 checksum="));
  CHECK(text.substr(text.find('\n')) ==
        "\n<pad>\t0\n<unk>\t0\n<s>\t0\n</s>\t0\nle\\schat\t2\n\\\\\t1\n");
}

TEST_CASE("every damaged vocabulary has its sentence") {
  const TemporaryFolder folder;
  const std::string header = "#babelgrad-vocabulary 1 size=6 checksum=0123456789abcdef\n";
  const std::string specials = "<pad>\t0\n<unk>\t0\n<s>\t0\n</s>\t0\n";
  const auto error = [&](const std::string& text) {
    const auto path = folder.write("v.vocab", text);
    return error_of([&] { Vocabulary::load(path); }, &folder);
  };
  CHECK(error_of([&] { Vocabulary::load(folder.path() / "none"); }, &folder) ==
        "none: no such file");
  const std::string no_header = "v.vocab:1: not a vocabulary file of version 1";
  CHECK(error("") == no_header);
  CHECK(error("<pad>\t0\n") == no_header);
  CHECK(error("#babelgrad-vocabulary 2 size=6 checksum=0123456789abcdef\n") == no_header);
  CHECK(error("#babelgrad-vocabulary 1 size=06 checksum=0123456789abcdef\n") == no_header);
  CHECK(error("#babelgrad-vocabulary 1 size=6 checksum=0123456789abcdef x\n") == no_header);

  const std::string malformed = "v.vocab:6: expected token, tab, frequency";
  for (const char* line : {"chat 3", "", "\t3", "a b\t3", "a\\x\t3", "a\\", "a\\\t3"})
    CHECK(error(header + specials + line + "\n") == malformed);
  for (const char* line : {"chat\t", "chat\tx", "chat\t-1", "chat\t3 ", "chat\t03", "chat\t3\t4",
                           "chat\t99999999999999999999", "chat\t3\r"})
    CHECK(error(header + specials + line + "\n") == "v.vocab:6: the frequency is not a number");
  CHECK(error(header + specials + "caf\xe9\t3\n") == "v.vocab:6: invalid UTF-8 at byte 4");
  CHECK(error(header + specials + "chat\t3\nle\t2\nchat\t1\n") ==
        "v.vocab:8: token 'chat' was already on line 6");
  CHECK(error(header + specials + "a\\nb\t3\na\\nb\t2\n") ==
        "v.vocab:7: token 'a\\nb' was already on line 6");
  CHECK(error(header + "<unk>\t0\n") == "v.vocab:2: expected the special token <pad>");
  CHECK(error(header + specials + "chat\t3\n") ==
        "v.vocab: has 5 tokens, but its first line says 6; the file is damaged");
  CHECK(error(header + specials + "chat\t3\nle\t2\n") ==
        "v.vocab: the checksum does not match; the file is damaged");
  CHECK(error("#babelgrad-vocabulary 1 size=0 checksum=cbf29ce484222325\n") ==
        "v.vocab: the checksum does not match; the file is damaged");
}

TEST_CASE("any changed byte of a vocabulary file is noticed") {
  const TemporaryFolder folder;
  Vocabulary({{"le", 9}, {"chat", 5}}).save(folder.path() / "v");
  const std::string text = folder.read("v");
  for (size_t i = 0; i < text.size(); ++i) {
    CAPTURE(i);
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto path = folder.write("changed", changed);
    CHECK_THROWS_AS(Vocabulary::load(path), InputError);
    CHECK_THROWS_AS(Vocabulary::load(folder.write("changed", text.substr(0, i))), InputError);
  }
}

TEST_CASE("a vocabulary can be sealed with a file beside it") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "v";
  Vocabulary({{"le", 9}}).save(path, "model bytes");
  CHECK(Vocabulary::load(path, "model bytes").size() == 5);
  CHECK(error_of([&] { Vocabulary::load(path, "model bytez"); }, &folder) ==
        "v: the checksum does not match; the file or the SentencePiece model beside it is damaged");
}

}  // namespace
}  // namespace babelgrad::text
