// Corpus chrF2 as sacreBLEU defines it (Popovic 2015): character 1- to 6-grams, no word n-grams,
// beta 2, white space removed, no epsilon smoothing
// (sacreBLEU's signature: nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "babelgrad/text/references.h"

namespace babelgrad::text {

// Of a sentence, or of several together: n-grams by order, 1 to 6.
struct ChrfCounts {
  std::array<size_t, 6> hypothesis{}, reference{}, common{};

  ChrfCounts& operator+=(const ChrfCounts& other);
  double score() const;  // 0 to 100
};

// By sentence. Of several references the one with the best score counts, the first of equals.
// Throws std::invalid_argument unless there are as many hypotheses as references.
std::vector<ChrfCounts> chrf_counts(const std::vector<std::string>& hypotheses,
                                    const References& references);

// The score of their sum.
double corpus_chrf(const std::vector<std::string>& hypotheses, const References& references);
double corpus_chrf(const std::vector<std::string>& hypotheses,
                   const std::vector<std::string>& references);

// "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:babelgrad-0.1.0"; `references` is
// References::count().
std::string chrf_signature(const std::string& references = "1");

}  // namespace babelgrad::text
