#include "babelgrad/text/batches.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "babelgrad/text/error.h"
#include "babelgrad/text/shuffle.h"
#include "babelgrad/text/words.h"

namespace babelgrad::text {
namespace {

// Columns [begin, end) of a [length, B] array, cut to its first `rows` rows.
template <class T>
std::vector<T> columns(const std::vector<T>& array, size_t batch, size_t rows, size_t begin,
                       size_t end) {
  std::vector<T> part;
  part.reserve(rows * (end - begin));
  for (size_t t = 0; t < rows; ++t) {
    const auto row = array.begin() + static_cast<std::ptrdiff_t>(t * batch);
    part.insert(part.end(), row + static_cast<std::ptrdiff_t>(begin),
                row + static_cast<std::ptrdiff_t>(end));
  }
  return part;
}

template <class T>
std::vector<T> range(const std::vector<T>& items, size_t begin, size_t end) {
  return {items.begin() + static_cast<std::ptrdiff_t>(begin),
          items.begin() + static_cast<std::ptrdiff_t>(end)};
}

size_t longest(const std::vector<int32_t>& lengths) {
  return static_cast<size_t>(*std::max_element(lengths.begin(), lengths.end()));
}

Batch column_range(const Batch& batch, size_t begin, size_t end) {
  Batch part;
  part.size = end - begin;
  part.source_lengths = range(batch.source_lengths, begin, end);
  part.target_lengths = range(batch.target_lengths, begin, end);
  part.examples = range(batch.examples, begin, end);
  if (!batch.links.empty()) part.links = range(batch.links, begin, end);
  part.source_length = longest(part.source_lengths);
  part.target_length = longest(part.target_lengths);
  part.source = columns(batch.source, batch.size, part.source_length, begin, end);
  const size_t F = batch.feature_size();
  if (F > 0)
    part.features = columns(batch.features, batch.size * F, part.source_length, begin * F, end * F);
  part.target_input = columns(batch.target_input, batch.size, part.target_length, begin, end);
  part.target_output = columns(batch.target_output, batch.size, part.target_length, begin, end);
  return part;
}

size_t feature_size(const Source& source) {
  return source.features.size() / std::max<size_t>(source.size(), 1);
}

LineWords words_of(const std::string& line, const Codec& codec) {
  return group_words(codec.tokens(line), codec.tokenizer().kind());
}

Alignment links_of_pair(const Corpus& corpus, size_t i, const Codec& source, const Codec& target) {
  const LineWords source_words = words_of(corpus.source[i], source);
  const LineWords target_words = words_of(corpus.target[i], target);
  try {
    return token_links(corpus.alignments[i], source_words, target_words);
  } catch (const std::out_of_range&) {
    throw InputError("alignment " + format_alignment(corpus.alignments[i]) + ": the pair \"" +
                     corpus.source[i] + "\", \"" + corpus.target[i] + "\" has " +
                     std::to_string(source_words.words.size()) + " and " +
                     std::to_string(target_words.words.size()) + " words");
  }
}

}  // namespace

std::vector<Example> encode_corpus(const Corpus& corpus, const Codec& source, const Codec& target) {
  std::vector<Example> examples(corpus.size());
  for (size_t i = 0; i < corpus.size(); ++i) {
    examples[i].source.ids = source.encode(corpus.source[i]);
    examples[i].source.ids.push_back(kEos);
    examples[i].target = target.encode(corpus.target[i]);
    if (!corpus.alignments.empty()) examples[i].links = links_of_pair(corpus, i, source, target);
  }
  return examples;
}

size_t Batch::target_tokens() const {
  return std::accumulate(target_lengths.begin(), target_lengths.end(), size_t{0});
}

Batch source_batch(const std::vector<const Source*>& sources) {
  if (sources.empty()) throw std::invalid_argument("source_batch: no sources");
  Batch batch;
  batch.size = sources.size();
  for (const Source* source : sources)
    batch.source_lengths.push_back(static_cast<int32_t>(source->size()));
  batch.source_length = longest(batch.source_lengths);
  const size_t F = feature_size(*sources[0]);
  batch.source.assign(batch.source_length * batch.size, kPad);
  batch.features.assign(batch.source_length * batch.size * F, 0);
  for (size_t b = 0; b < batch.size; ++b) {
    const auto& [ids, features] = *sources[b];
    if (feature_size(*sources[b]) != F)
      throw std::invalid_argument("source_batch: sources of " + std::to_string(F) + " and of " +
                                  std::to_string(feature_size(*sources[b])) +
                                  " features a position");
    for (size_t s = 0; s < ids.size(); ++s) {
      const size_t place = s * batch.size + b;
      batch.source[place] = ids[s];
      std::copy_n(features.begin() + static_cast<std::ptrdiff_t>(s * F), F,
                  batch.features.begin() + static_cast<std::ptrdiff_t>(place * F));
    }
  }
  return batch;
}

Batch make_batch(const std::vector<Example>& examples, const std::vector<size_t>& indices) {
  if (indices.empty()) throw std::invalid_argument("make_batch: no indices");
  std::vector<const Source*> sources;
  for (const size_t index : indices) sources.push_back(&examples.at(index).source);
  Batch batch = source_batch(sources);
  batch.examples = indices;
  for (const size_t index : indices) {
    batch.target_lengths.push_back(static_cast<int32_t>(examples[index].target.size() + 1));
    batch.links.push_back(examples[index].links);
  }
  batch.target_length = longest(batch.target_lengths);
  batch.target_input.assign(batch.target_length * batch.size, kPad);
  batch.target_output.assign(batch.target_length * batch.size, kPad);
  for (size_t b = 0; b < batch.size; ++b) {
    const std::vector<int32_t>& target = examples[indices[b]].target;
    batch.target_input[b] = kBos;
    for (size_t t = 0; t < target.size(); ++t) {
      batch.target_input[(t + 1) * batch.size + b] = target[t];
      batch.target_output[t * batch.size + b] = target[t];
    }
    batch.target_output[target.size() * batch.size + b] = kEos;
  }
  return batch;
}

std::vector<Batch> shard(const Batch& batch, size_t n) {
  if (n == 0) throw std::invalid_argument("shard: n is 0");
  n = std::min(n, batch.size);
  std::vector<size_t> tokens_before(batch.size + 1, 0);  // [B + 1]
  for (size_t b = 0; b < batch.size; ++b) {
    tokens_before[b + 1] = tokens_before[b] + static_cast<size_t>(batch.source_lengths[b]) +
                           static_cast<size_t>(batch.target_lengths[b]);
  }
  std::vector<Batch> parts;
  size_t begin = 0;
  for (size_t part = 1; part <= n; ++part) {
    // The end nearest to part / n of the tokens that leaves a sentence for every later part.
    const size_t last = batch.size - (n - part);
    size_t end = begin + 1;
    const size_t goal = tokens_before.back() * part;  // times n
    while (end < last && goal * 2 >= (tokens_before[end] + tokens_before[end + 1]) * n) ++end;
    if (part == n) end = batch.size;
    parts.push_back(column_range(batch, begin, end));
    begin = end;
  }
  return parts;
}

LengthReport limit_lengths(std::vector<Example>& examples, const BatchOptions& options) {
  const auto limit = [](size_t asked) { return asked > 0 ? asked : SIZE_MAX; };
  const size_t max_source = limit(options.max_source_length);
  const size_t max_target = limit(options.max_target_length);
  LengthReport report;
  std::erase_if(examples, [&](Example& example) {
    Source& source = example.source;
    std::vector<int32_t>& target = example.target;
    if (source.items() == 0 || target.empty()) return ++report.empty > 0;
    if (source.size() <= max_source && target.size() + 1 <= max_target) return false;
    // A limit of 1 has room for eos only.
    if (!options.cut_long || max_source < 2 || max_target < 2) return ++report.skipped > 0;
    ++report.cut;
    if (source.size() > max_source) {
      source.features.resize(source.features.size() / source.size() * max_source);
      source.ids.resize(max_source);
      if (source.features.empty()) source.ids.back() = kEos;
    }
    if (target.size() + 1 > max_target) target.resize(max_target - 1);
    std::erase_if(example.links, [&](const auto& link) {
      return link.first + 1 >= source.size() || link.second >= target.size();
    });
    return false;
  });
  return report;
}

BatchPlan::BatchPlan(const std::vector<Example>& examples, const BatchOptions& options)
    : options_(options) {
  if (options.batch_size == 0 || options.pool_size == 0)
    throw std::invalid_argument("BatchPlan: batch_size and pool_size must be at least 1");
  lengths_.reserve(examples.size());
  for (const Example& example : examples)
    lengths_.push_back({example.source.size(), example.target.size() + 1});
}

void BatchPlan::cut(const std::vector<size_t>& pool,
                    std::vector<std::vector<size_t>>& batches) const {
  std::vector<size_t> batch;
  size_t longest_side = 0;
  for (const size_t i : pool) {
    const size_t longer = std::max({longest_side, lengths_[i].source, lengths_[i].target});
    const size_t cost = options_.by_tokens ? longer * (batch.size() + 1) : batch.size() + 1;
    if (!batch.empty() && cost > options_.batch_size) {
      batches.push_back(std::move(batch));
      batch.clear();
      longest_side = 0;
    }
    batch.push_back(i);
    longest_side = std::max({longest_side, lengths_[i].source, lengths_[i].target});
  }
  if (!batch.empty()) batches.push_back(std::move(batch));
}

std::vector<std::vector<size_t>> BatchPlan::epoch(size_t number) const {
  SplitMix64 random = generator(options_.seed, number);
  std::vector<size_t> order(lengths_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  shuffle(order, random);

  std::vector<std::vector<size_t>> batches;
  for (size_t begin = 0; begin < order.size(); begin += options_.pool_size) {
    auto pool = range(order, begin, std::min(begin + options_.pool_size, order.size()));
    std::stable_sort(pool.begin(), pool.end(), [&](size_t a, size_t b) {
      const auto& [source_a, target_a] = lengths_[a];
      const auto& [source_b, target_b] = lengths_[b];
      return target_a != target_b ? target_a < target_b : source_a < source_b;
    });
    cut(pool, batches);
  }
  shuffle(batches, random);
  return batches;
}

}  // namespace babelgrad::text
