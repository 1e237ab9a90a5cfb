// What the translations of one sentence must have.
#pragma once

#include "babelgrad/models/search/phrases.h"
#include "babelgrad/models/search/prefix.h"

namespace babelgrad {

struct Demands {
  Prefix prefix = {};
  Phrases phrases = {};  // beam search only

  bool empty() const { return prefix.empty() && phrases.empty(); }
  // Tokens that they take at most.
  std::size_t longest() const { return prefix.longest() + phrases.tokens(); }
};

}  // namespace babelgrad
