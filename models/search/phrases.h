// Phrases: what a translation must have somewhere.
#pragma once

#include <memory>

#include "babelgrad/text/spellings.h"

namespace babelgrad {

// A phrase is met where its tokens stand one after the other and, among subwords, no piece behind
// them goes on with the last word. Phrases may overlap. Immutable and cheap to copy.
class Phrases {
 public:
  Phrases() = default;  // demands nothing
  // Each of at least one token; equal ones count once.
  explicit Phrases(std::vector<std::vector<std::int32_t>> phrases,
                   std::shared_ptr<const text::Spellings> spellings = nullptr);

  bool empty() const { return phrases_.empty(); }
  std::size_t tokens() const { return tokens_; }  // of all phrases

  // How far a hypothesis is. Some wanted token always makes one fewer `missing`; one that is not
  // wanted may break a phrase off and make more.
  struct Progress {
    std::size_t missing = 0;           // tokens with which all would be met; 0: they are
    std::vector<std::int32_t> wanted;  // tokens that begin a phrase or go on with one
  };
  Progress progress(const std::vector<std::int32_t>& hypothesis) const;

 private:
  enum class Met { no, at_the_end, yes };  // at the end: unless a piece goes on with its last word
  Met met(const std::vector<std::int32_t>& phrase,
          const std::vector<std::int32_t>& hypothesis) const;
  bool begins_word(std::int32_t token) const {
    return !spellings_ || spellings_->begins_word(token);
  }

  std::vector<std::vector<std::int32_t>> phrases_;
  std::shared_ptr<const text::Spellings> spellings_;
  std::size_t tokens_ = 0;
};

}  // namespace babelgrad
