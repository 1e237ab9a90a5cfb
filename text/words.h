// Words of tokenised lines: which pieces make a word, and which source word each target word of a
// translation looked at.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "babelgrad/text/alignment.h"
#include "babelgrad/text/tokenizer.h"

namespace babelgrad::text {

inline constexpr std::string_view kPieceBlank = "\u2581";  // SentencePiece's space

// What a token adds to a line, a space where it begins a word: " cat" of the word "cat" and of the
// piece "▁cat", "s" of the piece "s"; a character as it is.
std::string spelling(const std::string& token, TokenizerKind kind);

inline constexpr size_t kNoWord = static_cast<size_t>(-1);

// The words of a line of tokens. Of tokens that are words: each; of subwords and characters: what
// stands between blanks.
struct LineWords {
  std::vector<std::string> words;  // without blanks
  std::vector<size_t> of_token;    // the word of each token; a blank's is that which follows it,
                                   // kNoWord at the end
};
LineWords group_words(const std::vector<std::string>& tokens, TokenizerKind kind);

// A row of attention by words, [words + 1]: the sums over the tokens of each source word, and at
// last of those that belong to no word (eos).
std::vector<double> word_attention(const std::vector<float>& weights, const LineWords& source);

// For each target word the source word at which it looked most: attention summed over the tokens of
// a source word and averaged over the tokens of the target word; source.words.size() stands for
// whatever belongs to no word (eos). weights: a row a target token, one weight a source token;
// tokens beyond those of `source` and `target` are eos. Equal weights: the first.
std::vector<size_t> attended_words(const std::vector<std::vector<float>>& weights,
                                   const LineWords& source, const LineWords& target);

// The same as links; words that look at eos have none.
Alignment word_links(const std::vector<std::vector<float>>& weights, const LineWords& source,
                     const LineWords& target);

// Links between words as links between their tokens: each token of the one with each of the other.
// Throws std::out_of_range for a word that is not there.
Alignment token_links(const Alignment& words, const LineWords& source, const LineWords& target);

}  // namespace babelgrad::text
