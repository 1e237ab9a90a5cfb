// SearchRun: a batch of sentences on its way through a search, a step at a time. Sentences may join
// at any step, and leave; none has an effect on the result of another (but by rounding).
//
//   SearchRun<float> run(model, config);
//   run.add({&sources[0], &sources[1]}, {0, 1});
//   while (run.sentences() > 0)
//     for (SearchedSentence& done : run.step()) results[done.id] = std::move(done.hypotheses);
#pragma once

#include <functional>
#include <vector>

#include "babelgrad/models/search/search.h"
#include "babelgrad/models/search/selection.h"
#include "babelgrad/models/search/short_output.h"

namespace babelgrad {

struct SearchedSentence {
  std::size_t id = 0;
  std::vector<Hypothesis> hypotheses;  // at most config.nbest, best first
};

// Thread-safety: of one thread at a time; the models may be shared. A run that has thrown while it
// made a step is of no further use.
template <class T>
class SearchRun {
 public:
  // The models and the observer must outlive this. Throws ConfigError for models that do not have
  // the same vocabularies.
  SearchRun(Ensemble<T> models, const SearchConfig& config, SearchObserver* observer = nullptr,
            Entropies entropies = Entropies::left_out);
  SearchRun(const Seq2Seq<T>& model, const SearchConfig& config, SearchObserver* observer = nullptr,
            Entropies entropies = Entropies::left_out)
      : SearchRun(Ensemble<T>{&model}, config, observer, entropies) {}

  // Takes up sentences: the ids by which they are known, the numbers by which their samples are
  // drawn (empty: the ids), what their translations must have (empty: nothing), and of which words
  // they are made (SearchOptions). Throws ConfigError for phrases that would have to be drawn, and
  // for words in another order.
  void add(const std::vector<const text::Source*>& sources, const std::vector<std::size_t>& ids,
           const std::vector<std::uint64_t>& numbers = {}, std::vector<Demands> demands = {},
           std::vector<std::vector<std::int32_t>> words = {});
  // Extends the hypotheses of all sentences by a word; returns the sentences that have ended.
  std::vector<SearchedSentence> step();
  // Drops the sentences for whose id `abandoned` is true.
  void drop(const std::function<bool(std::size_t id)>& abandoned);

  std::size_t sentences() const { return active_.size(); }

 private:
  struct Sentence {
    std::size_t id;
    std::uint64_t number;  // of its samples
    std::size_t length, max_tokens;
    std::vector<PartialHypothesis> hypotheses;
    std::vector<Hypothesis> finished;
    Demands demands;
    std::shared_ptr<const ShortOutput<T>> output;  // null: all words
  };

  // One of the models, with what it reads and hands on.
  struct Part {
    const Seq2Seq<T>* model;
    DecoderMemory<T> memory = {};
    DecoderState<T> state = {};
  };

  std::size_t width() const { return parts_[0].state.rows() / active_.size(); }  // a sentence
  void select_rows(const std::vector<std::size_t>& rows);
  bool has_ended(const Sentence& sentence) const;
  IntArray last_words() const;
  WordsQuery query() const;
  std::vector<NextWords> likeliest_words(const std::vector<OutputLayer<T>>& outputs) const;
  // Replaces the b-th sentence's hypotheses by their best extensions; returns these' parents.
  std::vector<std::size_t> extend(std::size_t b, std::vector<NextWords>& words_of_row,
                                  const Tensor<T>& weights);
  void keep_parents(const std::vector<std::vector<std::size_t>>& parents);
  void keep_sentences(const std::vector<std::size_t>& staying);
  Hypothesis finish(const PartialHypothesis& hypothesis, bool finished) const;
  std::vector<Hypothesis> ranked(Sentence sentence) const;

  std::vector<Part> parts_;
  SearchConfig config_;
  SearchObserver* observer_;
  Entropies entropies_;
  std::vector<Sentence> active_;  // row k * B + b of a state is hypothesis k of the b-th of B
};

extern template class SearchRun<float>;
extern template class SearchRun<double>;

}  // namespace babelgrad
