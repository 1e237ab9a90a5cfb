// From a line of text to tokens and back: words, characters, or SentencePiece subwords.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace babelgrad::text {

enum class TokenizerKind { words, chars, bpe, unigram };

// How TokenizerKind::words finds the words.
enum class WordSplit {
  whitespace,  // text that is tokenised already: split_whitespace, joined by single spaces
  unicode      // raw text: lowercase, then split_words; joined by join_words
};

// Immutable and thread-safe. Lines are valid UTF-8; tokens are never empty.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual std::vector<std::string> tokenize(std::string_view line) const = 0;
  virtual std::string detokenize(const std::vector<std::string>& tokens) const = 0;
  virtual TokenizerKind kind() const = 0;
  // Every token that tokenize() can give for the text it was trained on; empty if open-ended
  // (words, chars).
  virtual std::vector<std::string> inventory() const { return {}; }
  // The serialized SentencePiece model; empty for words and chars.
  virtual const std::string& model() const;
};

std::shared_ptr<const Tokenizer> make_word_tokenizer(WordSplit split);

// One code point a token, spaces included; detokenize joins.
std::shared_ptr<const Tokenizer> make_char_tokenizer();

// bpe or unigram, from a serialized SentencePiece model (the bytes of an .spm or .model file).
// Throws InputError "`file`: not a SentencePiece model" if the bytes are not one.
std::shared_ptr<const Tokenizer> make_sentencepiece_tokenizer(TokenizerKind kind, std::string model,
                                                              std::string_view file);

// Trains SentencePiece (Kudo and Richardson 2018) in memory on one thread: the same lines give the
// same bytes. Normalisation is nmt_nfkc, case kept, every character covered. `vocab_size` counts
// the pieces and pad, unk, bos, eos (ids 0 to 3). Lines over 65,536 bytes are left out.
// A corpus too small for vocab_size gives fewer pieces, or with `hard_limit` an InputError:
//   "vocabulary of 8000 asked for, but the training text allows only 123"
// Fewer than its distinct characters:
//   "vocabulary of 10 asked for, but the characters of the training text alone need 35"
// Without any text: "no training text to learn subwords from".
std::string train_sentencepiece(TokenizerKind kind, const std::vector<std::string>& lines,
                                size_t vocab_size, bool hard_limit = false);

// One random segmentation of every line: BPE-dropout with probability alpha (Provilkov et al.
// 2020), or for unigram a sample with inverse temperature alpha (Kudo 2018). Depends on the
// arguments alone. SentencePiece seeds its generator per thread from one process-wide number, so
// this works on a thread of its own and under a lock: call it for an epoch, not for a sentence.
// `tokenizer` must be a SentencePiece one (std::invalid_argument otherwise).
std::vector<std::vector<std::string>> tokenize_sampled(const Tokenizer& tokenizer,
                                                       const std::vector<std::string>& lines,
                                                       float alpha, uint32_t seed);

}  // namespace babelgrad::text
