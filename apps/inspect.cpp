#include <iomanip>
#include <iostream>

#include "babelgrad/apps/model_options.h"
#include "babelgrad/autograd/inspect.h"
#include "babelgrad/text/files.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

struct InspectOptions {
  ModelOptions model;
  std::string source, target, dot;
  bool gradients = false;
};

std::vector<NamedGradient> describe_parameters(const Seq2Seq<float>& model) {
  std::vector<NamedGradient> rows;
  for (const Tensor<float>& parameter : model.store().parameters())
    rows.push_back({parameter.name(), parameter.shape(), statistics(parameter.value())});
  return rows;
}

int run_inspect(const InspectOptions& options) {
  if (!options.gradients && !(options.source + options.target + options.dot).empty())
    throw UsageError("--source, --target and --dot need --gradients");
  Translator translator = options.model.load();
  if (!options.gradients) {
    std::cout << to_string(describe_parameters(translator.model()));
    std::cout << translator.model().store().element_count() << " elements in "
              << translator.model().store().size() << " parameters\n";
    return 0;
  }
  if (options.source.empty() || options.target.empty())
    throw UsageError("--gradients needs --source TEXT and --target TEXT");
  text::require_valid_utf8(options.source, "--source", 1);
  text::require_valid_utf8(options.target, "--target", 1);
  translator.require_readable({options.source}, translator.codecs().source, "--source");
  translator.require_readable({options.target}, translator.codecs().target, "--target");
  const std::vector<text::Example> pair{
      {translator.encode_source(options.source), translator.encode_target(options.target)}};
  const Tensor<float> loss = translator.model().loss(text::make_batch(pair, {0}), kEvaluation);
  if (!options.dot.empty()) text::write_file(options.dot, to_dot(loss));
  loss.backward();
  std::cout << "loss " << std::fixed << std::setprecision(6) << loss.item() << " nats a token\n";
  std::cout << to_string(inspect_gradients(translator.model().store().parameters()));
  return 0;
}

}  // namespace

Run add_inspect(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("inspect", "Show a model's parameters, or their gradients for one pair");
  auto options = std::make_shared<InspectOptions>();
  options->model.add(*command, SearchFlags::without);
  command->add_flag("--gradients", options->gradients,
                    "of the loss of the pair --source, --target");
  command->add_option("--source", options->source, "the pair's source sentence")->type_name("TEXT");
  command->add_option("--target", options->target, "the pair's target sentence")->type_name("TEXT");
  command
      ->add_option("--dot", options->dot, "with --gradients: write the autodiff graph (Graphviz)")
      ->type_name("F.dot");
  return [options] { return run_inspect(*options); };
}

}  // namespace babelgrad::apps
