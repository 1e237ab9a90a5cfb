#include "babelgrad/models/search/phrases.h"

#include <algorithm>

namespace babelgrad {
namespace {

// How many of the phrase's first tokens, but not all, are the hypothesis' last.
std::size_t begun(const std::vector<std::int32_t>& phrase,
                  const std::vector<std::int32_t>& hypothesis) {
  std::size_t n = std::min(phrase.size() - 1, hypothesis.size());
  while (n > 0 && !std::equal(phrase.begin(), phrase.begin() + static_cast<std::ptrdiff_t>(n),
                              hypothesis.end() - static_cast<std::ptrdiff_t>(n)))
    --n;
  return n;
}

}  // namespace

Phrases::Phrases(std::vector<std::vector<std::int32_t>> phrases,
                 std::shared_ptr<const text::Spellings> spellings)
    : phrases_(std::move(phrases)), spellings_(std::move(spellings)) {
  std::sort(phrases_.begin(), phrases_.end());
  phrases_.erase(std::unique(phrases_.begin(), phrases_.end()), phrases_.end());
  for (const auto& phrase : phrases_) tokens_ += phrase.size();
}

Phrases::Met Phrases::met(const std::vector<std::int32_t>& phrase,
                          const std::vector<std::int32_t>& hypothesis) const {
  for (auto from = hypothesis.begin();; ++from) {
    from = std::search(from, hypothesis.end(), phrase.begin(), phrase.end());
    if (from == hypothesis.end()) return Met::no;
    const auto behind = from + static_cast<std::ptrdiff_t>(phrase.size());
    if (behind == hypothesis.end()) return Met::at_the_end;
    if (begins_word(*behind)) return Met::yes;
  }
}

Phrases::Progress Phrases::progress(const std::vector<std::int32_t>& hypothesis) const {
  Progress progress;
  std::size_t not_firm = 0;  // tokens of phrases that are met at the end
  std::vector<const std::vector<std::int32_t>*> unmet;
  for (const auto& phrase : phrases_) {
    const Met state = met(phrase, hypothesis);
    if (state == Met::at_the_end) not_firm += phrase.size();
    if (state != Met::no) continue;
    unmet.push_back(&phrase);
    progress.missing += phrase.size();
  }
  const std::size_t from_scratch = progress.missing;
  for (const auto* phrase : unmet) {  // each phrase from its beginning, or first the rest of one
    const std::size_t n = begun(*phrase, hypothesis);
    const std::int32_t next = (*phrase)[n];
    progress.wanted.push_back((*phrase)[0]);
    if (n > 0) progress.wanted.push_back(next);
    const std::size_t broken = begins_word(next) ? 0 : not_firm;
    progress.missing = std::min(progress.missing, from_scratch - n + broken);
  }
  std::sort(progress.wanted.begin(), progress.wanted.end());
  progress.wanted.erase(std::unique(progress.wanted.begin(), progress.wanted.end()),
                        progress.wanted.end());
  return progress;
}

}  // namespace babelgrad
