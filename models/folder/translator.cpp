#include "babelgrad/models/folder/translator.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>

#include "babelgrad/autograd/array_ops.h"
#include "babelgrad/models/folder/model_folder.h"
#include "babelgrad/text/error.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad {
namespace {

// What the models make of the batch's targets together, as in a search.
Seq2Seq<float>::Forced mean_forced(const Ensemble<float>& models, const text::Batch& batch) {
  Array<float> sums;  // logarithms of the probabilities' sums
  std::vector<Tensor<float>> attention;
  for (const Seq2Seq<float>* model : models) {
    const auto [one, weights] = model->force(batch);
    sums = attention.empty() ? one : maximum(sums, one) + log1p(exp(-abs(sums - one)));
    attention.push_back(weights);
  }
  if (models.size() > 1) sums = sums - std::log(static_cast<float>(models.size()));
  return {sums, mean_attention(attention)};
}

}  // namespace

std::string prepare_line(const DataConfig& config, const std::string& line) {
  const std::string normalized = config.normalize == Normalization::nfc ? text::nfc(line) : line;
  return config.lowercase ? text::lowercase(normalized) : normalized;
}

text::LineWords line_words(const DataConfig& config, const text::Codec& codec,
                           const std::string& line) {
  return text::group_words(codec.tokens(prepare_line(config, line)), codec.tokenizer().kind());
}

Translator::Translator(Config config, Codecs codecs)
    : Translator(config, std::move(codecs), config.training.seed) {}

Translator::Translator(Config config, Codecs codecs, std::optional<std::uint64_t> seed)
    : config_(std::move(config)), codecs_(std::move(codecs)), model_(config_.model, seed) {
  collect_weights();
}

void Translator::attach(std::shared_ptr<const FeatureFiles> features) {
  if (features->feature_size() != config_.model.feature_size)
    throw ConfigError("source_features has " + std::to_string(features->feature_size()) +
                      " features a position; the model reads " +
                      (reads_features() ? std::to_string(config_.model.feature_size) : "words"));
  features_ = std::move(features);
}

text::Source Translator::encode_source(const std::string& line) const {
  if (features_) return features_->at(line);
  if (reads_features()) throw ConfigError("the model reads features, not text (--source-features)");
  std::vector<std::int32_t> ids = codecs_.source.encode(prepare_line(config_.data, line));
  ids.push_back(text::kEos);
  return ids;
}

text::LineWords Translator::source_words(const std::string& line) const {
  if (!reads_features()) return line_words(config_.data, codecs_.source, line);
  text::LineWords positions{source_names(encode_source(line)), {}};
  positions.of_token.resize(positions.words.size());
  std::iota(positions.of_token.begin(), positions.of_token.end(), std::size_t{0});
  return positions;
}

std::vector<std::string> Translator::source_names(const text::Source& source) const {
  if (!reads_features()) return codecs_.source.vocabulary().tokens(source.ids);
  std::vector<std::string> positions;
  for (std::size_t s = 1; s <= source.size(); ++s) positions.push_back(std::to_string(s));
  return positions;
}

std::vector<std::int32_t> Translator::encode_target(const std::string& line) const {
  return codecs_.target.encode(prepare_line(config_.data, line));
}

std::size_t Translator::count_tokens(const std::string& line, const text::Codec& codec) const {
  return codec.encode(prepare_line(config_.data, line)).size();
}

std::size_t Translator::count_readable(const std::vector<std::string>& lines,
                                       const text::Codec& codec) const {
  const auto too_long = [&](const std::string& line) {
    // A token has at least one byte.
    return line.size() > kLongestLine && count_tokens(line, codec) > kLongestLine;
  };
  return static_cast<std::size_t>(std::find_if(lines.begin(), lines.end(), too_long) -
                                  lines.begin());
}

void Translator::require_readable(const std::vector<std::string>& lines, const text::Codec& codec,
                                  const std::string& file, std::size_t first_line) const {
  const std::size_t i = count_readable(lines, codec);
  if (i < lines.size())
    throw text::InputError(file + ":" + std::to_string(first_line + i) + ": " +
                           std::to_string(count_tokens(lines[i], codec)) + " tokens; at most " +
                           std::to_string(kLongestLine) + " a line can be read");
}

void Translator::join(std::shared_ptr<const Translator> other, const std::string& name) {
  const DataConfig &a = config_.data, &b = other->config_.data;
  if (a.word_split != b.word_split || a.lowercase != b.lowercase || a.normalize != b.normalize ||
      !codecs_.source.is_same(other->codecs_.source) ||
      !codecs_.target.is_same(other->codecs_.target))
    throw ConfigError(name + ": reads or writes other words than the first model");
  others_.push_back(std::move(other));
  collect_weights();
}

void Translator::shorten(std::shared_ptr<const Shortlist> shortlist) {
  if (shortlist && reads_features())
    throw ConfigError("a shortlist needs a source of words; the model reads features");
  shortlist_ = std::move(shortlist);
}

std::vector<std::vector<Translation>> Translator::translate(const std::vector<std::string>& lines,
                                                            const SearchConfig& config,
                                                            SearchOptions options) const {
  std::vector<std::vector<Translation>> results(lines.size(), std::vector<Translation>(1));
  std::vector<text::Source> sources;
  std::vector<std::size_t> lines_of;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text::Source source = encode_source(lines[i]);
    if (source.items() == 0) {
      results[i][0].hypothesis.finished = true;  // an empty line's whole translation
      continue;
    }
    sources.push_back(std::move(source));
    lines_of.push_back(i);
  }
  if (shortlist_) {
    options.words.resize(sources.size());
    run_tasks(options.pool, sources.size(), [&](std::size_t i) {
      options.words[i] = shortlist_->words(source_words(lines[lines_of[i]]).words);
    });
  }
  if (options.abandon)
    options.abandon = [&lines_of, abandon = std::move(options.abandon)](std::size_t sentence) {
      return abandon(lines_of[sentence]);
    };
  std::vector<std::uint64_t> numbers;
  for (const std::size_t line : lines_of)
    numbers.push_back(options.numbers.empty() ? line : options.numbers.at(line));
  options.numbers = std::move(numbers);
  std::vector<Demands> demands;
  if (!options.demands.empty())
    for (const std::size_t line : lines_of) demands.push_back(std::move(options.demands.at(line)));
  options.demands = std::move(demands);
  std::vector<std::vector<Hypothesis>> found = find(sources, config, options);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].empty()) {
      if (options.abandon && options.abandon(i)) continue;
      throw overflow();
    }
    std::vector<Translation>& translations = results[lines_of[i]];
    translations.clear();
    for (Hypothesis& hypothesis : found[i])
      translations.push_back({codecs_.target.decode(hypothesis.tokens), source_names(sources[i]),
                              codecs_.target.vocabulary().tokens(hypothesis.tokens),
                              std::move(hypothesis)});
  }
  return results;
}

std::vector<std::vector<Hypothesis>> Translator::find(const std::vector<text::Source>& sources,
                                                      const SearchConfig& config,
                                                      const SearchOptions& options) const {
  const bool alike = options.observer == nullptr && !options.abandon && options.demands.empty();
  return crew_ != nullptr && options.pool != nullptr && alike
             ? find_together(sources, config, options)
             : find_here(sources, config, options);
}

std::vector<std::vector<Hypothesis>> Translator::find_here(const std::vector<text::Source>& sources,
                                                           const SearchConfig& config,
                                                           const SearchOptions& options) const {
  const MatmulPrecision precision(precision_in_force(config.precision));
  const SharePackedWeights share(*packed_weights_);
  return search(ensemble(), sources, config, options);
}

CheckpointError Translator::overflow() const {
  const std::string model = folder_.empty() ? "the model" : (folder_ / kModelFile).string();
  return CheckpointError(model + (features_ ? ", or " + features_->paths() : "") +
                         ": no word has a probability; numbers in it are too large");
}

Ensemble<float> Translator::ensemble() const {
  Ensemble<float> models{&model_};
  for (const auto& other : others_) models.push_back(&other->model_);
  return models;
}

void Translator::collect_weights() {
  std::vector<Tensor<float>> all;
  for (const Seq2Seq<float>* model : ensemble())
    for (const Tensor<float>& parameter : model->store().parameters()) all.push_back(parameter);
  packed_weights_ = std::make_shared<PackedWeights>(std::move(all));
}

std::vector<Translator::Scored> Translator::score(const std::vector<std::string>& sources,
                                                  const std::vector<std::string>& targets,
                                                  WorkerPool* pool) const {
  if (sources.size() != targets.size())
    throw std::invalid_argument("score: need as many sources as targets");
  std::vector<text::Example> examples;  // each pair once: test sets repeat, empty lines above all
  std::vector<std::size_t> example_of;
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> known;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto entry = known.try_emplace({sources[i], targets[i]}, examples.size()).first;
    if (entry->second == examples.size())
      examples.push_back({encode_source(sources[i]), encode_target(targets[i])});
    example_of.push_back(entry->second);
  }
  text::BatchOptions options;
  options.batch_size = config_.search.search_batch;
  const auto plan = text::BatchPlan(examples, options).epoch(0);
  const auto batch = [&](std::size_t k) { return text::make_batch(examples, plan[k]); };
  auto scored = crew_ != nullptr && pool != nullptr ? score_together(plan.size(), batch, *pool)
                                                    : score_here(plan.size(), batch, pool);
  std::vector<Scored> scored_examples(examples.size());
  for (std::size_t k = 0; k < plan.size(); ++k)
    for (std::size_t b = 0; b < plan[k].size(); ++b)
      scored_examples[plan[k][b]] = std::move(scored[k][b]);
  std::vector<Scored> results;
  for (const std::size_t example : example_of) {
    results.push_back(scored_examples[example]);
    if (std::isnan(results.back().log_probability)) throw overflow();
  }
  return results;
}

std::vector<std::vector<Translator::Scored>> Translator::score_here(std::size_t batches,
                                                                    const BatchSource& make_batch,
                                                                    WorkerPool* pool) const {
  const Ensemble<float> models = ensemble();
  std::vector<std::vector<Scored>> results(batches);
  run_tasks(pool, batches, [&](std::size_t task) {
    const text::Batch batch = make_batch(task);
    const auto forced = mean_forced(models, batch);
    results[task].resize(batch.size);
    for (std::size_t b = 0; b < batch.size; ++b) {
      Scored& scored = results[task][b];
      scored.tokens = static_cast<std::size_t>(batch.target_lengths[b]);
      const std::size_t S = batch.source_length;
      for (std::size_t t = 0; t < scored.tokens; ++t) {
        scored.log_probability += forced.log_probabilities.data()[t * batch.size + b];
        if (!forced.weights.defined()) continue;
        const float* row = forced.weights.value().data() + (t * batch.size + b) * S;
        scored.weights.emplace_back(row, row + batch.source_lengths[b]);
      }
    }
  });
  return results;
}

text::Alignment Translator::links(const std::string& source, const std::string& target,
                                  const Scored& scored) const {
  return text::word_links(scored.weights, source_words(source),
                          line_words(config_.data, codecs_.target, target));
}

}  // namespace babelgrad
