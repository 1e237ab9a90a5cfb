#include "babelgrad/models/training/training_data.h"

#include <algorithm>
#include <iterator>

#include "babelgrad/base/hash.h"

namespace babelgrad {
namespace {

void prepare(const DataConfig& config, std::vector<std::string>& lines) {
  for (std::string& line : lines) line = prepare_line(config, line);
}

void append(text::Corpus& corpus, text::Corpus more) {
  for (std::size_t i = 0; i < more.size(); ++i) corpus.take(more, i);
}

// A file of features and the lines that go with it.
text::Corpus read_described(const std::string& features, const std::string& target,
                            FeatureFiles& files) {
  text::Corpus corpus{files.add(features), text::read_lines(target)};
  text::require_aligned(features, corpus.source.size(), target, corpus.target.size(), "items");
  return corpus;
}

text::Corpus read_training_corpus(const DataConfig& c, FeatureFiles& features) {
  const bool described = !c.source_features.empty();
  const std::vector<std::string>& sources = described ? c.source_features : c.source;
  const std::string source = described ? "source_features" : "source";
  const bool files = !sources.empty() || !c.target.empty();
  if (described && !c.source.empty())
    throw ConfigError("config: source and source_features are given; need one of them");
  if (files && !c.tsv.empty())
    throw ConfigError("config: " + (sources.empty() ? "target" : source) +
                      " and tsv are given; need one of them");
  if (!files && c.tsv.empty())
    throw ConfigError(
        "config: need training data: source and target, or source_features and target, or tsv");
  if (files && (sources.empty() || c.target.empty()))
    throw ConfigError("config: " + (sources.empty() ? source : "target") + " is missing; " +
                      source + " and target go together");
  if (sources.size() != c.target.size())
    throw ConfigError("config: " + source + " is " + std::to_string(sources.size()) +
                      " files, but target is " + std::to_string(c.target.size()) +
                      "; they go together file by file");
  const std::vector<std::string>& paths = files ? c.target : c.tsv;
  const std::vector<std::string>& alignments = c.guided_alignment;
  if (!alignments.empty() && alignments.size() != paths.size())
    throw ConfigError("config: guided_alignment is " + std::to_string(alignments.size()) +
                      " files, but the pairs are in " + std::to_string(paths.size()) +
                      "; they go together file by file");
  text::Corpus corpus;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    text::Corpus part = described ? read_described(sources[i], c.target[i], features)
                        : files   ? text::read_parallel(sources[i], c.target[i])
                                  : text::read_tsv(c.tsv[i]);
    if (!alignments.empty()) {
      part.alignments = text::read_alignments(alignments[i]);
      text::require_aligned(alignments[i], part.alignments.size(), paths[i], part.size());
    }
    append(corpus, std::move(part));
  }
  return corpus;
}

text::Corpus read_validation(const DataConfig& c, std::uint64_t seed, text::Corpus& train,
                             FeatureFiles& features) {
  const bool described = !c.source_features.empty();
  const std::string& valid_source = described ? c.valid_source_features : c.valid_source;
  const std::string source = described ? "valid_source_features" : "valid_source";
  if (!(described ? c.valid_source : c.valid_source_features).empty())
    throw ConfigError("config: validation sources are " + source + ", as those of the training");
  if (valid_source.empty() != c.valid_target.empty())
    throw ConfigError("config: " + (valid_source.empty() ? source : "valid_target") +
                      " is missing; " + source + " and valid_target go together");
  if (!valid_source.empty())
    return described ? read_described(valid_source, c.valid_target, features)
                     : text::read_parallel(valid_source, c.valid_target);
  const std::size_t tenth = std::max<std::size_t>(1, train.size() / 10);
  text::Corpus held_out = text::split_off(train, std::min(c.valid_size, tenth), seed);
  if (held_out.size() == 0)
    throw ConfigError(
        "config: no pairs can be held out for validation (too few different "
        "sources); give valid_source and valid_target");
  return held_out;
}

Codecs learn_codecs(const DataConfig& c, const text::Corpus& train) {
  const auto learn = [&](const std::vector<std::string>& lines, text::TokenizerKind kind,
                         std::size_t vocab_size) {
    text::CodecOptions options;
    options.kind = kind;
    options.word_split = c.word_split;
    options.vocab_size = vocab_size;
    options.min_count = c.min_count;
    options.hard_limit = vocab_size != 0;
    return text::Codec::train(lines, options);
  };
  if (!c.is_joint())
    return {c.source_features.empty() ? learn(train.source, c.source_tokenizer, c.source_vocab_size)
                                      : text::Codec::train({}, {}),
            learn(train.target, c.target_tokenizer, c.target_vocab_size)};
  std::vector<std::string> both = train.source;
  both.insert(both.end(), train.target.begin(), train.target.end());
  const text::Codec shared = learn(both, c.source_tokenizer, c.source_vocab_size);
  return {shared, shared};
}

std::uint64_t hash_of(const std::vector<float>& numbers, std::uint64_t hash) {
  return fnv1a({reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)},
               hash);
}

std::uint64_t fingerprint_of(const TrainingData& data) {
  std::uint64_t hash = fnv1a({});
  for (const text::Example& example : data.train) {
    for (const auto* ids : {&example.source.ids, &example.target})
      hash = fnv1a({reinterpret_cast<const char*>(ids->data()), ids->size() * sizeof(std::int32_t)},
                   hash);
    hash = hash_of(example.source.features, hash);
    if (!example.links.empty()) hash = fnv1a(text::format_alignment(example.links), hash);
  }
  for (const std::string& line : data.validation.source)
    hash =
        data.features ? hash_of(data.features->at(line).features, hash) : fnv1a(line + "\n", hash);
  for (const std::string& line : data.validation.target) hash = fnv1a(line + "\n", hash);
  return hash;
}

// A side whose every token was left out would be all <unk>.
void require_tokens(const std::string& side, const text::Codec& codec, std::size_t vocab_size,
                    std::size_t min_count) {
  if (codec.size() > static_cast<std::size_t>(text::kSpecials)) return;
  throw ConfigError("config: " + side + "_vocab_size " + std::to_string(vocab_size) +
                    " and min_count " + std::to_string(min_count) + " leave no " + side +
                    " tokens but the " + std::to_string(text::kSpecials) + " special ones");
}

}  // namespace

Corpora load_corpora(const Config& config) {
  if (!config.data.guided_alignment.empty() && !config.model.attends())
    throw ConfigError("config: guided_alignment is of attention; attention is none");
  const bool described = !config.data.source_features.empty();
  if (described && !config.data.guided_alignment.empty())
    throw ConfigError("config: guided_alignment is of words; the source is features");
  Corpora corpora;
  auto features = std::make_shared<FeatureFiles>();
  corpora.train = read_training_corpus(config.data, *features);
  corpora.validation = read_validation(config.data, config.training.seed, corpora.train, *features);
  for (text::Corpus* corpus : {&corpora.train, &corpora.validation}) {
    if (!described) prepare(config.data, corpus->source);
    prepare(config.data, corpus->target);
  }
  if (described) corpora.features = std::move(features);
  return corpora;
}

std::size_t drop_long(text::Corpus& corpus, const Codecs& codecs, const FeatureFiles* features,
                      std::size_t max_length) {
  const auto source_length = [&](const std::string& line) {
    return features ? features->at(line).size() : codecs.source.encode(line).size();
  };
  text::Corpus kept;
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    if (source_length(corpus.source[i]) > max_length ||
        codecs.target.encode(corpus.target[i]).size() > max_length)
      continue;
    kept.take(corpus, i);
  }
  const std::size_t dropped = corpus.size() - kept.size();
  corpus = std::move(kept);
  return dropped;
}

TrainingData load_training_data(const Config& config, const std::optional<Codecs>& codecs) {
  const DataConfig& c = config.data;
  TrainingData data;
  auto [train, validation, features] = load_corpora(config);
  data.held_out = c.valid_target.empty();
  data.features = features;
  data.validation = std::move(validation);
  data.codecs = codecs ? *codecs : learn_codecs(c, train);
  data.long_validation = drop_long(data.validation, data.codecs, features.get(), c.max_length);
  if (data.validation.size() == 0)
    throw ConfigError("config: all " + std::to_string(data.long_validation) +
                      " validation pairs are longer than max_length " +
                      std::to_string(c.max_length));
  data.train = text::encode_corpus(train, data.codecs.source, data.codecs.target);
  for (std::size_t i = 0; features && i < train.size(); ++i)
    data.train[i].source = features->at(train.source[i]);
  text::BatchOptions limits;
  limits.max_source_length = limits.max_target_length = c.max_length;
  limits.cut_long = c.cut_long;
  data.lengths = text::limit_lengths(data.train, limits);
  if (data.train.empty())
    throw ConfigError(
        "config: no training pairs are left: " + std::to_string(data.lengths.skipped) +
        " longer than max_length " + std::to_string(c.max_length) + ", " +
        std::to_string(data.lengths.empty) + " empty");
  if (!features) require_tokens("source", data.codecs.source, c.source_vocab_size, c.min_count);
  require_tokens("target", data.codecs.target, c.target_vocab_size, c.min_count);
  data.fingerprint = fingerprint_of(data);
  return data;
}

void fit_config(Config& config, const Codecs& codecs, const FeatureFiles* features) {
  config.model.feature_size = features ? features->feature_size() : 0;
  config.model.source_vocabulary = features ? 0 : codecs.source.size();
  config.model.target_vocabulary = codecs.target.size();
  config.data.joint_vocabulary = config.data.is_joint();
  config.model.share_embeddings = config.model.share_embeddings && config.data.joint_vocabulary;
  config.model.check();
}

}  // namespace babelgrad
