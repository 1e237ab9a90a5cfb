#include "babelgrad/models/search/search.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <numeric>
#include <span>

#include "babelgrad/models/search/next_words.h"
#include "babelgrad/text/vocabulary.h"

namespace babelgrad {
namespace {

// A word of a hypothesis, and through `previous` the words before, which hypotheses share.
struct Step {
  std::shared_ptr<const Step> previous;
  std::int32_t token;
  std::vector<float> weights;  // attention of this word; empty without attention
};

// A hypothesis under way.
struct Beam {
  double log_probability = 0;
  std::size_t length = 0;  // tokens
  std::shared_ptr<const Step> last;
};

struct Sentence {
  std::size_t index;  // in the caller's order
  std::size_t length, max_tokens;
  std::vector<Beam> beams;  // unfinished
  std::vector<Hypothesis> finished;
};

bool better(const Candidate& a, const Candidate& b) {
  if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
  return a.beam != b.beam ? a.beam < b.beam : a.token < b.token;
}

// One batch of sentences on its way. Row k * B + b is beam k of the b-th active sentence.
template <class T>
class BatchSearch {
 public:
  BatchSearch(const Seq2Seq<T>& model, const SearchConfig& config, std::vector<Sentence> sentences,
              const IntArray& source, const IntArray& lengths, SearchObserver* observer)
      : model_(model), config_(config), observer_(observer), active_(std::move(sentences)) {
    const EncoderOutput<T> encoded = model.encoder()(source, lengths, kEvaluation);
    memory_ = model.decoder().memory(encoded);
    state_ = model.decoder().initial_state(encoded);
    for (Sentence& sentence : active_) sentence.beams = {Beam{}};
  }

  // Calls done(sentence) for each when its search has ended.
  template <class Function>
  void run(Function done) {
    while (!active_.empty()) {
      step();
      std::vector<std::size_t> staying;
      for (std::size_t b = 0; b < active_.size(); ++b) {
        if (has_ended(active_[b]))
          done(std::move(active_[b]));
        else
          staying.push_back(b);
      }
      if (staying.size() < active_.size()) keep(staying);
    }
  }

 private:
  std::size_t width() const { return state_.rows() / active_.size(); }  // rows a sentence

  bool has_ended(const Sentence& s) const {
    if (s.finished.size() >= config_.beam || s.beams.empty()) return true;
    return s.beams[0].length >= s.max_tokens;
  }

  void step() {
    const std::size_t rows = width(), batch = active_.size();
    IntArray words = full<std::int32_t>({rows * batch}, text::kPad);
    for (std::size_t b = 0; b < batch; ++b)
      for (std::size_t k = 0; k < active_[b].beams.size(); ++k) {
        const Beam& beam = active_[b].beams[k];
        words.data()[k * batch + b] = beam.last ? beam.last->token : text::kBos;
      }
    const Decoder<T>& decoder = model_.decoder();
    const DecoderOutput<T> output = decoder.step(words, memory_, state_, kEvaluation);
    const auto words_of_row =
        next_words(decoder.output_layer(), output.readout.value(), 2 * config_.beam);
    std::size_t next_width = 1;
    std::vector<std::vector<std::size_t>> parents(batch);  // of each new beam
    for (std::size_t b = 0; b < batch; ++b) {
      parents[b] = extend(active_[b], b, words_of_row, output.weights);
      next_width = std::max(next_width, parents[b].size());
    }
    std::vector<std::size_t> order(next_width * batch);
    for (std::size_t b = 0; b < batch; ++b)
      for (std::size_t k = 0; k < next_width; ++k)
        order[k * batch + b] = (k < parents[b].size() ? parents[b][k] : 0) * batch + b;
    state_ = state_.select(order);
  }

  // Replaces the beams of the b-th sentence by their best extensions; returns their parents.
  std::vector<std::size_t> extend(Sentence& sentence, std::size_t b,
                                  const std::vector<std::vector<NextWord>>& words_of_row,
                                  const Tensor<T>& weights) const {
    const std::size_t batch = active_.size();
    std::vector<Candidate> candidates;
    for (std::size_t k = 0; k < sentence.beams.size(); ++k)
      for (const NextWord& word : words_of_row[k * batch + b])
        candidates.push_back(
            {sentence.beams[k].log_probability + word.log_probability, k, word.token});
    std::sort(candidates.begin(), candidates.end(), better);
    candidates.resize(std::min(candidates.size(), 2 * config_.beam));
    std::vector<std::vector<float>> attention(sentence.beams.size());
    for (std::size_t k = 0; weights.defined() && k < attention.size(); ++k) {
      const T* row = weights.value().data() + (k * batch + b) * weights.dim(2);
      attention[k].assign(row, row + sentence.length);
    }
    std::vector<Beam> beams;
    std::vector<std::size_t> parents;
    for (std::size_t rank = 0; rank < candidates.size() && beams.size() < config_.beam; ++rank) {
      Candidate& candidate = candidates[rank];
      const bool ends = candidate.token == text::kEos;
      if (ends && rank >= config_.beam) continue;
      candidate.fate = ends ? Candidate::Fate::finished : Candidate::Fate::kept;
      const Beam& parent = sentence.beams[candidate.beam];
      const Beam beam{candidate.log_probability, parent.length + 1,
                      std::make_shared<const Step>(
                          Step{parent.last, candidate.token, attention[candidate.beam]})};
      if (ends) {
        sentence.finished.push_back(finish(beam, true));
      } else {
        beams.push_back(beam);
        parents.push_back(candidate.beam);
      }
    }
    if (observer_) observer_->on_step(sentence.index, candidates, attention);
    sentence.beams = std::move(beams);
    return parents;
  }

  Hypothesis finish(const Beam& beam, bool finished) const {
    Hypothesis hypothesis;
    hypothesis.log_probability = beam.log_probability;
    hypothesis.score = hypothesis_score(beam.log_probability, beam.length, config_.length_penalty);
    hypothesis.finished = finished;
    for (const Step* step = beam.last.get(); step != nullptr; step = step->previous.get()) {
      hypothesis.tokens.push_back(step->token);
      if (!step->weights.empty()) hypothesis.weights.push_back(step->weights);
    }
    std::reverse(hypothesis.tokens.begin(), hypothesis.tokens.end());
    std::reverse(hypothesis.weights.begin(), hypothesis.weights.end());
    return hypothesis;
  }

 public:
  // The hypotheses of an ended sentence, best first; cut-off ones only where finished ones lack.
  std::vector<Hypothesis> ranked(Sentence sentence) const {
    const auto by_score = [](const Hypothesis& a, const Hypothesis& b) {
      return a.score > b.score;
    };
    std::vector<Hypothesis> cut_off;
    for (const Beam& beam : sentence.beams) cut_off.push_back(finish(beam, false));
    std::stable_sort(sentence.finished.begin(), sentence.finished.end(), by_score);
    std::stable_sort(cut_off.begin(), cut_off.end(), by_score);
    std::vector<Hypothesis> all = std::move(sentence.finished);
    for (Hypothesis& hypothesis : cut_off) all.push_back(std::move(hypothesis));
    if (all.size() > config_.nbest) all.resize(config_.nbest);
    return all;
  }

 private:
  // Drops all sentences but these from the batch.
  void keep(const std::vector<std::size_t>& staying) {
    const std::size_t rows = width(), batch = active_.size();
    std::vector<Sentence> sentences;
    for (std::size_t b : staying) sentences.push_back(std::move(active_[b]));
    active_ = std::move(sentences);
    if (active_.empty()) return;
    std::vector<std::size_t> order;
    for (std::size_t k = 0; k < rows; ++k)
      for (std::size_t b : staying) order.push_back(k * batch + b);
    state_ = state_.select(order);
    memory_ = memory_.select(staying);
  }

  const Seq2Seq<T>& model_;
  const SearchConfig& config_;
  SearchObserver* observer_;
  std::vector<Sentence> active_;
  DecoderMemory<T> memory_;
  DecoderState<T> state_;
};

// Searches the sources `picks`, longest first, as one batch; fills in their results.
template <class T>
void search_batch(const Seq2Seq<T>& model, const std::vector<std::vector<std::int32_t>>& sources,
                  std::span<const std::size_t> picks, const SearchConfig& config,
                  SearchObserver* observer, std::vector<std::vector<Hypothesis>>& results) {
  const std::size_t batch = picks.size(), longest = sources[picks[0]].size();
  IntArray source = full<std::int32_t>({longest, batch}, text::kPad);
  IntArray lengths = uninitialized<std::int32_t>({batch});
  std::vector<Sentence> sentences(batch);
  for (std::size_t b = 0; b < batch; ++b) {
    const std::vector<std::int32_t>& words = sources[picks[b]];
    for (std::size_t s = 0; s < words.size(); ++s) source.data()[s * batch + b] = words[s];
    lengths.data()[b] = static_cast<std::int32_t>(words.size());
    sentences[b].index = picks[b];
    sentences[b].length = words.size();
    sentences[b].max_tokens = longest_output(words.size(), config);
  }
  BatchSearch<T> batch_search(model, config, std::move(sentences), source, lengths, observer);
  batch_search.run([&](Sentence sentence) {
    const std::size_t index = sentence.index;
    results[index] = batch_search.ranked(std::move(sentence));
  });
}

}  // namespace

double hypothesis_score(double log_probability, std::size_t tokens, double length_penalty) {
  return log_probability /
         std::pow(static_cast<double>(std::max<std::size_t>(tokens, 1)), length_penalty);
}

std::size_t longest_output(std::size_t source_length, const SearchConfig& config) {
  return static_cast<std::size_t>(config.max_length_ratio * static_cast<double>(source_length)) +
         config.max_length_extra;
}

SearchConfig spread(SearchConfig config, std::size_t sentences, std::size_t threads) {
  const std::size_t share = (sentences + threads - 1) / threads;
  config.search_batch = std::min(config.search_batch, std::max<std::size_t>(share, 1));
  return config;
}

template <class T>
std::vector<std::vector<Hypothesis>> search(const Seq2Seq<T>& model,
                                            const std::vector<std::vector<std::int32_t>>& sources,
                                            const SearchConfig& config, WorkerPool* pool,
                                            SearchObserver* observer) {
  if (config.beam == 0 || config.nbest == 0 || config.search_batch == 0)
    throw ConfigError("search: need beam, nbest and search_batch of at least 1");
  std::vector<std::size_t> order(sources.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return sources[a].size() > sources[b].size();
  });
  std::vector<std::vector<Hypothesis>> results(sources.size());
  std::atomic<std::size_t> next = 0;  // the first sentence that nobody has taken
  run_tasks(pool, pool == nullptr ? 1 : pool->threads(), [&](std::size_t) {
    const NoGrad no_grad;
    for (std::size_t begin; (begin = next.fetch_add(config.search_batch)) < order.size();) {
      const std::size_t count = std::min(config.search_batch, order.size() - begin);
      search_batch(model, sources, {order.data() + begin, count}, config, observer, results);
    }
  });
  return results;
}

#define BABELGRAD_INSTANTIATE(T)                                                             \
  template std::vector<std::vector<Hypothesis>> search(                                      \
      const Seq2Seq<T>&, const std::vector<std::vector<std::int32_t>>&, const SearchConfig&, \
      WorkerPool*, SearchObserver*);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
