#include "babelgrad/models/folder/unknown_words.h"

#include <algorithm>

namespace babelgrad {

std::string replace_unknown(const Translation& translation, const text::LineWords& source,
                            const text::Codec& target, const text::Lexicon& lexicon) {
  const Hypothesis& hypothesis = translation.hypothesis;
  std::vector<std::string> tokens;
  for (std::size_t t = 0; t < hypothesis.tokens.size(); ++t) {
    if (hypothesis.tokens[t] == text::kEos) break;
    tokens.push_back(translation.target_tokens.at(t));
    if (hypothesis.tokens[t] != text::kUnk || source.words.empty() || hypothesis.weights.empty())
      continue;
    const std::vector<double> sums = text::word_attention(hypothesis.weights.at(t), source);
    const auto best = std::max_element(sums.begin(), sums.end() - 1) - sums.begin();
    const std::string& word = source.words[static_cast<std::size_t>(best)];
    const auto translations = lexicon.translations(word);
    tokens.back() = translations.empty() ? word : translations[0].target;
  }
  return target.tokenizer().detokenize(tokens);
}

}  // namespace babelgrad
