// Corpus chrF2 as sacreBLEU defines it (Popovic 2015): character 1- to 6-grams, no word n-grams,
// beta 2, white space removed, no epsilon smoothing
// (sacreBLEU's signature: nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no).
#pragma once

#include <string>
#include <vector>

namespace babelgrad::text {

// 0 to 100. Throws std::invalid_argument unless there are as many hypotheses as references.
double corpus_chrf(const std::vector<std::string>& hypotheses,
                   const std::vector<std::string>& references);

// "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:babelgrad-0.1.0"
std::string chrf_signature();

}  // namespace babelgrad::text
