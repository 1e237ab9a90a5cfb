#include "babelgrad/text/codec.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/text/helpers.h"

namespace babelgrad::text {
namespace {

using Ids = std::vector<int32_t>;

const std::vector<std::string> kLines = {"le chat mange la souris", "le chien voit le chat",
                                         "la souris voit un chien noir", "Été à la mer"};

TEST_CASE("words: encode, decode, unknown words, specials") {
  const Codec codec = Codec::train(kLines, {});
  const Ids ids = codec.encode("le chat voit la girafe");
  CHECK(ids.back() == kUnk);
  CHECK(codec.decode(ids) == "le chat voit la <unk>");
  CHECK(codec.encode("").empty());
  CHECK(codec.encode("</s> <pad> <s> <unk>") == Ids{kUnk, kUnk, kUnk, kUnk});
  CHECK(codec.decode({kBos, codec.encode("le")[0], kPad, codec.encode("chat")[0], kEos, 5}) ==
        "le chat");
  CHECK(codec.decode({}) == "");
  CHECK_THROWS_AS(codec.decode({1000}), std::out_of_range);
  CHECK(codec.tokens("a b") == std::vector<std::string>{"a", "b"});
  CHECK(codec.vocabulary().frequency(codec.encode("le")[0]) == 3);
}

TEST_CASE("words and chars: minimum count and maximum size") {
  const Codec all = Codec::train(kLines, {.kind = TokenizerKind::chars});
  CHECK(all.decode(all.encode("la mer")) == "la mer");
  const Codec frequent = Codec::train(kLines, {.min_count = 2});
  CHECK(frequent.encode("mange le") == Ids{kUnk, 5});
  const Codec small = Codec::train(kLines, {.vocab_size = 6});
  CHECK(small.size() == 6);
  const Codec lower = Codec::train(kLines, {.word_split = WordSplit::unicode});
  CHECK(lower.decode(lower.encode("ÉTÉ, le chat")) == "été <unk> le chat");
}

TEST_CASE("subwords: every piece has an id") {
  for (const auto kind : {TokenizerKind::bpe, TokenizerKind::unigram}) {
    const Codec codec = Codec::train(kLines, {.kind = kind, .vocab_size = 28});
    CHECK(codec.size() == 28);
    for (const auto& piece : codec.tokenizer().inventory())
      CHECK(codec.vocabulary().id(piece) != kUnk);
    CHECK(codec.decode(codec.encode("Été chat mangerais noir")) == "Été chat mangerais noir");
    CHECK(codec.encode("</s>") != Ids{kEos});
    CHECK(codec.decode(codec.encode("la Ω")) == "la <unk>");
  }
  CHECK(error_of([] {
          Codec::train(kLines,
                       {.kind = TokenizerKind::bpe, .vocab_size = 5000, .hard_limit = true});
        }).starts_with("vocabulary of 5000 asked for, but the training text allows only "));
}

TEST_CASE("a saved codec loads and encodes the same") {
  const TemporaryFolder folder;
  for (const auto kind :
       {TokenizerKind::words, TokenizerKind::chars, TokenizerKind::bpe, TokenizerKind::unigram}) {
    const CodecOptions options{.kind = kind, .word_split = WordSplit::unicode, .vocab_size = 40};
    const Codec codec = Codec::train(kLines, options);
    const std::string name = "kind" + std::to_string(static_cast<int>(kind));
    codec.save(folder.path(), name);
    const Codec loaded = Codec::load(folder.path(), name, kind, WordSplit::unicode);
    CHECK(loaded.size() == codec.size());
    for (const auto& line : kLines) {
      CHECK(loaded.encode(line) == codec.encode(line));
      CHECK(loaded.decode(codec.encode(line)) == codec.decode(codec.encode(line)));
    }
    CHECK(std::filesystem::exists(folder.path() / (name + ".spm")) ==
          (kind == TokenizerKind::bpe || kind == TokenizerKind::unigram));
  }
}

TEST_CASE("a damaged codec names the file") {
  const TemporaryFolder folder;
  Codec::train(kLines, {.kind = TokenizerKind::bpe, .vocab_size = 40}).save(folder.path(), "joint");
  const auto error = [&] {
    return error_of([&] { Codec::load(folder.path(), "joint", TokenizerKind::bpe); }, &folder);
  };
  CHECK(error() == "(no error)");
  const std::string model = folder.read("joint.spm"), vocabulary = folder.read("joint.vocab");
  const std::string damaged =
      "joint.vocab: the checksum does not match; the file or the SentencePiece model beside it is "
      "damaged";
  for (const size_t at : {size_t{0}, model.size() / 2, model.size() - 1}) {
    std::string changed = model;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    folder.write("joint.spm", changed);
    CHECK(error() == damaged);
  }
  folder.write("joint.spm", model.substr(0, 1000));
  CHECK(error() == damaged);
  folder.write("joint.spm", "");
  CHECK(error() == "joint.vocab: the checksum does not match; the file is damaged");
  std::filesystem::remove(folder.path() / "joint.spm");
  CHECK(error() == "joint.spm: no such file");
  folder.write("joint.spm", model);
  folder.write("joint.vocab", vocabulary.substr(0, vocabulary.size() - 20));
  CHECK(error().starts_with("joint.vocab:"));
  std::filesystem::remove(folder.path() / "joint.vocab");
  CHECK(error() == "joint.vocab: no such file");
}

}  // namespace
}  // namespace babelgrad::text
