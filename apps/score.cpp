#include <cstdio>

#include "babelgrad/apps/model_options.h"
#include "babelgrad/apps/ranks/join.h"

namespace babelgrad::apps {
namespace {

struct ScoreOptions {
  ModelOptions model;
  std::string source, target;
};

int run_score(const ScoreOptions& options) {
  Translator translator = options.model.load();
  translator.share(crew());
  const text::Corpus corpus = read_parallel(translator, options.source, options.target);
  WorkerPool pool(options.model.threads);
  for (const auto& pair : translator.score(corpus.source, corpus.target, &pool))
    std::printf("%.6f\n", pair.log_probability);
  return 0;
}

}  // namespace

Run add_score(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "score", "Print log P(target | source) of given pairs, in nats, a line a pair");
  auto options = std::make_shared<ScoreOptions>();
  options->model.add(*command, SearchFlags::without);
  command->add_option("--source", options->source, "sentences")->type_name("F");
  options->model.add_features(*command);
  command->add_option("--target", options->target, "their translations, line by line")
      ->type_name("F")
      ->required();
  return [options] { return run_score(*options); };
}

}  // namespace babelgrad::apps
