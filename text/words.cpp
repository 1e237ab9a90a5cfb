#include "babelgrad/text/words.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "babelgrad/text/unicode.h"

namespace babelgrad::text {
std::string spelling(const std::string& token, TokenizerKind kind) {
  if (kind == TokenizerKind::chars) return token;
  if (kind == TokenizerKind::words) return " " + token;
  std::string spelled;
  for (size_t i = 0; i < token.size();) {
    const bool blank = std::string_view(token).substr(i).starts_with(kPieceBlank);
    spelled += blank ? ' ' : token[i];
    i += blank ? kPieceBlank.size() : 1;
  }
  return spelled;
}

LineWords group_words(const std::vector<std::string>& tokens, TokenizerKind kind) {
  LineWords line;
  bool inside = false;  // a word that the next token may go on with
  for (const std::string& token : tokens) {
    const std::string spelled = spelling(token, kind);
    const std::vector<std::string> parts = split_whitespace(spelled);
    const bool blank_first = !spelled.empty() && split_whitespace(code_points(spelled)[0]).empty();
    if (blank_first) inside = false;
    if (!inside) {
      line.of_token.push_back(line.words.size());
      if (parts.empty()) continue;
      line.words.emplace_back();
      inside = true;
    } else {
      line.of_token.push_back(line.words.size() - 1);
    }
    for (const std::string& part : parts) line.words.back() += part;
  }
  for (size_t& word : line.of_token)
    if (word == line.words.size()) word = kNoWord;
  return line;
}

std::vector<double> word_attention(const std::vector<float>& weights, const LineWords& source) {
  std::vector<double> sums(source.words.size() + 1);
  for (size_t s = 0; s < weights.size(); ++s) {
    const bool in_word = s < source.of_token.size() && source.of_token[s] != kNoWord;
    sums[in_word ? source.of_token[s] : source.words.size()] += static_cast<double>(weights[s]);
  }
  return sums;
}

std::vector<size_t> attended_words(const std::vector<std::vector<float>>& weights,
                                   const LineWords& source, const LineWords& target) {
  std::vector<std::vector<double>> sums(target.words.size(),
                                        std::vector<double>(source.words.size() + 1));
  for (size_t t = 0; t < std::min(weights.size(), target.of_token.size()); ++t) {
    if (target.of_token[t] == kNoWord) continue;
    const std::vector<double> row = word_attention(weights[t], source);
    std::vector<double>& sum = sums[target.of_token[t]];
    std::transform(row.begin(), row.end(), sum.begin(), sum.begin(), std::plus<>());
  }
  std::vector<size_t> attended;  // a sum over pieces has its greatest where their mean has
  for (const std::vector<double>& sum : sums)
    attended.push_back(static_cast<size_t>(std::max_element(sum.begin(), sum.end()) - sum.begin()));
  return attended;
}

Alignment word_links(const std::vector<std::vector<float>>& weights, const LineWords& source,
                     const LineWords& target) {
  Alignment links;
  const std::vector<size_t> attended = attended_words(weights, source, target);
  for (size_t t = 0; t < attended.size(); ++t)
    if (attended[t] < source.words.size()) links.emplace_back(attended[t], t);
  std::sort(links.begin(), links.end());
  return links;
}

Alignment token_links(const Alignment& words, const LineWords& source, const LineWords& target) {
  const auto tokens_of = [](const LineWords& line) {
    std::vector<std::vector<size_t>> tokens(line.words.size());
    for (size_t i = 0; i < line.of_token.size(); ++i)
      if (line.of_token[i] != kNoWord) tokens[line.of_token[i]].push_back(i);
    return tokens;
  };
  const auto source_tokens = tokens_of(source), target_tokens = tokens_of(target);
  Alignment links;
  for (const auto& [s, t] : words)
    for (const size_t source_token : source_tokens.at(s))
      for (const size_t target_token : target_tokens.at(t))
        links.emplace_back(source_token, target_token);
  std::sort(links.begin(), links.end());
  return links;
}

}  // namespace babelgrad::text
