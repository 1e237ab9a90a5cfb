// Lexicon: by which target words a source word is translated, and how often.
//
// File format (UTF-8 text): lines `source word<TAB>target word<TAB>probability`, the probability
// p(target | source) to six significant digits; sorted by source word in byte order, then by
// falling probability, then by target word.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "babelgrad/text/alignment.h"

namespace babelgrad::text {

struct WordTranslation {
  std::string target;
  double probability;  // above 0, at most 1
};

// Immutable and thread-safe.
class Lexicon {
 public:
  Lexicon() = default;  // without any word

  // Best first; none for a word that it does not have.
  std::span<const WordTranslation> translations(std::string_view source) const;
  size_t source_words() const { return words_.size(); }

  // What a file holds.
  std::string to_text() const;
  // Takes the lines in any order. Throws InputError as read_lines does, and
  //   "lexicon.tsv:3: expected source word, tab, target word, tab, probability"
  //   "lexicon.tsv:3: the probability is not a number above 0, at most 1"
  static Lexicon load(const std::filesystem::path& path);

 private:
  friend class LexiconCounts;
  void sort();

  std::map<std::string, std::vector<WordTranslation>, std::less<>> words_;
};

// Counts the links of aligned sentences.
class LexiconCounts {
 public:
  // Throws std::out_of_range for a link to a word that is not there.
  void add(const std::vector<std::string>& source, const std::vector<std::string>& target,
           const Alignment& links);

  // p(target | source) = links between the two / links of the source word; pairs that were linked
  // fewer than `min_count` times are left out.
  Lexicon lexicon(uint64_t min_count = 1) const;

 private:
  std::map<std::string, std::map<std::string, uint64_t>> counts_;
};

}  // namespace babelgrad::text
