// train_step: the time of one training update of the article's model (luong), the same with input
// feeding or with local-p attention, or Bahdanau's, beside the time of its matrix products alone.
//
//   build/bench/train_step --size M --model luong --threads 1
//
// Expect a share of the bound of at least 0.82 for that command on a quiet machine (about 22 GFLOP
// an update); peers/train_step.py does the same in PyTorch, compare.sh runs both.
//
// The update is the trainer's: shards on --threads threads, their gradients added, clipped, Adam.
// Encoder: bidirectional GRU of H a direction; decoder, attention and readout: H; embeddings and
// output layer of their own; score general (luong) or additive; no dropout, no label smoothing; all
// tokens real, new random ones each update. Updates and bound (products.h) run in turn, with the
// same thread count, in this process; the figures are medians. Peak memory is that of the updates,
// read before the bound's arrays exist. Array storage of the measured updates is counted over all
// threads: expect 0 blocks asked of the system, all of them reused.
//
// Under mpirun (-n 2) the ranks share each update, with --threads each; then without the bound.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>

#include "babelgrad/apps/ranks/join.h"
#include "babelgrad/autograd/kernels/bfloat16.h"
#include "babelgrad/autograd/modes.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/bench/arguments.h"
#include "babelgrad/bench/measure.h"
#include "babelgrad/bench/products.h"
#include "babelgrad/models/seq2seq/seq2seq.h"
#include "babelgrad/models/training/gradient_step.h"

namespace {

using namespace babelgrad;
using bench::AttentionPlace;
using bench::ModelShape;

constexpr std::size_t kWarmUp = 3;  // updates before measuring

struct Size {
  std::size_t embedding, hidden, vocabulary, batch;
};
const std::map<std::string, Size> kSizes{
    {"S", {128, 128, 8000, 32}}, {"M", {256, 256, 10000, 64}}, {"L", {256, 512, 10000, 64}}};

struct Options {
  std::string size = "M", model = "luong";
  ModelShape shape{AttentionPlace::beside_recurrence, 0, 0, 0, 0, 14, 14};
  std::size_t threads = 0, updates = 20, ranks = 1;
  bool json = false;
  Precision precision = Precision::float32;
};

struct Result {
  double update_ms = 0, bound_ms = 0, peak_mb = 0, flops = 0;
  double own_bound_ms = 0;     // of the products in the update's precision
  std::size_t parameters = 0;  // elements
  std::size_t system_allocations = 0, reused_blocks = 0;  // of array storage, all updates
};

Seq2SeqConfig model_config(const ModelShape& s) {
  Seq2SeqConfig c;
  const bool inside = s.attention == AttentionPlace::inside_recurrence;
  c.attend_from = inside ? AttendFrom::previous : AttendFrom::current;
  c.score = inside ? Score::additive : Score::general;
  c.input_feeding = s.extra == bench::Extra::input_feeding;
  if (s.extra == bench::Extra::local_p) c.attention = AttentionKind::local_p;
  c.source_vocabulary = c.target_vocabulary = s.vocabulary;
  c.embedding = s.embedding;
  c.encoder_hidden = c.hidden = c.attention_size = c.readout_size = s.hidden;
  c.tie_output = c.share_embeddings = false;
  c.set_dropout(0);
  return c;
}

text::Batch random_batch(const ModelShape& s, std::mt19937& random) {
  std::uniform_int_distribution<std::int32_t> word(text::kEos + 1,
                                                   static_cast<std::int32_t>(s.vocabulary) - 1);
  const auto words = [&](std::size_t count) {
    std::vector<std::int32_t> ids(count);
    for (std::int32_t& id : ids) id = word(random);
    return ids;
  };
  text::Batch batch;
  batch.size = s.batch;
  batch.source_length = s.source_length;
  batch.target_length = s.target_length;
  batch.source = words(s.source_length * s.batch);
  batch.target_input = words(s.target_length * s.batch);
  batch.target_output = words(s.target_length * s.batch);
  batch.source_lengths.assign(s.batch, static_cast<std::int32_t>(s.source_length));
  batch.target_lengths.assign(s.batch, static_cast<std::int32_t>(s.target_length));
  batch.examples.resize(s.batch);
  return batch;
}

// One a shard: shards differ by a sentence at most, as the batch's are cut.
std::vector<bench::Products> make_bound(const ModelShape& shape, std::size_t shards,
                                        bench::Arrays& weights) {
  std::vector<bench::Products> bound;
  for (std::size_t i = 0; i < shards; ++i) {
    ModelShape part = shape;
    part.batch = shape.batch * (i + 1) / shards - shape.batch * i / shards;
    bound.emplace_back(part, weights);
  }
  return bound;
}

Result measure(const Options& o, Ranks* ranks) {
  Seq2Seq<float> model(model_config(o.shape), 1);
  Adam<float> adam(model.store());
  WorkerPool pool(o.threads);
  GradientStep<float> step(model.store(), adam, pool, ranks);
  const std::size_t rank = ranks ? ranks->rank() : 0;
  std::mt19937 random(1);
  StepRequest request;
  request.learning_rate = 1e-3;
  request.clip_norm = 1;
  request.seed = 1;
  const auto time_update = [&] {
    const text::Batch batch = random_batch(o.shape, random);
    ++request.update;
    const MatmulPrecision precision(o.precision);
    return bench::milliseconds([&] {
      const std::vector<text::Batch> parts = text::shard(batch, o.ranks * pool.threads());
      const std::size_t each = shards_a_rank(parts.size(), o.ranks);
      const LossOptions options{0, static_cast<double>(batch.target_tokens())};
      const auto loss = [&](std::size_t shard, const Mode& mode) {
        return model.loss(parts[shard], mode, options);
      };
      step.run({{rank * each, std::min(parts.size(), (rank + 1) * each), loss}}, request);
    });
  };
  for (std::size_t i = 0; i < kWarmUp; ++i) time_update();
  Result result;
  result.parameters = model.store().element_count();
  result.peak_mb = bench::peak_megabytes();
  if (ranks) {
    std::vector<double> update_ms;
    for (std::size_t i = 0; i < o.updates; ++i) update_ms.push_back(time_update());
    result.update_ms = bench::median(update_ms);
    return result;
  }

  bench::Arrays weights;
  const std::vector<bench::Products> bound =
      make_bound(o.shape, std::min(pool.threads(), o.shape.batch), weights);
  for (const bench::Products& products : bound) result.flops += products.flops();
  PackedWeights packed(weights.tensors());
  const auto time_bound = [&](Precision of) {
    const MatmulPrecision precision(of);
    const SharePackedWeights share(packed);
    return bench::milliseconds([&] {
      if (of != Precision::float32)
        packed.repack([&](std::size_t n, const auto& task) { pool.run(n, task); });
      pool.run(bound.size(), [&](std::size_t i) { bound[i].run(); });
    });
  };
  time_bound(o.precision);
  time_update();  // the bound's arrays came from the same caches
  std::vector<double> update_ms, bound_ms, own_bound_ms;
  const AllocatorStatistics before = process_allocator_statistics();
  for (std::size_t i = 0; i < o.updates; ++i) {
    bound_ms.push_back(time_bound(Precision::float32));
    update_ms.push_back(time_update());
    if (o.precision != Precision::float32) own_bound_ms.push_back(time_bound(o.precision));
  }
  const AllocatorStatistics after = process_allocator_statistics();
  result.system_allocations = after.system_allocations - before.system_allocations;
  result.reused_blocks = after.reused_blocks - before.reused_blocks;
  result.update_ms = bench::median(update_ms);
  result.bound_ms = bench::median(bound_ms);
  result.own_bound_ms = own_bound_ms.empty() ? result.bound_ms : bench::median(own_bound_ms);
  return result;
}

void print(const Options& o, const Result& r) {
  const ModelShape& s = o.shape;
  const double tokens_per_s = static_cast<double>(s.batch * s.target_length) / (r.update_ms / 1000);
  const double gflops = r.flops / 1e6 / r.update_ms, share = r.bound_ms / r.update_ms;
  if (o.json) {
    std::printf("%s\n", nlohmann::ordered_json{{"size", o.size},
                                               {"model", o.model},
                                               {"threads", o.threads},
                                               {"ranks", o.ranks},
                                               {"parameters", r.parameters},
                                               {"ms_per_update", r.update_ms},
                                               {"tokens_per_s", tokens_per_s},
                                               {"gflops", gflops},
                                               {"precision", name_of(o.precision)},
                                               {"bound_share", share},
                                               {"own_bound_share", r.own_bound_ms / r.update_ms},
                                               {"peak_mb", r.peak_mb},
                                               {"system_allocations", r.system_allocations},
                                               {"reused_blocks", r.reused_blocks}}
                            .dump()
                            .c_str());
    return;
  }
  std::printf("%s, size %s: E %zu, H %zu, V %zu, batch %zu, lengths %zu and %zu, no dropout\n",
              o.model.c_str(), o.size.c_str(), s.embedding, s.hidden, s.vocabulary, s.batch,
              s.source_length, s.target_length);
  std::printf("%zu thread%s, %s, BLAS %s, median of %zu updates\n\n", o.threads,
              o.threads == 1 ? "" : "s", name_of(o.precision), blas_name(), o.updates);
  if (o.ranks > 1) std::printf("%zu ranks, each with these threads\n\n", o.ranks);
  std::printf("update              %10.1f ms\n", r.update_ms);
  if (o.ranks > 1) return;
  std::printf("products alone      %10.1f ms  (%.2f GFLOP, float32)\n", r.bound_ms, r.flops / 1e9);
  std::printf("share of the bound  %10.1f %%\n", 100 * share);
  if (o.precision != Precision::float32)
    std::printf("products in bfloat16%10.1f ms by %s, %.1f %% of the update\n", r.own_bound_ms,
                bfloat16::kernels().name, 100 * r.own_bound_ms / r.update_ms);
  std::printf("target tokens/s     %10.0f\n", tokens_per_s);
  std::printf("GFLOP/s             %10.1f\n", gflops);
  std::printf("peak memory         %10.0f MB\n", r.peak_mb);
  std::printf("array storage       %10zu blocks asked of the system, %zu reused from the caches\n",
              r.system_allocations, r.reused_blocks);
}

// The given extents over those of the named size.
void resolve(Options& o, const Size& given) {
  const Size named = kSizes.at(o.size);
  const auto pick = [&](std::size_t Size::*field) {
    if (given.*field != 0 && given.*field != named.*field) o.size = "custom";
    return given.*field != 0 ? given.*field : named.*field;
  };
  o.shape.embedding = pick(&Size::embedding);
  o.shape.hidden = pick(&Size::hidden);
  o.shape.vocabulary = pick(&Size::vocabulary);
  o.shape.batch = pick(&Size::batch);
  const ModelShape standard = Options{}.shape;
  if (o.shape.source_length != standard.source_length ||
      o.shape.target_length != standard.target_length)
    o.size = "custom";
  if (o.model == "bahdanau") o.shape.attention = AttentionPlace::inside_recurrence;
  if (o.model == "input_feeding") o.shape.extra = bench::Extra::input_feeding;
  if (o.model == "local_p") o.shape.extra = bench::Extra::local_p;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  Size given{};
  bench::Arguments arguments("Time of one training update, and of its matrix products alone");
  arguments.choice("--size", o.size, "S, M or L", {"S", "M", "L"});
  arguments.number("--embedding", given.embedding, "E, instead of the size's");
  arguments.number("--hidden", given.hidden, "H, instead of the size's");
  arguments.number("--vocab", given.vocabulary, "V, instead of the size's", text::kEos + 2);
  arguments.number("--batch", given.batch, "B, instead of the size's");
  arguments.number("--source-length", o.shape.source_length, "tokens");
  arguments.number("--target-length", o.shape.target_length, "tokens");
  arguments.choice("--model", o.model, "luong, bahdanau, input_feeding or local_p",
                   {"luong", "bahdanau", "input_feeding", "local_p"});
  arguments.threads("--threads", o.threads, "0: one a core");
  arguments.number("--updates", o.updates, "measured updates");
  std::string precision = "float32";
  arguments.choice("--precision", precision, "of the update's products: float32 or bfloat16",
                   {"float32", "bfloat16"});
  arguments.flag("--json", o.json, "one line of JSON");
  if (const auto exit_code = arguments.parse(argc, argv)) return *exit_code;
  set_blas_threads(1);
  if (precision == "bfloat16") o.precision = Precision::bfloat16;
  resolve(o, given);
  const std::unique_ptr<Ranks> ranks = apps::join_ranks();
  if (ranks) o.ranks = ranks->size();
  const Result result = measure(o, ranks.get());
  if (!ranks || ranks->rank() == 0) print(o, result);
}
