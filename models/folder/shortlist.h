// Shortlist: the words among which the translation of a line is searched: those by which its own
// words are translated, and the most frequent ones (Jean et al. 2015, arXiv 1412.2007,
// section 3.2).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "babelgrad/text/codec.h"
#include "babelgrad/text/lexicon.h"

namespace babelgrad {

struct ShortlistSizes {
  std::size_t frequent = 100;  // the most frequent words of the vocabulary, for all lines
  std::size_t best = 20;       // of each source word, its likeliest translations
};

// Threads may share it.
class Shortlist {
 public:
  // The lexicon's words are spelled as the model reads and writes them (text::LineWords).
  Shortlist(std::shared_ptr<const text::Lexicon> lexicon, text::Codec target,
            const ShortlistSizes& sizes);

  // The target's tokens for a line of these words, ascending: the special tokens, the most frequent
  // ones, and those that spell the translations of each word, or where the lexicon has none (of
  // names and numbers, say) the word itself. None, which stands for all, where it has none of more
  // than half of the words: it cannot tell then by which the line may be translated.
  std::vector<std::int32_t> words(const std::vector<std::string>& source) const;

 private:
  using Tokens = std::vector<std::int32_t>;
  const Tokens* translations(const std::string& word) const;  // nullptr: the lexicon has none

  std::shared_ptr<const text::Lexicon> lexicon_;
  text::Codec target_;
  ShortlistSizes sizes_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Tokens> known_;  // of words of the lexicon; never taken out
};

}  // namespace babelgrad
