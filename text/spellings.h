// The tokens of a vocabulary by what they add to a line (spelling(), words.h).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "babelgrad/text/codec.h"

namespace babelgrad::text {

// Immutable and thread-safe. The special tokens have no spelling.
class Spellings {
 public:
  explicit Spellings(const Codec& codec);

  // Whether a word ends where this token follows: its spelling begins with a space, or it is eos;
  // any token where tokens are words or characters.
  bool begins_word(int32_t token) const { return begins_word_.at(static_cast<size_t>(token)); }
  // Whether some token goes on with a word: those of subwords.
  bool has_pieces() const { return has_pieces_; }

  // Bytes of a token's spelling; 0 of a special one's.
  size_t length(int32_t token) const { return lengths_.at(static_cast<size_t>(token)); }
  // The tokens whose spelling begins with `text`.
  std::span<const int32_t> beginning_with(std::string_view text) const;
  // The tokens with whose whole spelling `text` begins, and how many bytes that is.
  std::vector<std::pair<int32_t, size_t>> beginnings_of(std::string_view text) const;

 private:
  std::vector<std::string> sorted_;  // spellings in byte order
  std::vector<int32_t> tokens_;      // the token of each
  std::vector<size_t> lengths_;      // [V]
  std::vector<bool> begins_word_;    // [V]
  bool has_pieces_;
  size_t longest_ = 0;  // bytes
};

}  // namespace babelgrad::text
