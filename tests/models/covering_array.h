// A covering array: few combinations of settings in which every three values of three settings that
// can stand together do so at least once (Cohen et al. 1997, "The AETG system", greedy).
#pragma once

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>
#include <vector>

#include "babelgrad/autograd/random.h"

namespace babelgrad {

using Combination = std::vector<std::size_t>;  // a value for each setting

class CoveringArray {
 public:
  // counts: of each setting's values; valid: whether a combination can be.
  CoveringArray(std::vector<std::size_t> counts, std::function<bool(const Combination&)> valid)
      : counts_(std::move(counts)), valid_(std::move(valid)) {
    list_triples();
    while (!missing_.empty()) {
      const Triple triple = *missing_.begin();
      Combination best;
      std::size_t most = 0;
      for (int attempt = 0; attempt < 200 && most < kEnough; ++attempt) {
        const Combination row = completed(triple);
        if (!valid_(row)) continue;
        const std::size_t found = covered_by(row).size();
        if (found > most) most = found, best = row;
      }
      if (best.empty()) {  // these three exclude each other
        missing_.erase(triple);
        ++impossible_;
        continue;
      }
      for (const Triple& done : covered_by(best)) missing_.erase(done);
      rows_.push_back(std::move(best));
    }
  }

  const std::vector<Combination>& rows() const { return rows_; }
  std::size_t impossible() const { return impossible_; }  // triples

 private:
  using Value = std::pair<std::size_t, std::size_t>;  // of setting `first`
  using Triple = std::tuple<Value, Value, Value>;
  static constexpr std::size_t kEnough = 60;

  void list_triples() {
    const std::size_t n = counts_.size();
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i + 1; j < n; ++j)
        for (std::size_t k = j + 1; k < n; ++k)
          for (std::size_t a = 0; a < counts_[i]; ++a)
            for (std::size_t b = 0; b < counts_[j]; ++b)
              for (std::size_t c = 0; c < counts_[k]; ++c)
                missing_.insert({{i, a}, {j, b}, {k, c}});
  }
  Combination completed(const Triple& triple) {
    Combination row;
    for (const std::size_t count : counts_) row.push_back(random_.below(count));
    for (const Value& v : {std::get<0>(triple), std::get<1>(triple), std::get<2>(triple)})
      row[v.first] = v.second;
    return row;
  }
  std::vector<Triple> covered_by(const Combination& row) const {
    std::vector<Triple> found;
    for (std::size_t i = 0; i < row.size(); ++i)
      for (std::size_t j = i + 1; j < row.size(); ++j)
        for (std::size_t k = j + 1; k < row.size(); ++k) {
          const Triple triple{{i, row[i]}, {j, row[j]}, {k, row[k]}};
          if (missing_.contains(triple)) found.push_back(triple);
        }
    return found;
  }

  std::vector<std::size_t> counts_;
  std::function<bool(const Combination&)> valid_;
  Random random_{1};
  std::set<Triple> missing_;
  std::vector<Combination> rows_;
  std::size_t impossible_ = 0;
};

}  // namespace babelgrad
