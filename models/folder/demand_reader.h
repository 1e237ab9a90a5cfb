// Text that a translation must have, as the model writes it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "babelgrad/models/folder/translator.h"

namespace babelgrad {

inline constexpr std::size_t kMostDemanded = 256;  // tokens of phrases, a translation

// Reads the text as target text (normalized and lower-cased if the model's is). Where tokens are
// words or subwords, text stands for whole words; where they are characters, for itself.
// Thread-safe.
class DemandReader {
 public:
  explicit DemandReader(const Translator& translator);

  enum class LastWord { whole, open };  // open: may go on, "the tr" as "the train"

  // `name`, of a flag or a file with its line, stands first in errors. Throws text::InputError
  // "--prefix: the model has no token for 'zyx'"; with an open last word
  // "--prefix: the model has no word that begins with 'zyx'".
  Prefix prefix(const std::string& text, LastWord last_word, const std::string& name) const;
  // Besides, of a phrase without words, and of too many: "--constrain: an empty phrase",
  // "--constrain: phrases of 300 tokens; a translation may be asked for 256" (the beam has a place
  // for each).
  Phrases phrases(const std::vector<std::string>& phrases, const std::string& name) const;

 private:
  std::vector<std::string> tokens(const std::string& text) const;
  std::vector<std::int32_t> ids(const std::vector<std::string>& tokens,
                                const std::string& name) const;

  DataConfig config_;
  text::Codec codec_;
  std::shared_ptr<const text::Spellings> spellings_;
};

}  // namespace babelgrad
