// N-gram counting for BLEU (over tokens) and chrF (over characters). Internal to text/.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace babelgrad::text {

// How many n-grams of one order two texts have, and how many they share (each clipped to the
// smaller count).
struct NgramMatch {
  size_t hypothesis = 0;
  size_t reference = 0;
  size_t common = 0;
};

// A text as a sequence of units. An n-gram is a stretch of the joined text, so counting copies
// nothing.
class NgramText {
 public:
  // No unit may contain `separator`; with an empty separator each unit must be one code point.
  NgramText(const std::vector<std::string>& units, std::string_view separator);

  size_t size() const { return begin_.size(); }
  std::unordered_map<std::string_view, size_t> counts(size_t n) const;

 private:
  std::string joined_;
  std::vector<size_t> begin_, end_;  // of each unit, in joined_
};

NgramMatch match_ngrams(const NgramText& hypothesis, const NgramText& reference, size_t n);
// Of several references each n-gram counts as often as the one that has it most often;
// `reference` is the sum over these.
NgramMatch match_ngrams(const NgramText& hypothesis, const std::vector<NgramText>& references,
                        size_t n);

// Throws std::invalid_argument "`metric`: 3 hypotheses, but 4 references" unless the counts agree.
void require_equal_counts(const char* metric, size_t hypotheses, size_t references);

}  // namespace babelgrad::text
