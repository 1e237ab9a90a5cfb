#include "babelgrad/text/lexicon.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "babelgrad/text/corpus.h"
#include "babelgrad/text/error.h"

namespace babelgrad::text {

std::span<const WordTranslation> Lexicon::translations(std::string_view source) const {
  const auto found = words_.find(source);
  if (found == words_.end()) return {};
  return found->second;
}

void Lexicon::sort() {
  for (auto& [source, translations] : words_)
    std::sort(translations.begin(), translations.end(),
              [](const WordTranslation& a, const WordTranslation& b) {
                return a.probability != b.probability ? a.probability > b.probability
                                                      : a.target < b.target;
              });
}

std::string Lexicon::to_text() const {
  std::string text;
  for (const auto& [source, translations] : words_)
    for (const WordTranslation& translation : translations) {
      char number[32];
      std::snprintf(number, sizeof number, "%.6g", translation.probability);
      text += source + "\t" + translation.target + "\t" + number + "\n";
    }
  return text;
}

Lexicon Lexicon::load(const std::filesystem::path& path) {
  Lexicon lexicon;
  size_t number = 0;
  for (const std::string& line : read_lines(path)) {
    const auto fail = [&](const char* what) {
      throw InputError(path.string() + ":" + std::to_string(number) + ": " + what);
    };
    ++number;
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    if (first == std::string::npos || second == std::string::npos || first == 0 ||
        second == first + 1)
      fail("expected source word, tab, target word, tab, probability");
    double probability = 0;
    const char* end = line.data() + line.size();
    const auto read = std::from_chars(line.data() + second + 1, end, probability);
    if (read.ec != std::errc() || read.ptr != end || !(probability > 0 && probability <= 1))
      fail("the probability is not a number above 0, at most 1");
    lexicon.words_[line.substr(0, first)].push_back(
        {line.substr(first + 1, second - first - 1), probability});
  }
  lexicon.sort();
  return lexicon;
}

void LexiconCounts::add(const std::vector<std::string>& source,
                        const std::vector<std::string>& target, const Alignment& links) {
  for (const auto& [s, t] : links) ++counts_[source.at(s)][target.at(t)];
}

Lexicon LexiconCounts::lexicon(uint64_t min_count) const {
  Lexicon lexicon;
  for (const auto& [source, targets] : counts_) {
    uint64_t all = 0;
    for (const auto& [target, count] : targets) all += count;
    for (const auto& [target, count] : targets)
      if (count >= min_count)
        lexicon.words_[source].push_back(
            {target, static_cast<double>(count) / static_cast<double>(all)});
  }
  lexicon.sort();
  return lexicon;
}

}  // namespace babelgrad::text
