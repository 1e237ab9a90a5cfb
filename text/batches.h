// Examples as ids, and time-major integer batches of them, bucketed by length.
//
// Letters: B sentences in a batch, S the longest source, T the longest target, eos included.
// Element (t, b) of a [T, B] array is at t * B + b.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "babelgrad/text/codec.h"
#include "babelgrad/text/corpus.h"
#include "babelgrad/text/source.h"

namespace babelgrad::text {

struct Example {
  Source source;
  std::vector<int32_t> target;  // without bos and eos
  Alignment links = {};         // of tokens, where they are known
};

// All pairs of a corpus, in order. Throws InputError for a link to a word that its pair has not:
//   "alignment 0-0 1-7: the pair \"je suis\", \"i am\" has 2 and 2 words"
std::vector<Example> encode_corpus(const Corpus& corpus, const Codec& source, const Codec& target);

struct Batch {
  size_t size = 0;                      // B
  size_t source_length = 0;             // S
  size_t target_length = 0;             // T
  std::vector<int32_t> source;          // [S, B], pad after eos
  std::vector<float> features;          // [S, B, F], 0 beyond a source's length; empty: words
  std::vector<int32_t> source_lengths;  // [B], eos counted
  std::vector<int32_t> target_input;    // [T, B], bos then the target, pad after
  std::vector<int32_t> target_output;   // [T, B], the target then eos, pad after
  std::vector<int32_t> target_lengths;  // [B], eos counted
  std::vector<size_t> examples;         // [B], index into the examples it was made of
  std::vector<Alignment> links;         // [B], of tokens; or empty

  // F, 0 of words.
  size_t feature_size() const { return features.size() / (source_length * size); }
  // Target positions that are not padding: the sum of target_lengths.
  size_t target_tokens() const;
};

// Throws std::out_of_range for an index outside `examples`, std::invalid_argument if `indices` is
// empty, or if not all sources have as many features a position.
Batch make_batch(const std::vector<Example>& examples, const std::vector<size_t>& indices);
// Of sources alone, for what reads no targets: these are left out. Throws as make_batch.
Batch source_batch(const std::vector<const Source*>& sources);

// Cuts a batch into min(n, B) runs of columns with nearly equal counts of tokens (source and
// target), each trimmed to its own longest sentences. Depends on the batch and n alone. n >= 1.
std::vector<Batch> shard(const Batch& batch, size_t n);

struct BatchOptions {
  size_t batch_size = 64;        // sentences, or tokens if by_tokens
  bool by_tokens = false;        // then B * max(S, T) <= batch_size, unless one sentence exceeds it
  size_t max_source_length = 0;  // tokens with eos; 0: no limit
  size_t max_target_length = 0;  // tokens with eos; 0: no limit
  bool cut_long = false;         // cut longer sentences to the limit; otherwise skip their pairs
  uint64_t seed = 1;             // of the order
  size_t pool_size = 8192;       // sentences that are sorted by length together
};

struct LengthReport {
  size_t cut = 0;      // pairs of which a side was shortened
  size_t skipped = 0;  // pairs removed because a side was too long
  size_t empty = 0;    // pairs removed because a side has no tokens
};

// Applies the length limits of `options` in place and removes pairs with an empty side; a shortened
// source still ends with eos. The order is kept.
LengthReport limit_lengths(std::vector<Example>& examples, const BatchOptions& options);

// The order of training: which examples make each batch of each epoch. An epoch shuffles the
// examples (by seed and epoch), sorts them by target and source length within pools, cuts the pools
// into batches and shuffles those. Depends on the lengths, the options and the epoch alone, so that
// training can resume at (epoch, position). Every example is in one batch of each epoch.
class BatchPlan {
 public:
  BatchPlan(const std::vector<Example>& examples, const BatchOptions& options);

  // Batches as lists of indices into the examples.
  std::vector<std::vector<size_t>> epoch(size_t number) const;

 private:
  struct Lengths {
    size_t source, target;  // eos counted
  };

  void cut(const std::vector<size_t>& pool, std::vector<std::vector<size_t>>& batches) const;

  std::vector<Lengths> lengths_;
  BatchOptions options_;
};

}  // namespace babelgrad::text
