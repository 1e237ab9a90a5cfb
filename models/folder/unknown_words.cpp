#include "babelgrad/models/folder/unknown_words.h"

#include <algorithm>

#include "babelgrad/text/unicode.h"

namespace babelgrad {
namespace {

// The source word at which these target tokens looked most.
const std::string& attended_word(const Hypothesis& hypothesis, const std::vector<std::size_t>& rows,
                                 const text::LineWords& source) {
  std::vector<double> total(source.words.size());
  for (const std::size_t t : rows) {
    const std::vector<double> sums = text::word_attention(hypothesis.weights.at(t), source);
    for (std::size_t w = 0; w < total.size(); ++w) total[w] += sums[w];
  }
  return source.words[static_cast<std::size_t>(std::max_element(total.begin(), total.end()) -
                                               total.begin())];
}

}  // namespace

std::string replace_unknown(const Translation& translation, const text::LineWords& source,
                            const text::Codec& target, const text::Lexicon& lexicon) {
  const Hypothesis& hypothesis = translation.hypothesis;
  const auto end = std::find(hypothesis.tokens.begin(), hypothesis.tokens.end(), text::kEos);
  const auto length = static_cast<std::size_t>(end - hypothesis.tokens.begin());
  const std::vector<std::string> tokens(translation.target_tokens.begin(),
                                        translation.target_tokens.begin() + length);
  if (source.words.empty() || hypothesis.weights.empty())
    return target.tokenizer().detokenize(tokens);
  const text::LineWords line = text::group_words(tokens, target.tokenizer().kind());
  std::vector<std::vector<std::size_t>> unknown(line.words.size());  // tokens of words with <unk>
  for (std::size_t t = 0; t < length; ++t)
    if (hypothesis.tokens[t] == text::kUnk) unknown.at(line.of_token[t]).push_back(t);
  std::vector<bool> replaced(line.words.size());
  std::vector<std::string> written;
  for (std::size_t t = 0; t < length; ++t) {
    const std::size_t word = line.of_token[t];
    const std::string spelled = text::spelling(tokens[t], target.tokenizer().kind());
    if (word == text::kNoWord || unknown[word].empty() || text::split_whitespace(spelled).empty()) {
      written.push_back(tokens[t]);
    } else if (!replaced[word]) {  // once for all its tokens
      replaced[word] = true;
      const std::string& looked_at = attended_word(hypothesis, unknown[word], source);
      const auto translations = lexicon.translations(looked_at);
      if (tokens[t].starts_with(text::kPieceBlank)) written.emplace_back(text::kPieceBlank);
      written.push_back(translations.empty() ? looked_at : translations[0].target);
    }
  }
  return target.tokenizer().detokenize(written);
}

}  // namespace babelgrad
