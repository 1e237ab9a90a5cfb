// Text to ids and back: a tokenizer and a vocabulary together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "babelgrad/text/tokenizer.h"
#include "babelgrad/text/vocabulary.h"

namespace babelgrad::text {

struct CodecOptions {
  TokenizerKind kind = TokenizerKind::words;
  WordSplit word_split = WordSplit::whitespace;  // for kind words
  size_t vocab_size = 0;    // entries with the 4 specials; 0: no limit (bpe, unigram: 8000)
  uint64_t min_count = 1;   // words, chars: rarer tokens become <unk>
  bool hard_limit = false;  // bpe, unigram: a vocab_size larger than the data is an InputError
};

// Cheap to copy, immutable and thread-safe. One codec may serve both sides (a joint vocabulary).
class Codec {
 public:
  Codec() : Codec(make_word_tokenizer(WordSplit::whitespace), Vocabulary()) {}
  Codec(std::shared_ptr<const Tokenizer> tokenizer, Vocabulary vocabulary);

  // Learns tokenizer and vocabulary from training lines. With bpe and unigram every piece gets an
  // id, also those that only wait inside longer ones.
  static Codec train(const std::vector<std::string>& lines, const CodecOptions& options);

  std::vector<std::string> tokens(std::string_view line) const;
  // Without bos and eos.
  std::vector<int32_t> encode(std::string_view line) const;
  // Stops at the first eos; skips pad and bos; unk is written "<unk>". Throws std::out_of_range
  // for an id outside the vocabulary.
  std::string decode(const std::vector<int32_t>& ids) const;

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const Vocabulary& vocabulary() const { return *vocabulary_; }
  size_t size() const { return vocabulary_->size(); }

  // Whether both turn the same text into the same ids, and back (the word split apart).
  bool is_same(const Codec& other) const;

  // Files: `name`.vocab, and for bpe and unigram `name`.spm (a plain SentencePiece model file).
  void save(const std::filesystem::path& folder, std::string_view name) const;
  // `kind` and `split` are not in the files; the caller keeps them (config.json). Throws InputError
  // as Vocabulary::load, read_file and make_sentencepiece_tokenizer do.
  static Codec load(const std::filesystem::path& folder, std::string_view name, TokenizerKind kind,
                    WordSplit split = WordSplit::whitespace);

 private:
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::shared_ptr<const Vocabulary> vocabulary_;
};

}  // namespace babelgrad::text
