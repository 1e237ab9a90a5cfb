// The tokens that BLEU counts, by sacreBLEU's names.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace babelgrad::text {

enum class BleuTokenizer {
  mteval_13a,     // "13a", the WMT tokenizer (mteval-v13a.pl): for plain text
  none,           // "none", white space only: for text that is tokenised already
  international,  // "intl", the WMT tokenizer by Unicode's categories (mteval-v14.pl)
  character       // "char", each character that is not white space: for text without spaces
};

// In the order of the enum.
inline constexpr std::array kBleuTokenizerNames{"13a", "none", "intl", "char"};

inline const char* name_of(BleuTokenizer tokenizer) {
  return kBleuTokenizerNames[static_cast<size_t>(tokenizer)];
}

std::vector<std::string> bleu_tokens(std::string_view line, BleuTokenizer tokenizer);

}  // namespace babelgrad::text
