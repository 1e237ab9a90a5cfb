#include "babelgrad/text/references.h"

#include <algorithm>
#include <stdexcept>

namespace babelgrad::text {

References::References(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) sentences_.push_back({line});
}

References::References(const std::vector<std::vector<std::string>>& files) {
  if (files.empty()) throw std::invalid_argument("References: need at least one a sentence");
  for (const auto& lines : files)
    if (lines.size() != files[0].size())
      throw std::invalid_argument("References: " + std::to_string(files[0].size()) +
                                  " lines, but " + std::to_string(lines.size()) + " of another");
  sentences_.resize(files[0].size());
  for (size_t i = 0; i < sentences_.size(); ++i) {
    for (const auto& lines : files)
      if (!lines[i].empty()) sentences_[i].push_back(lines[i]);
    if (sentences_[i].empty()) sentences_[i].emplace_back();
  }
}

std::string References::count() const {
  if (sentences_.empty()) return "1";
  const bool varies = std::any_of(sentences_.begin(), sentences_.end(), [&](const auto& some) {
    return some.size() != sentences_[0].size();
  });
  return varies ? "var" : std::to_string(sentences_[0].size());
}

}  // namespace babelgrad::text
