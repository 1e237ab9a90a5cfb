// Translator: a trained model with its vocabularies, as one folder on disk:
//   config.json            everything that was in force (config_json.h)
//   model.safetensors      parameters; its metadata repeats the configuration
//   shared.vocab, or source.vocab and target.vocab; with SentencePiece also *.spm; of a source of
//                          features there is none
//   training_state.safetensors   what `train --resume` needs; not read here
//   metrics.jsonl                how the training went (metrics.h); not read here
//   snapshots/                   parameters at earlier moments of the training (snapshots.h)
//
//   const Translator translator = Translator::load("model");
//   translator.translate({"je suis étudiant"}, translator.config().search)[0][0].text;
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "babelgrad/autograd/products/packed_weights.h"
#include "babelgrad/models/folder/feature_files.h"
#include "babelgrad/models/folder/shortlist.h"
#include "babelgrad/models/search/search.h"
#include "babelgrad/models/worker_pool.h"
#include "babelgrad/nn/safetensors.h"
#include "babelgrad/text/codec.h"
#include "babelgrad/text/words.h"

namespace babelgrad {

class Crew;
class Message;
class Ranks;

struct Translation {
  std::string text;
  std::vector<std::string> source_tokens;  // columns of hypothesis.weights
  std::vector<std::string> target_tokens;  // as hypothesis.tokens: rows of its weights
  Hypothesis hypothesis;
};

// A line of source or target text as the model reads it (normalized and lower-cased if the config
// says so).
std::string prepare_line(const DataConfig& config, const std::string& line);
// Its words, spelled as there, and which of the codec's tokens make them.
text::LineWords line_words(const DataConfig& config, const text::Codec& codec,
                           const std::string& line);

// The codecs of both sides; one and the same with a joint vocabulary.
struct Codecs {
  text::Codec source, target;
};

// The codecs of a model folder whose configuration is known.
Codecs load_codecs(const Config& config, const std::filesystem::path& folder);

// How matrices among the parameters are stored. int8: scaled and rounded row by row.
enum class Storage { float32, int8 };

class Translator {
 public:
  static constexpr std::size_t kLongestLine = 2000;  // tokens, or positions of features

  Translator(Config config, Codecs codecs);

  // Throws CheckpointError, ConfigError or text::InputError that names the file and what is wrong.
  static Translator load(const std::filesystem::path& folder);
  void save_vocabularies(const std::filesystem::path& folder) const;
  void save_config(const std::filesystem::path& folder) const;
  void save_parameters(const std::filesystem::path& folder,
                       Storage storage = Storage::float32) const;
  static Safetensors read_parameters(const std::filesystem::path& folder);

  const Config& config() const { return config_; }
  Config& config() { return config_; }
  const Codecs& codecs() const { return codecs_; }
  Seq2Seq<float>& model() { return model_; }
  const Seq2Seq<float>& model() const { return model_; }

  // Whether sources are features: then a line names an item of the files that are attached.
  bool reads_features() const { return config_.model.feature_size > 0; }
  // Throws ConfigError for files of other features than the model reads.
  void attach(std::shared_ptr<const FeatureFiles> features);
  const std::shared_ptr<const FeatureFiles>& features() const { return features_; }  // null: none

  // A line's ids, eos included, or the features that it names; and the ids of a target line,
  // without bos and eos. Throws text::InputError for an item that is not there.
  text::Source encode_source(const std::string& line) const;
  std::vector<std::int32_t> encode_target(const std::string& line) const;
  // Which tokens of a source line make its words; each position of features is one.
  text::LineWords source_words(const std::string& line) const;
  // What a source's positions are called: its tokens, or of features their numbers, from 1.
  std::vector<std::string> source_names(const text::Source& source) const;

  // How many lines stand before the first that require_readable() refuses.
  std::size_t count_readable(const std::vector<std::string>& lines, const text::Codec& codec) const;
  // Time and memory grow with the product of the lengths: throws text::InputError "f:3: 1000000
  // tokens; at most 2000 a line can be read" for a longer line of either side.
  void require_readable(const std::vector<std::string>& lines, const text::Codec& codec,
                        const std::string& file, std::size_t first_line = 1) const;

  // From now on this one translates with the other's model, too, as an ensemble (search.h). Throws
  // ConfigError "DIR: reads or writes other words than the first model", with the name given.
  void join(std::shared_ptr<const Translator> other, const std::string& name);

  // From now on lines are translated with the words alone that the shortlist has for them; nullptr:
  // with all. Throws ConfigError for a model that reads features.
  void shorten(std::shared_ptr<const Shortlist> shortlist);

  // From now on the other ranks search and score, too, where a pool does, with copies of the
  // parameters as they are now, to the same bits; not where a search has an observer, may be
  // abandoned or has demands. null: no more.
  void share(Crew* crew);
  // On one of these: what rank 0 has shared, and what it asks for (ranks/crew.h).
  static Translator shared_by(Ranks& ranks, Message& message);
  Message find_for_rank_0(Message& message) const;
  Message score_for_rank_0(Message& message) const;

  // Up to nbest translations a line, best first, in the lines' order. A line without tokens gives
  // one empty translation, and so does one that is abandoned (options are by line; once abandoned,
  // always). Throws overflow() where sums overflow, and so does score.
  std::vector<std::vector<Translation>> translate(const std::vector<std::string>& lines,
                                                  const SearchConfig& config,
                                                  SearchOptions options = {}) const;

  // search() of this model, or of the ensemble, in the precision that the settings say.
  std::vector<std::vector<Hypothesis>> find(const std::vector<text::Source>& sources,
                                            const SearchConfig& config,
                                            const SearchOptions& options = {}) const;

  // What is to be said of finite numbers whose sums are not: "model/model.safetensors: no word has
  // a probability; numbers in it are too large".
  CheckpointError overflow() const;

  struct Scored {
    double log_probability = 0;               // nats, eos included
    std::size_t tokens = 0;                   // eos included
    std::vector<std::vector<float>> weights;  // attention: a row a target token
  };
  // log P(target | source) of given pairs, in their order; of an ensemble, by the mean of its
  // models' probabilities, with the mean of their attention.
  std::vector<Scored> score(const std::vector<std::string>& sources,
                            const std::vector<std::string>& targets,
                            WorkerPool* pool = nullptr) const;

  // Which words of a scored pair belong together by attention (text/words.h).
  text::Alignment links(const std::string& source, const std::string& target,
                        const Scored& scored) const;

 private:
  Translator(Config config, Codecs codecs, std::optional<std::uint64_t> seed);
  static Translator load_from(const std::filesystem::path& place);
  std::size_t count_tokens(const std::string& line, const text::Codec& codec) const;
  Ensemble<float> ensemble() const;
  void collect_weights();
  std::vector<std::vector<Hypothesis>> find_here(const std::vector<text::Source>& sources,
                                                 const SearchConfig& config,
                                                 const SearchOptions& options) const;
  std::vector<std::vector<Hypothesis>> find_together(const std::vector<text::Source>& sources,
                                                     const SearchConfig& config,
                                                     const SearchOptions& options) const;
  // Of each batch, in the order of its columns.
  using BatchSource = std::function<text::Batch(std::size_t number)>;
  std::vector<std::vector<Scored>> score_here(std::size_t batches, const BatchSource& batch,
                                              WorkerPool* pool) const;
  std::vector<std::vector<Scored>> score_together(std::size_t batches, const BatchSource& batch,
                                                  WorkerPool& pool) const;

  std::filesystem::path folder_;  // that it was loaded from
  Config config_;
  Codecs codecs_;
  Seq2Seq<float> model_;
  std::vector<std::shared_ptr<const Translator>> others_;  // of an ensemble
  std::shared_ptr<PackedWeights> packed_weights_;          // of all models, in bfloat16
  std::shared_ptr<const FeatureFiles> features_;
  std::shared_ptr<const Shortlist> shortlist_;
  Crew* crew_ = nullptr;
};

// From rank 0 to the same model on all others.
void broadcast_parameters(Ranks& ranks, const ParameterStore<float>& store);

// Writes a model into a folder that exists. A model in it is replaced when the new one is whole,
// with all that belongs to it, its training state and snapshots, too (model_folder.h).
void replace_model(const Translator& translator, const std::filesystem::path& folder,
                   Storage storage = Storage::float32);

}  // namespace babelgrad
