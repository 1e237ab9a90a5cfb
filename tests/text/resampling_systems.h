// Two systems' translations of six sentences and their references, as golden_resampling.py has
// them.
#pragma once

#include <string>
#include <vector>

#include "babelgrad/text/references.h"

namespace babelgrad::text {

inline const std::vector<std::string> kSystemA{
    "the cat sat on the mat",       "there is a dog in the old garden",
    "we see two red birds",         "he reads the paper every day",
    "she sells tea and bread here", "it rains a lot in this town"};
inline const std::vector<std::string> kSystemB{
    "the cat sat on a mat",      "a dog is in the garden",  "we see two red birds today",
    "he reads a paper each day", "she sells tea and bread", "it often rains in this town"};
inline const std::vector<std::string> kFirstReferences{
    "the cat sat on the mat",       "there is a dog in the garden",
    "we see two red birds",         "he reads the newspaper every day",
    "she sells tea and bread here", "it rains often in this town"};
inline const std::vector<std::string> kSecondReferences{
    "a cat was sitting on the mat", "a dog is in the old garden",   "",
    "he reads a paper every day",   "here she sells bread and tea", "it often rains in this town"};

inline References both_references() {
  return References(std::vector<std::vector<std::string>>{kFirstReferences, kSecondReferences});
}

}  // namespace babelgrad::text
