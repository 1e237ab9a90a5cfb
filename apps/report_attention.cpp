#include "babelgrad/apps/report_attention.h"

#include <algorithm>
#include <cmath>

#include "babelgrad/apps/feature_json.h"
#include "babelgrad/models/folder/model_folder.h"
#include "babelgrad/models/folder/snapshots.h"
#include "babelgrad/models/rounding.h"

namespace babelgrad::apps {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kSentences = 5;
constexpr std::size_t kReadable = 20;  // tokens of a side

// Pairs from short to long, evenly spaced over the sorted lengths of those that are readable.
text::Corpus choose_sentences(const Translator& translator, const text::Corpus& corpus) {
  struct Candidate {
    std::size_t length, line;
    auto operator<=>(const Candidate&) const = default;
  };
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    const std::size_t source = translator.encode_source(corpus.source[i]).items();
    const std::size_t target = translator.encode_target(corpus.target[i]).size();
    if (source > 0 && target > 0) candidates.push_back({std::max(source + 1, target), i});
  }
  std::sort(candidates.begin(), candidates.end());
  const auto readable = static_cast<std::size_t>(
      std::lower_bound(candidates.begin(), candidates.end(), Candidate{kReadable + 1, 0}) -
      candidates.begin());
  const std::size_t all = readable >= kSentences ? readable : candidates.size();
  const std::size_t count = std::min(kSentences, all);
  text::Corpus chosen;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t line = candidates[(2 * i + 1) * all / (2 * count)].line;
    chosen.source.push_back(corpus.source[line]);
    chosen.target.push_back(corpus.target[line]);
  }
  return chosen;
}

// To three decimals.
Json rounded_rows(const std::vector<std::vector<float>>& weights) {
  Json rows = Json::array();
  for (const std::vector<float>& row : weights) {
    Json& numbers = rows.emplace_back(Json::array());
    for (const float weight : row) numbers.push_back(std::round(1000.0 * weight) / 1000);
  }
  return rows;
}

// Adds to each sentence what the translator makes of it now.
void add_moment(Json& sentences, const Translator& translator, const text::Corpus& chosen) {
  const auto translations =
      translator.translate(chosen.source, translator.config().search.greedy());
  const auto scored = translator.score(chosen.source, chosen.target);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const double loss = -scored[i].log_probability / static_cast<double>(scored[i].tokens);
    sentences[i]["moments"].push_back({{"loss", rounded(loss)},
                                       {"text", translations[i][0].text},
                                       {"weights", rounded_rows(scored[i].weights)}});
  }
}

}  // namespace

Json report_attention(const Translator& translator, const std::filesystem::path& folder,
                      const text::Corpus& corpus, std::optional<std::size_t> best_update) {
  const text::Corpus chosen = choose_sentences(translator, corpus);
  Json sentences = Json::array();
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    std::vector<std::int32_t> target = translator.encode_target(chosen.target[i]);
    target.push_back(text::kEos);
    sentences.push_back(
        {{"source", translator.source_names(translator.encode_source(chosen.source[i]))},
         {"target", translator.codecs().target.vocabulary().tokens(target)},
         {"reference", chosen.target[i]},
         {"moments", Json::array()}});
    add_picture(sentences.back(), translator, chosen.source[i]);
  }
  Json moments = Json::array();
  std::vector<Snapshot> snapshots = list_snapshots(current_folder(folder));
  std::erase_if(snapshots, [&](const Snapshot& one) { return one.update == best_update; });
  std::optional<Translator> past;
  if (!snapshots.empty()) past = Translator::load(folder);
  if (past && translator.features()) past->attach(translator.features());
  for (const Snapshot& snapshot : snapshots) {
    load_snapshot(snapshot, past->model().store());
    add_moment(sentences, *past, chosen);
    moments.push_back({{"update", snapshot.update}, {"best", false}});
  }
  add_moment(sentences, translator, chosen);
  moments.push_back({{"update", best_update ? Json(*best_update) : Json()}, {"best", true}});
  return {{"moments", moments}, {"sentences", sentences}};
}

}  // namespace babelgrad::apps
