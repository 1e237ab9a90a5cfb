// Prefix: what a translation must begin with.
#pragma once

#include <memory>
#include <optional>

#include "babelgrad/text/spellings.h"

namespace babelgrad {

// First some tokens; then, if a word is open, any tokens that together spell it, the last of which
// may spell more ("tr" may become "tree"); otherwise, among subwords, one that begins a word, or
// eos. Immutable and cheap to copy.
class Prefix {
 public:
  Prefix() = default;  // demands nothing
  // open_word: as spellings have it, " tr"; "": none. spellings: nullptr if nothing but the tokens
  // is demanded.
  explicit Prefix(std::vector<std::int32_t> tokens,
                  std::shared_ptr<const text::Spellings> spellings = nullptr,
                  std::string open_word = "");

  bool empty() const { return tokens_.empty() && open_word_.empty(); }
  // Whether there are tokens that spell the open word.
  bool possible() const { return open_word_.empty() || reaches_end_[0]; }
  // Tokens that it takes at most.
  std::size_t longest() const { return tokens_.size() + open_word_.size(); }
  // The tokens that may follow `hypothesis`, which keeps to this prefix, in the order of the
  // vocabulary; nothing where any may.
  std::optional<std::vector<std::int32_t>> allowed(
      const std::vector<std::int32_t>& hypothesis) const;

 private:
  std::vector<std::int32_t> spelling(std::size_t from) const;

  std::vector<std::int32_t> tokens_;
  std::shared_ptr<const text::Spellings> spellings_;
  std::string open_word_;
  std::vector<bool> reaches_end_;  // from each byte of the open word
};

}  // namespace babelgrad
