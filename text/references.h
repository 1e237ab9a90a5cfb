// References: the translations that a hypothesis is compared with, one or several a sentence.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace babelgrad::text {

class References {
 public:
  // One a sentence.
  explicit References(const std::vector<std::string>& lines);
  // files[k][i] is the k-th reference of sentence i. An empty line where another file has text is
  // no reference, as in sacreBLEU. Throws std::invalid_argument without files, and unless all have
  // as many lines.
  explicit References(const std::vector<std::vector<std::string>>& files);

  size_t size() const { return sentences_.size(); }
  const std::vector<std::string>& operator[](size_t sentence) const {  // at least one
    return sentences_[sentence];
  }
  // The same with each line replaced by change(line).
  template <class Change>
  References changed(const Change& change) const {
    References copy = *this;
    for (auto& sentence : copy.sentences_)
      for (std::string& line : sentence) line = change(line);
    return copy;
  }
  // How many a sentence has, as signatures say it: "1", "4", or "var" where that differs.
  std::string count() const;

 private:
  std::vector<std::vector<std::string>> sentences_;
};

}  // namespace babelgrad::text
