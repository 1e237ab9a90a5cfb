// Tokens and their numbers.
//
// File format (UTF-8 text): a header line
//   #babelgrad-vocabulary 1 size=<V> checksum=<16 hex digits>
// then V lines `token<TAB>frequency`, line by line in id order, the first four being the special
// tokens. In tokens a backslash is written \\, tab \t, newline \n, carriage return \r, space \s.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace babelgrad::text {

inline constexpr int32_t kPad = 0;  // fills batches; never a token of a sentence
inline constexpr int32_t kUnk = 1;  // any token that is not in the vocabulary
inline constexpr int32_t kBos = 2;  // what the decoder reads first
inline constexpr int32_t kEos = 3;  // ends every source and target
inline constexpr int32_t kSpecials = 4;

using TokenCounts = std::unordered_map<std::string, uint64_t>;

// Immutable and thread-safe.
class Vocabulary {
 public:
  // The four special tokens only.
  Vocabulary() : Vocabulary(TokenCounts{}) {}

  // The special tokens, then the tokens seen at least `min_count` times by falling frequency (ties
  // in byte order), as many as make size() <= max_size (0: no limit; the four specials count).
  // The frequency of kUnk is the sum over the tokens left out; the other specials have 0.
  explicit Vocabulary(const TokenCounts& counts, uint64_t min_count = 1, size_t max_size = 0);

  // kUnk if absent. The specials' names ("</s>" ...) in text are ordinary tokens, so text cannot
  // smuggle in an end of sentence.
  int32_t id(std::string_view token) const;
  // The names of the specials are <pad>, <unk>, <s>, </s>. Throws std::out_of_range.
  const std::string& token(int32_t id) const;
  std::vector<std::string> tokens(const std::vector<int32_t>& ids) const;
  // How often the training text has it.
  uint64_t frequency(int32_t id) const;
  size_t size() const { return tokens_.size(); }

  // `sealed_with` is the content of a file that belongs to this one (the SentencePiece model); the
  // checksum covers both, and load must be given the same bytes.
  void save(const std::filesystem::path& path, std::string_view sealed_with = {}) const;
  // Throws InputError for a missing file and for any line that save would not have written:
  //   "m/source.vocab:1: not a vocabulary file of version 1"
  //   "m/source.vocab:7: expected token, tab, frequency"   (also an empty token, a bad escape)
  //   "m/source.vocab:7: the frequency is not a number"
  //   "m/source.vocab:7: token 'chat' was already on line 5"
  //   "m/source.vocab:2: expected the special token <pad>"
  //   "m/source.vocab: has 5 tokens, but its first line says 8; the file is damaged"
  //   "m/source.vocab: the checksum does not match; the file is damaged"
  //   "...; the file or the SentencePiece model beside it is damaged" (if sealed)
  static Vocabulary load(const std::filesystem::path& path, std::string_view sealed_with = {});

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };

  void push(std::string token, uint64_t frequency);
  std::string body() const;

  std::vector<std::string> tokens_;                                      // [V]
  std::vector<uint64_t> frequencies_;                                    // [V]
  std::unordered_map<std::string, int32_t, Hash, std::equal_to<>> ids_;  // without the specials
};

}  // namespace babelgrad::text
