#include "babelgrad/text/spellings.h"

#include <algorithm>

#include "babelgrad/text/words.h"

namespace babelgrad::text {

Spellings::Spellings(const Codec& codec) {
  const TokenizerKind kind = codec.tokenizer().kind();
  has_pieces_ = kind == TokenizerKind::bpe || kind == TokenizerKind::unigram;
  begins_word_.assign(codec.size(), !has_pieces_);
  begins_word_[kEos] = true;
  lengths_.assign(codec.size(), 0);
  std::vector<std::pair<std::string, int32_t>> all;
  for (auto id = kSpecials; id < static_cast<int32_t>(codec.size()); ++id) {
    all.emplace_back(spelling(codec.vocabulary().token(id), kind), id);
    const std::string& spelled = all.back().first;
    if (spelled.starts_with(' ')) begins_word_[static_cast<size_t>(id)] = true;
    lengths_[static_cast<size_t>(id)] = spelled.size();
    longest_ = std::max(longest_, spelled.size());
  }
  std::sort(all.begin(), all.end());
  for (auto& [spelled, id] : all) {
    sorted_.push_back(std::move(spelled));
    tokens_.push_back(id);
  }
}

std::span<const int32_t> Spellings::beginning_with(std::string_view text) const {
  const auto begin = std::lower_bound(sorted_.begin(), sorted_.end(), text);
  const auto end = std::partition_point(begin, sorted_.end(),
                                        [&](const std::string& s) { return s.starts_with(text); });
  return {tokens_.data() + (begin - sorted_.begin()), static_cast<size_t>(end - begin)};
}

std::vector<std::pair<int32_t, size_t>> Spellings::beginnings_of(std::string_view text) const {
  std::vector<std::pair<int32_t, size_t>> found;
  for (size_t n = 1; n <= std::min(text.size(), longest_); ++n) {
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), text.substr(0, n));
    if (at != sorted_.end() && *at == text.substr(0, n))
      found.emplace_back(tokens_[static_cast<size_t>(at - sorted_.begin())], n);
  }
  return found;
}

}  // namespace babelgrad::text
