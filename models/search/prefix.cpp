#include "babelgrad/models/search/prefix.h"

#include <algorithm>

namespace babelgrad {

Prefix::Prefix(std::vector<std::int32_t> tokens, std::shared_ptr<const text::Spellings> spellings,
               std::string open_word)
    : tokens_(std::move(tokens)),
      spellings_(std::move(spellings)),
      open_word_(std::move(open_word)),
      reaches_end_(open_word_.size() + 1) {
  reaches_end_.back() = true;
  for (std::size_t at = open_word_.size(); at-- > 0;) reaches_end_[at] = !spelling(at).empty();
}

// The tokens with which the open word can go on from this byte.
std::vector<std::int32_t> Prefix::spelling(std::size_t from) const {
  const std::string_view rest = std::string_view(open_word_).substr(from);
  const auto beyond = spellings_->beginning_with(rest);
  std::vector<std::int32_t> tokens(beyond.begin(), beyond.end());
  for (const auto& [token, bytes] : spellings_->beginnings_of(rest))
    if (bytes < rest.size() && reaches_end_[from + bytes]) tokens.push_back(token);
  std::sort(tokens.begin(), tokens.end());
  return tokens;
}

std::optional<std::vector<std::int32_t>> Prefix::allowed(
    const std::vector<std::int32_t>& hypothesis) const {
  if (hypothesis.size() < tokens_.size()) return {{tokens_[hypothesis.size()]}};
  if (!spellings_) return std::nullopt;
  if (open_word_.empty()) {
    if (hypothesis.size() > tokens_.size() || !spellings_->has_pieces()) return std::nullopt;
    const auto words = spellings_->beginning_with(" ");
    std::vector<std::int32_t> tokens(words.begin(), words.end());
    tokens.push_back(text::kEos);
    std::sort(tokens.begin(), tokens.end());
    return tokens;
  }
  std::size_t at = 0;
  for (std::size_t i = tokens_.size(); i < hypothesis.size() && at < open_word_.size(); ++i)
    at += spellings_->length(hypothesis[i]);
  if (at >= open_word_.size()) return std::nullopt;
  return spelling(at);
}

}  // namespace babelgrad
