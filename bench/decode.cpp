// decode: sentences and target tokens a second of beam search, beside the time of its matrix
// products alone.
//
//   build/bench/decode                                            # a random model
//   build/bench/decode --model DIR --source test2016.de           # a trained one
//   build/bench/decode --model DIR --source test2016.de --beam 5 --batch 64 --threads 2
//
// Expect a share of the bound of at least 0.6 for beam 5 and batch 64. Without lists it runs beam 1
// and 5, batch 1 (of every tenth sentence) and 64, one thread and all cores. peers/decode.py is the
// same search in PyTorch; compare_decode.sh runs both.
//
// The random model is the article's: E 256, encoder 2 x 256, H 512, V 10,000, output tied. As it
// would not know where to end, its eos is made impossible and each translation gets as many tokens
// as its source; 500 sources of 5 to 35 tokens, 14 on average, as in Multi30k.
// Searches and bound (decode_products.h) run in turn, with the same thread count, in this process;
// the figures are medians. A search takes word ids and gives word ids: no text is handled.
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/base/files.h"
#include "babelgrad/bench/arguments.h"
#include "babelgrad/bench/decode_products.h"
#include "babelgrad/bench/measure.h"
#include "babelgrad/models/folder/translator.h"
#include "babelgrad/text/error.h"
#include "babelgrad/text/files.h"

namespace {

using namespace babelgrad;
using Sources = std::vector<text::Source>;

struct Options {
  std::string model, source, pairs;
  std::vector<std::size_t> beams{1, 5}, batches{1, 64}, threads{1, 0};
  std::size_t rounds = 3;
  bool json = false;
};

struct Workload {
  Config config;
  const Seq2Seq<float>& model;
  Sources sources;
};

struct Case {
  std::size_t beam, batch, threads;
};

struct Result {
  double search_ms = 0, bound_ms = 0;
  std::size_t sentences = 0, tokens = 0;  // of the best translations, eos included
};

Config random_config() {
  Config config;
  config.model.source_vocabulary = config.model.target_vocabulary = 10000;
  config.search.max_length_ratio = 1;
  config.search.max_length_extra = 0;
  return config;
}

Sources random_sources(std::size_t vocabulary) {
  std::mt19937 random(1);
  std::normal_distribution<double> length(14, 4.5);
  std::uniform_int_distribution<std::int32_t> word(text::kEos + 1,
                                                   static_cast<std::int32_t>(vocabulary) - 1);
  Sources sources(500);
  for (text::Source& source : sources) {
    source.ids.resize(static_cast<std::size_t>(std::clamp(length(random), 5.0, 35.0)));
    for (std::int32_t& id : source.ids) id = word(random);
    source.ids.back() = text::kEos;
  }
  return sources;
}

Sources read_sources(const Translator& translator, const std::string& path) {
  std::istringstream text(text::read_file(path));
  Sources sources;
  for (std::string line; std::getline(text, line);)
    sources.push_back(translator.encode_source(line));
  return sources;
}

// How long each search took: until the longest of its hypotheses ended, or was cut off.
std::vector<bench::SearchedSentence> searched(const Sources& sources,
                                              const std::vector<std::vector<Hypothesis>>& found) {
  std::vector<bench::SearchedSentence> result;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    std::size_t steps = 0;
    for (const Hypothesis& h : found[i]) steps = std::max(steps, h.tokens.size());
    result.push_back({sources[i].size(), steps});
  }
  return result;
}

// The batches of search(), each given to the thread with the least to do so far.
std::vector<std::vector<bench::SearchedBatch>> share_batches(
    std::vector<bench::SearchedSentence> sentences, const Case& c) {
  std::stable_sort(sentences.begin(), sentences.end(),
                   [](const auto& a, const auto& b) { return a.source_length > b.source_length; });
  std::vector<std::vector<bench::SearchedBatch>> shares(c.threads);
  std::vector<std::size_t> load(c.threads);
  for (std::size_t begin = 0; begin < sentences.size(); begin += c.batch) {
    const std::size_t end = std::min(begin + c.batch, sentences.size());
    const bench::SearchedBatch batch(sentences.begin() + static_cast<std::ptrdiff_t>(begin),
                                     sentences.begin() + static_cast<std::ptrdiff_t>(end));
    const auto thread =
        static_cast<std::size_t>(std::min_element(load.begin(), load.end()) - load.begin());
    for (const bench::SearchedSentence& s : batch) load[thread] += s.steps;
    shares[thread].push_back(batch);
  }
  return shares;
}

// Every tenth sentence if they go one by one.
Sources sources_of(const Workload& work, const Case& c) {
  if (c.batch > 1) return work.sources;
  Sources sources;
  for (std::size_t i = 0; i < work.sources.size(); i += 10) sources.push_back(work.sources[i]);
  return sources;
}

Result measure(const Workload& work, const Case& c, std::size_t rounds) {
  const Sources sources = sources_of(work, c);
  WorkerPool pool(c.threads);
  SearchConfig config = work.config.search;
  config.beam = config.nbest = c.beam;  // all hypotheses tell how long a search took
  config.search_batch = c.batch;
  const auto found = search(work.model, sources, config, {.pool = &pool});  // and warms up
  Result result;
  result.sentences = sources.size();
  for (const auto& hypotheses : found) result.tokens += hypotheses.at(0).tokens.size();

  bench::Arrays weights;
  std::vector<std::unique_ptr<bench::DecodeProducts>> bound;
  for (const auto& share : share_batches(searched(sources, found), c))
    bound.push_back(
        std::make_unique<bench::DecodeProducts>(work.config.model, c.beam, share, weights));
  config.nbest = 1;
  std::vector<double> search_ms, bound_ms;
  for (std::size_t i = 0; i < rounds; ++i) {
    bound_ms.push_back(bench::milliseconds(
        [&] { pool.run(bound.size(), [&](std::size_t thread) { bound[thread]->run(); }); }));
    search_ms.push_back(
        bench::milliseconds([&] { search(work.model, sources, config, {.pool = &pool}); }));
  }
  result.search_ms = bench::median(search_ms);
  result.bound_ms = bench::median(bound_ms);
  return result;
}

void print(const Options& o, const Case& c, const Result& r) {
  const double seconds = r.search_ms / 1000, share = r.bound_ms / r.search_ms;
  const double sentences_per_s = static_cast<double>(r.sentences) / seconds;
  const double tokens_per_s = static_cast<double>(r.tokens) / seconds;
  if (o.json)
    std::printf("%s\n", nlohmann::ordered_json{{"model", o.model.empty() ? "random" : o.model},
                                               {"beam", c.beam},
                                               {"batch", c.batch},
                                               {"threads", c.threads},
                                               {"sentences", r.sentences},
                                               {"tokens", r.tokens},
                                               {"seconds", seconds},
                                               {"sentences_per_s", sentences_per_s},
                                               {"tokens_per_s", tokens_per_s},
                                               {"bound_share", share}}
                            .dump()
                            .c_str());
  else
    std::printf("%4zu %5zu %7zu | %11.1f %9.0f | %9.2f %9.2f %5.1f %%\n", c.beam, c.batch,
                c.threads, sentences_per_s, tokens_per_s, seconds, r.bound_ms / 1000, 100 * share);
  std::fflush(stdout);
}

// For peers/decode.py: a line of JSON a sentence, its ids and those of the best translation.
void write_pairs(const Workload& work, const Options& o) {
  SearchConfig config = work.config.search;
  config.beam = o.beams.back();
  WorkerPool pool(0);
  const auto found = search(work.model, work.sources, config, {.pool = &pool});
  std::string lines;
  for (std::size_t i = 0; i < found.size(); ++i)
    lines +=
        nlohmann::ordered_json{{"source", work.sources[i].ids}, {"target", found[i].at(0).tokens}}
            .dump() +
        "\n";
  write_file(o.pairs, lines);
}

void run(const Options& o, const Workload& work) {
  const Seq2SeqConfig& m = work.config.model;
  if (m.attention != AttentionKind::global || m.coverage || m.attends_from_previous() ||
      m.input_feeding || m.readout != Readout::tanh || m.encoder_layers != 1 ||
      m.decoder_layers != 1 || m.cell != CellKind::gru || m.layer_norm || !m.bidirectional ||
      m.score != Score::general)
    throw ConfigError("decode: need a model of preset article with one layer");
  if (!o.json)
    std::printf(
        "E %zu, encoder 2 x %zu, H %zu, V %zu, %zu sentences, BLAS %s, medians of %zu rounds\n\n"
        "beam batch threads | sentences/s  tokens/s | search, s  bound, s   share\n",
        m.embedding, m.encoder_hidden, m.hidden, m.target_vocabulary, work.sources.size(),
        blas_name(), o.rounds);
  for (const std::size_t beam : o.beams)
    for (const std::size_t batch : o.batches)
      for (const std::size_t threads : o.threads) {
        const Case c{beam, batch, threads};
        print(o, c, measure(work, c, o.rounds));
      }
  if (!o.pairs.empty()) write_pairs(work, o);
}

void run(const Options& o) {
  if (!o.model.empty()) {
    const Translator translator = Translator::load(o.model);
    return run(o, {translator.config(), translator.model(), read_sources(translator, o.source)});
  }
  const Config config = random_config();
  Seq2Seq<float> model(config.model, 1);
  model.store().at("output.bias").mutable_value().data()[text::kEos] = -1e4f;
  run(o, {config, model, random_sources(config.model.source_vocabulary)});
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  bench::Arguments arguments("Speed of beam search, and of its matrix products alone");
  arguments.text("--model", o.model, "model folder instead of a random model");
  arguments.text("--source", o.source, "sentences to translate");
  arguments.need_each_other("--model", "--source");
  arguments.numbers("--beam", o.beams, "beam sizes");
  arguments.numbers("--batch", o.batches, "sentences in a batch");
  arguments.threads("--threads", o.threads, "0: one a core");
  arguments.number("--rounds", o.rounds, "measurements of each case", 1, 1000);
  arguments.text("--write-pairs", o.pairs, "write the word ids of sources and translations");
  arguments.flag("--json", o.json, "a line of JSON a case");
  if (const auto exit_code = arguments.parse(argc, argv)) return *exit_code;
  set_blas_threads(1);
  try {
    run(o);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "decode: %s\n", error.what());
    return 2;
  }
}
