// Training on several ranks: the same files as on one, to the last bit, also where a training goes
// on with another number of them; and a rank that fails.
#include <doctest/doctest.h>

#include "babelgrad/models/ranks/crew.h"
#include "tests/models/thread_ranks.h"
#include "tests/models/training/trainer_helpers.h"

namespace babelgrad {
namespace {

// `lead` on rank 0, whose crew the others are.
void lead_ranks(std::size_t size, const std::function<void(Crew&)>& lead) {
  run_ranks(size, [&](Ranks& ranks) {
    if (ranks.rank() > 0) return follow(ranks);
    Crew crew(ranks);
    lead(crew);
    CHECK_FALSE(crew.at_work());
  });
}

RunResult train_on(std::size_t ranks, const Config& config, const std::filesystem::path& folder,
                   bool resume, std::size_t max_updates) {
  RunResult result{};
  lead_ranks(ranks, [&](Crew& crew) {
    Config bounded = config;
    bounded.training.max_updates = max_updates;
    Recorder recorder;
    result = train(bounded, folder, resume, recorder, recorder.interrupt, &crew);
  });
  return result;
}

// Of four shards, as 1 x 4, 2 x 2 and 4 x 1, and of three ranks.
void check_ranks(Config config, std::size_t updates) {
  config.training.shards = 4;
  TemporaryFolder alone;
  train(config, alone.path(), false, updates);
  for (const std::size_t ranks : {2, 3, 4}) {
    INFO(ranks, " ranks");
    config.training.threads = ranks == 4 ? 1 : 2;
    TemporaryFolder folder;
    CHECK(train_on(ranks, config, folder.path(), false, updates).update == updates);
    check_same_training(alone, folder);
  }
}

TEST_CASE("ranks: train to the same bits as one") {
  const ReverseTask task;
  check_ranks(task.config(), 23);
}

TEST_CASE("ranks: the same with accumulation, SGD, other precisions and no running mean") {
  const ReverseTask task;
  Config config = task.config();
  config.training.accumulate = 3;
  config.training.batch_size = 6;  // the last batches have fewer sentences than shards
  check_ranks(config, 12);
  config = task.config();
  config.training.optimizer = OptimizerKind::sgd;
  config.training.average_decay = 0;
  config.training.weight_decay = 0.01;
  check_ranks(config, 12);
  config.training.precision = PrecisionSetting::bfloat16;
  config.training.keep_best = 2;
  config.training.snapshots = 4;
  check_ranks(config, 21);
}

TEST_CASE("ranks: a training goes on with any number of them") {
  const ReverseTask task;
  Config config = task.config();
  config.training.shards = 4;
  TemporaryFolder whole, parts;
  train(config, whole.path(), false, 34);
  train_on(2, config, parts.path(), false, 7);
  train_on(4, config, parts.path(), true, 10);
  train(config, parts.path(), true, 17);
  train_on(3, config, parts.path(), true, 34);
  check_same_training(whole, parts);
}

TEST_CASE("ranks: a training that diverges ends on all of them") {
  const ReverseTask task;
  Config config = task.config();
  config.training.shards = 2;
  TemporaryFolder folder;
  train(config, folder.path(), false, 10);
  spoil(folder.path() / "training_state.safetensors", "parameter.decoder", 3e38);
  const std::string message =
      message_of<DivergenceError>([&] { train_on(2, config, folder.path(), true, 1000); });
  CHECK(message.starts_with("training diverged at update 11: "));
}

TEST_CASE("ranks: search and score to the same bits as one, models together, too") {
  const ReverseTask task;
  TemporaryFolder a, b, folder;
  const Config config = task.config();
  train(config, a.path(), false, 20);
  train(config, b.path(), false, 30);
  std::vector<std::string> lines, targets;
  for (std::size_t i = 0; i < 50; ++i) {
    lines.push_back(i == 20 ? "" : std::string(1 + 2 * (i % 7), ' '));
    for (std::size_t c = 0; c < lines.back().size(); c += 2)
      lines.back()[c] = static_cast<char>('a' + (i + c) % 8);
    targets.push_back(lines[49 * i % (i + 1)]);
  }
  std::string letters;
  for (char letter = 'a'; letter < 'i'; ++letter)
    letters += std::string(1, letter) + "\t" + std::string(1, letter) + "\t1\n";
  for (const bool together : {false, true}) {
    Translator translator = Translator::load(a.path());
    if (together) translator.join(std::make_shared<Translator>(Translator::load(b.path())), "b");
    SearchConfig search = translator.config().search;
    search.search_batch = 4;
    for (const auto& [sample, is_short] : {std::pair(false, false), {true, false}, {false, true}}) {
      search.sample = sample;
      if (is_short)
        translator.shorten(std::make_shared<Shortlist>(
            std::make_shared<text::Lexicon>(text::Lexicon::load(folder.write("l.tsv", letters))),
            translator.codecs().target, ShortlistSizes{.frequent = 3}));
      WorkerPool pool(2);
      const SearchOptions options{.pool = &pool, .entropies = Entropies::measured};
      const auto expected = translator.translate(lines, search, options);
      const auto scores = translator.score(lines, targets, &pool);
      for (const std::size_t ranks : {2, 3})
        lead_ranks(ranks, [&](Crew& crew) {
          translator.share(&crew);
          const auto found = translator.translate(lines, search, options);
          const auto scored = translator.score(lines, targets, &pool);
          translator.share(nullptr);
          for (std::size_t i = 0; i < lines.size(); ++i) {
            const Hypothesis &one = found[i][0].hypothesis, &other = expected[i][0].hypothesis;
            CHECK(found[i][0].text == expected[i][0].text);
            CHECK(one.log_probability == other.log_probability);
            CHECK((one.weights == other.weights));
            CHECK((one.entropies == other.entropies));
            CHECK(one.finished == other.finished);
            CHECK(scored[i].log_probability == scores[i].log_probability);
            CHECK((scored[i].weights == scores[i].weights));
          }
        });
    }
  }
}

TEST_CASE("messages: say what they lack") {
  Message message;
  message.put(std::vector<std::int32_t>{1, 2, 3});
  Message arrived({message.bytes().begin(), message.bytes().end()});
  CHECK((arrived.get<std::vector<std::int32_t>>() == std::vector<std::int32_t>{1, 2, 3}));
  CHECK(message_of<std::logic_error>([&] { arrived.get<char>(); }) == "message: read past its end");
}

}  // namespace
}  // namespace babelgrad
