// The part of Translator that shares its work with other ranks. Batches are those of one rank, so
// that all results are the same to the last bit; of n ranks the r-th takes batches r, r + n, ...
#include "babelgrad/models/config/config_json.h"
#include "babelgrad/models/folder/translator.h"
#include "babelgrad/models/ranks/crew.h"
#include "babelgrad/models/ranks/fields.h"

namespace babelgrad {

template <class Visit, Either<Translator::Scored> Scored>
void fields(const Visit& visit, Scored& scored) {
  visit(scored.log_probability, scored.tokens, scored.weights);
}

namespace {

struct FindRequest {
  std::vector<text::Source> sources;
  std::vector<std::uint64_t> numbers;
  std::vector<std::vector<std::int32_t>> words;
  SearchConfig config;
  Entropies entropies = Entropies::left_out;
  std::size_t threads = 1;
};

template <class Visit, Either<FindRequest> Request>
void fields(const Visit& visit, Request& r) {
  visit(r.sources, r.numbers, r.words, r.config, r.entropies, r.threads);
}

}  // namespace

void broadcast_parameters(Ranks& ranks, const ParameterStore<float>& store) {
  for (Tensor<float> parameter : store.parameters())
    broadcast(ranks, parameter.mutable_value().data(), parameter.size() * sizeof(float));
}

void Translator::share(Crew* crew) {
  crew_ = crew;
  if (crew == nullptr) return;
  std::vector<std::string> configs{to_json(config_)};
  for (const auto& other : others_) configs.push_back(to_json(other->config_));
  Message message;
  message.put(configs);
  crew->begin();
  crew->send_all(Command::models, message);
  broadcast_parameters(crew->ranks(), model_.store());
  for (const auto& other : others_) broadcast_parameters(crew->ranks(), other->model_.store());
  crew->done();
}

Translator Translator::shared_by(Ranks& ranks, Message& message) {
  const auto configs = message.get<std::vector<std::string>>();
  const auto load = [&](std::size_t k) {
    Translator translator(stored_config(configs.at(k), "rank 0"), Codecs(), std::nullopt);
    broadcast_parameters(ranks, translator.model_.store());
    return translator;
  };
  Translator first = load(0);
  for (std::size_t k = 1; k < configs.size(); ++k)
    first.join(std::make_shared<const Translator>(load(k)), "rank 0");
  return first;
}

std::vector<std::vector<Hypothesis>> Translator::find_together(
    const std::vector<text::Source>& sources, const SearchConfig& config,
    const SearchOptions& options) const {
  const std::vector<std::size_t> order = by_length(sources);
  const std::size_t n = crew_->size();
  SearchConfig together = config;
  together.precision = settled(config.precision);
  std::vector<FindRequest> requests(n);
  for (FindRequest& request : requests) {
    request.config = together;
    request.entropies = options.entropies;
    request.threads = options.pool->threads();
  }
  std::vector<std::vector<std::size_t>> places(n);
  for (std::size_t k = 0; k < order.size(); ++k) {
    const std::size_t rank = k / config.search_batch % n, i = order[k];
    requests[rank].sources.push_back(sources[i]);
    requests[rank].numbers.push_back(options.numbers.empty() ? i : options.numbers.at(i));
    if (!options.words.empty()) requests[rank].words.push_back(options.words.at(i));
    places[rank].push_back(i);
  }
  std::vector<std::vector<Hypothesis>> results(sources.size());
  const auto take = [&](std::size_t rank, std::vector<std::vector<Hypothesis>> found) {
    for (std::size_t k = 0; k < found.size(); ++k) results[places[rank][k]] = std::move(found[k]);
  };
  crew_->begin();
  for (std::size_t r = 1; r < n; ++r) {
    Message message;
    message.put(requests[r]);
    crew_->send(r, Command::find, message);
  }
  SearchOptions own = options;
  own.numbers = requests[0].numbers;
  own.words = requests[0].words;
  take(0, find_here(requests[0].sources, together, own));
  for (std::size_t r = 1; r < n; ++r)
    take(r, receive(crew_->ranks(), r).get<std::vector<std::vector<Hypothesis>>>());
  crew_->done();
  return results;
}

Message Translator::find_for_rank_0(Message& message) const {
  const auto request = message.get<FindRequest>();
  WorkerPool pool(request.threads);
  SearchOptions options{.pool = &pool};
  options.numbers = request.numbers;
  options.words = request.words;
  options.entropies = request.entropies;
  Message found;
  found.put(find_here(request.sources, request.config, options));
  return found;
}

std::vector<std::vector<Translator::Scored>> Translator::score_together(std::size_t batches,
                                                                        const BatchSource& batch,
                                                                        WorkerPool& pool) const {
  const std::size_t n = crew_->size();
  const auto count = [&](std::size_t rank) { return (batches + n - 1 - rank) / n; };
  std::vector<std::vector<Scored>> results(batches);
  const auto take = [&](std::size_t rank, std::vector<std::vector<Scored>> scored) {
    for (std::size_t k = 0; k < scored.size(); ++k) results[k * n + rank] = std::move(scored[k]);
  };
  crew_->begin();
  for (std::size_t r = 1; r < n; ++r) {
    std::vector<text::Batch> of_rank;
    for (std::size_t k = 0; k < count(r); ++k) of_rank.push_back(batch(k * n + r));
    Message message;
    message.put(pool.threads());
    message.put(of_rank);
    crew_->send(r, Command::score, message);
  }
  take(0, score_here(
              count(0), [&](std::size_t k) { return batch(k * n); }, &pool));
  for (std::size_t r = 1; r < n; ++r)
    take(r, receive(crew_->ranks(), r).get<std::vector<std::vector<Scored>>>());
  crew_->done();
  return results;
}

Message Translator::score_for_rank_0(Message& message) const {
  WorkerPool pool(message.get<std::size_t>());
  auto batches = message.get<std::vector<text::Batch>>();
  const auto take = [&](std::size_t k) { return std::move(batches[k]); };
  Message scored;
  scored.put(score_here(batches.size(), take, &pool));
  return scored;
}

}  // namespace babelgrad
