#include "babelgrad/models/search/search_run.h"

#include <algorithm>

#include "babelgrad/autograd/array_ops.h"
#include "babelgrad/text/vocabulary.h"

namespace babelgrad {

template <class T>
SearchRun<T>::SearchRun(Ensemble<T> models, const SearchConfig& config, SearchObserver* observer,
                        Entropies entropies)
    : config_(config), observer_(observer), entropies_(entropies) {
  config.check();
  if (models.empty()) throw ConfigError("search: need at least one model");
  const Seq2SeqConfig& first = models[0]->config();
  for (const Seq2Seq<T>* model : models) {
    const Seq2SeqConfig& c = model->config();
    if (c.source_vocabulary != first.source_vocabulary || c.feature_size != first.feature_size ||
        c.target_vocabulary != first.target_vocabulary)
      throw ConfigError("search: the models do not have the same vocabularies");
    parts_.push_back({model});
  }
}

template <class T>
void SearchRun<T>::select_rows(const std::vector<std::size_t>& rows) {
  for (Part& part : parts_) part.state = part.state.select(rows);
}

template <class T>
void SearchRun<T>::add(const std::vector<const text::Source*>& sources,
                       const std::vector<std::size_t>& ids,
                       const std::vector<std::uint64_t>& numbers, std::vector<Demands> demands,
                       std::vector<std::vector<std::int32_t>> words) {
  if (sources.empty()) return;
  demands.resize(sources.size());
  words.resize(sources.size());
  std::vector<const Linear<T>*> layers;
  for (const Part& part : parts_) layers.push_back(&part.model->decoder().output_layer());
  const NoGrad no_grad;
  const std::size_t batch = sources.size();
  const text::Batch read = text::source_batch(sources);
  std::vector<Sentence> joining;
  for (std::size_t b = 0; b < batch; ++b) {
    const std::size_t length = sources[b]->size();
    if (config_.sample && !demands[b].phrases.empty())
      throw ConfigError("search: phrases need beam search; sample draws words");
    const std::size_t least = demands[b].empty() ? 0 : demands[b].longest() + 1;
    std::shared_ptr<const ShortOutput<T>> output;
    if (!words[b].empty() && demands[b].empty())
      output = std::make_shared<const ShortOutput<T>>(layers, std::move(words[b]));
    joining.push_back({ids.at(b),
                       numbers.empty() ? ids[b] : numbers.at(b),
                       length,
                       std::max(longest_output(length, config_), least),
                       {PartialHypothesis{}},
                       {},
                       std::move(demands[b]),
                       std::move(output)});
  }
  const std::size_t rows = active_.empty() ? 1 : width();
  std::vector<Part> joined;
  for (const Part& part : parts_) {
    const EncoderOutput<T> encoded = part.model->encoder()(read, kEvaluation);
    DecoderMemory<T> memory = part.model->decoder().memory(encoded);
    DecoderState<T> state = part.model->decoder().initial_state(encoded);
    if (!active_.empty()) {
      memory = part.memory.join(memory);
      state = part.state.join(state, rows);
    }
    joined.push_back({part.model, std::move(memory), std::move(state)});
  }
  active_.reserve(active_.size() + joining.size());
  parts_ = std::move(joined);
  std::move(joining.begin(), joining.end(), std::back_inserter(active_));
}

template <class T>
std::vector<SearchedSentence> SearchRun<T>::step() {
  const NoGrad no_grad;
  std::vector<SearchedSentence> ended;
  if (active_.empty()) return ended;
  const IntArray last = last_words();
  std::vector<OutputLayer<T>> outputs;
  std::vector<Tensor<T>> attention;
  for (Part& part : parts_) {
    const Decoder<T>& decoder = part.model->decoder();
    const DecoderOutput<T> output = decoder.step(last, part.memory, part.state, kEvaluation);
    outputs.push_back({&decoder.output_layer(), output.readout.value().alias()});
    attention.push_back(output.weights);
  }
  const Tensor<T> weights = mean_attention(attention);
  std::vector<NextWords> words = likeliest_words(outputs);
  std::vector<std::vector<std::size_t>> parents;
  for (std::size_t b = 0; b < active_.size(); ++b) parents.push_back(extend(b, words, weights));
  keep_parents(parents);
  std::vector<std::size_t> staying;
  for (std::size_t b = 0; b < active_.size(); ++b) {
    if (has_ended(active_[b]))
      ended.push_back({active_[b].id, ranked(std::move(active_[b]))});
    else
      staying.push_back(b);
  }
  keep_sentences(staying);
  return ended;
}

template <class T>
void SearchRun<T>::drop(const std::function<bool(std::size_t id)>& abandoned) {
  std::vector<std::size_t> staying;
  for (std::size_t b = 0; b < active_.size(); ++b)
    if (!abandoned(active_[b].id)) staying.push_back(b);
  keep_sentences(staying);
}

template <class T>
bool SearchRun<T>::has_ended(const Sentence& sentence) const {
  if (sentence.hypotheses.empty() || sentence.hypotheses[0].length >= sentence.max_tokens)
    return true;
  const std::size_t enough = hypotheses_kept(config_);
  if (sentence.finished.size() < enough) return false;
  if (sentence.demands.phrases.empty()) return true;
  // Those that took in their phrases soonest end first; others may still be likelier.
  const double best = sentence.hypotheses[0].log_probability;
  return std::count_if(sentence.finished.begin(), sentence.finished.end(), [&](const auto& h) {
           return h.log_probability >= best;
         }) >= static_cast<std::ptrdiff_t>(enough);
}

template <class T>
IntArray SearchRun<T>::last_words() const {
  const std::size_t rows = width(), batch = active_.size();
  IntArray words = full<std::int32_t>({rows * batch}, text::kPad);
  for (std::size_t b = 0; b < batch; ++b)
    for (std::size_t k = 0; k < active_[b].hypotheses.size(); ++k) {
      const PartialHypothesis& hypothesis = active_[b].hypotheses[k];
      words.data()[k * batch + b] = hypothesis.last ? hypothesis.last->token : text::kBos;
    }
  return words;
}

// Of all hypotheses together.
template <class T>
WordsQuery SearchRun<T>::query() const {
  WordsQuery query;
  query.entropies = entropies_ == Entropies::measured;
  const std::size_t batch = active_.size();
  std::size_t longest = 0;
  for (std::size_t b = 0; b < batch; ++b) {
    const Sentence& sentence = active_[b];
    longest = std::max(longest, sentence.hypotheses[0].length);
    if (sentence.demands.empty()) continue;
    query.wanted.resize(width() * batch);
    for (std::size_t k = 0; k < sentence.hypotheses.size(); ++k)
      query.wanted[k * batch + b] = words_wanted(sentence.hypotheses[k], sentence.demands);
  }
  query.count = words_needed(config_, longest);
  return query;
}

// Of all sentences at once, or where some are made of words of their own, of one after the other.
template <class T>
std::vector<NextWords> SearchRun<T>::likeliest_words(
    const std::vector<OutputLayer<T>>& outputs) const {
  const WordsQuery all = query();
  if (std::none_of(active_.begin(), active_.end(), [](const Sentence& s) { return s.output; }))
    return next_words(outputs, all);
  const std::size_t batch = active_.size();
  std::vector<NextWords> words(width() * batch);
  for (std::size_t b = 0; b < batch; ++b) {
    IntArray rows = uninitialized<std::int32_t>({active_[b].hypotheses.size()});
    WordsQuery of_sentence{all.count, {}, all.entropies};
    for (std::size_t k = 0; k < rows.size(); ++k) {
      rows.data()[k] = static_cast<std::int32_t>(k * batch + b);
      if (!all.wanted.empty()) of_sentence.wanted.push_back(all.wanted[k * batch + b]);
    }
    std::vector<OutputLayer<T>> of_rows;
    for (const OutputLayer<T>& output : outputs)
      of_rows.push_back({output.layer, index_select(output.readout, 0, rows)});
    auto found = active_[b].output ? active_[b].output->next_words(of_rows, of_sentence)
                                   : next_words(of_rows, of_sentence);
    for (std::size_t k = 0; k < rows.size(); ++k) words[k * batch + b] = std::move(found[k]);
  }
  return words;
}

template <class T>
std::vector<std::size_t> SearchRun<T>::extend(std::size_t b, std::vector<NextWords>& words_of_row,
                                              const Tensor<T>& weights) {
  const std::size_t batch = active_.size();
  Sentence& sentence = active_[b];
  std::vector<NextWords> words;
  std::vector<std::vector<float>> attention(sentence.hypotheses.size());
  std::vector<double> entropies;
  for (std::size_t k = 0; k < attention.size(); ++k) {
    words.push_back(std::move(words_of_row[k * batch + b]));
    entropies.push_back(words.back().entropy);
    if (!weights.defined()) continue;
    const T* row = weights.value().data() + (k * batch + b) * weights.dim(2);
    attention[k].assign(row, row + sentence.length);
  }
  const std::vector<Candidate> candidates =
      select_candidates(sentence.hypotheses, std::move(words),
                        {config_, sentence.number, sentence.demands, sentence.max_tokens});
  std::vector<PartialHypothesis> kept;
  std::vector<std::size_t> parents;
  for (const Candidate& candidate : candidates) {
    if (candidate.fate == Candidate::Fate::dropped) continue;
    const PartialHypothesis& parent = sentence.hypotheses[candidate.beam];
    PartialHypothesis extended{
        candidate.log_probability, parent.length + 1,
        std::make_shared<const SearchStep>(SearchStep{
            parent.last, candidate.token, attention[candidate.beam],
            candidate.log_probability - parent.log_probability, entropies[candidate.beam]})};
    if (candidate.fate == Candidate::Fate::finished) {
      sentence.finished.push_back(finish(extended, true));
    } else {
      kept.push_back(std::move(extended));
      parents.push_back(candidate.beam);
    }
  }
  if (observer_) observer_->on_step(sentence.id, candidates, attention);
  sentence.hypotheses = std::move(kept);
  return parents;
}

template <class T>
void SearchRun<T>::keep_parents(const std::vector<std::vector<std::size_t>>& parents) {
  const std::size_t batch = active_.size();
  std::size_t rows = 1;
  for (const auto& of_sentence : parents) rows = std::max(rows, of_sentence.size());
  std::vector<std::size_t> order(rows * batch);
  for (std::size_t b = 0; b < batch; ++b)
    for (std::size_t k = 0; k < rows; ++k)
      order[k * batch + b] = (k < parents[b].size() ? parents[b][k] : 0) * batch + b;
  select_rows(order);
}

// Drops all sentences but these.
template <class T>
void SearchRun<T>::keep_sentences(const std::vector<std::size_t>& staying) {
  const std::size_t batch = active_.size();
  if (staying.size() == batch) return;
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < width(); ++k)
    for (std::size_t b : staying) order.push_back(k * batch + b);
  std::vector<Part> parts;
  for (const Part& part : parts_)
    parts.push_back(staying.empty()
                        ? Part{part.model}
                        : Part{part.model, part.memory.select(staying), part.state.select(order)});
  std::vector<Sentence> sentences;
  for (std::size_t b : staying) sentences.push_back(std::move(active_[b]));
  active_ = std::move(sentences);
  parts_ = std::move(parts);
}

template <class T>
Hypothesis SearchRun<T>::finish(const PartialHypothesis& partial, bool finished) const {
  Hypothesis hypothesis;
  hypothesis.log_probability = partial.log_probability;
  hypothesis.score = hypothesis_score(partial.log_probability, partial.length, config_);
  hypothesis.finished = finished;
  for (const SearchStep* step = partial.last.get(); step != nullptr; step = step->previous.get()) {
    hypothesis.tokens.push_back(step->token);
    hypothesis.log_probabilities.push_back(step->log_probability);
    if (entropies_ == Entropies::measured) hypothesis.entropies.push_back(step->entropy);
    if (!step->weights.empty()) hypothesis.weights.push_back(step->weights);
  }
  std::reverse(hypothesis.tokens.begin(), hypothesis.tokens.end());
  std::reverse(hypothesis.weights.begin(), hypothesis.weights.end());
  std::reverse(hypothesis.log_probabilities.begin(), hypothesis.log_probabilities.end());
  std::reverse(hypothesis.entropies.begin(), hypothesis.entropies.end());
  return hypothesis;
}

// Best first; cut-off ones only where finished ones lack.
template <class T>
std::vector<Hypothesis> SearchRun<T>::ranked(Sentence sentence) const {
  const auto by_score = [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; };
  std::vector<Hypothesis> cut_off;
  for (const PartialHypothesis& partial : sentence.hypotheses)
    cut_off.push_back(finish(partial, false));
  std::stable_sort(sentence.finished.begin(), sentence.finished.end(), by_score);
  std::stable_sort(cut_off.begin(), cut_off.end(), by_score);
  std::vector<Hypothesis> all = std::move(sentence.finished);
  std::move(cut_off.begin(), cut_off.end(), std::back_inserter(all));
  if (all.size() > config_.nbest) all.resize(config_.nbest);
  return all;
}

template class SearchRun<float>;
template class SearchRun<double>;

}  // namespace babelgrad
