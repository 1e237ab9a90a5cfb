#include "babelgrad/models/folder/shortlist.h"

#include <algorithm>
#include <numeric>

namespace babelgrad {

Shortlist::Shortlist(std::shared_ptr<const text::Lexicon> lexicon, text::Codec target,
                     const ShortlistSizes& sizes)
    : lexicon_(std::move(lexicon)), target_(std::move(target)), sizes_(sizes) {}

std::vector<std::int32_t> Shortlist::words(const std::vector<std::string>& source) const {
  // Vocabularies are sorted by falling frequency.
  const std::size_t frequent = std::min(text::kSpecials + sizes_.frequent, target_.size());
  std::vector<std::int32_t> listed(frequent);
  std::iota(listed.begin(), listed.end(), 0);
  const auto list = [&](const Tokens& tokens) {
    listed.insert(listed.end(), tokens.begin(), tokens.end());
  };
  std::size_t unknown = 0;
  for (const std::string& word : source) {
    const Tokens* tokens = translations(word);
    if (tokens == nullptr) ++unknown;
    list(tokens != nullptr ? *tokens : target_.encode(word));
  }
  if (2 * unknown > source.size()) return {};
  std::sort(listed.begin(), listed.end());
  listed.erase(std::unique(listed.begin(), listed.end()), listed.end());
  return listed;
}

const Shortlist::Tokens* Shortlist::translations(const std::string& word) const {
  const std::lock_guard lock(mutex_);
  if (const auto known = known_.find(word); known != known_.end()) return &known->second;
  const auto translations = lexicon_->translations(word);
  if (translations.empty()) return nullptr;
  Tokens tokens;
  for (const text::WordTranslation& translation :
       translations.first(std::min(translations.size(), sizes_.best))) {
    const Tokens spelled = target_.encode(translation.target);
    tokens.insert(tokens.end(), spelled.begin(), spelled.end());
  }
  return &known_.emplace(word, std::move(tokens)).first->second;
}

}  // namespace babelgrad
