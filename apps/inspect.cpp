#include <algorithm>
#include <iomanip>
#include <iostream>

#include "babelgrad/apps/external_program.h"
#include "babelgrad/apps/gradient_page.h"
#include "babelgrad/apps/model_options.h"
#include "babelgrad/apps/output_file.h"
#include "babelgrad/apps/structure_text.h"
#include "babelgrad/autograd/inspection/graph.h"
#include "babelgrad/autograd/inspection/inspect.h"
#include "babelgrad/models/config/config_fields.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

struct InspectOptions {
  ModelOptions model;
  std::string source, target;
  std::string page, graph;  // files to write; "": none
  bool gradients = false;

  bool need_pair() const { return gradients || !page.empty() || !graph.empty(); }
};

const ExternalProgram kGraphviz{"dot", "graphviz"};

std::string words_text(const Config& config) {
  const Seq2SeqConfig& m = config.model;
  const std::string target = name_of(kTokenizerNames, config.data.target_tokenizer);
  if (m.feature_size > 0)
    return std::to_string(m.feature_size) + " features to vocabulary " +
           std::to_string(m.target_vocabulary) + ", " + target;
  const std::string source = name_of(kTokenizerNames, config.data.source_tokenizer);
  return "vocabulary " + std::to_string(m.source_vocabulary) + " to " +
         std::to_string(m.target_vocabulary) + ", " + source +
         (source == target ? "" : " to " + target);
}

void print_model(const Translator& translator) {
  const ParameterStore<float>& store = translator.model().store();
  const Config& config = translator.config();
  std::cout << structure_text(config.model) << "; " << words_text(config) << "\n\n"
            << value_table(inspect(store.parameters())) << store.element_count() << " elements in "
            << store.size() << " parameters\n";
}

// What Graphviz calls the format of a file of this name; "dot" for the description itself.
std::string graph_format(const std::string& file) {
  const std::string suffix = std::filesystem::path(file).extension().string();
  for (const char* known : {".svg", ".png", ".pdf", ".dot"})
    if (suffix == known) return suffix.substr(1);
  throw UsageError(file + ": need a name that ends with .svg, .png, .pdf or .dot");
}

void warn_of_unknown(const char* side, const std::vector<std::int32_t>& tokens) {
  const auto unknown = std::count(tokens.begin(), tokens.end(), text::kUnk);
  if (unknown > 0)
    std::cerr << "babelgrad: " << unknown << " of the " << side
              << " tokens were unknown to the model\n";
}

text::Batch encode_pair(const InspectOptions& options, const Translator& translator) {
  text::require_valid_utf8(options.source, "--source", 1);
  text::require_valid_utf8(options.target, "--target", 1);
  translator.require_readable({options.source}, translator.codecs().source, "--source");
  translator.require_readable({options.target}, translator.codecs().target, "--target");
  const std::vector<text::Example> pair{
      {translator.encode_source(options.source), translator.encode_target(options.target)}};
  if (!translator.reads_features()) warn_of_unknown("source", pair[0].source.ids);
  warn_of_unknown("target", pair[0].target);
  return text::make_batch(pair, {0});
}

// With the times of a step that is not the first: caches are warm by then.
void draw_graph(const std::string& format, const OutputFile& out, const Seq2Seq<float>& model,
                const text::Batch& batch) {
  model.store().gradients(model.loss(batch, kEvaluation));
  Profile profile(ProfileDetail::nodes);
  std::vector<GraphNode> graph;
  {
    const Profiling profiling(&profile);
    const Tensor<float> loss = model.loss(batch, kEvaluation);
    graph = graph_below(loss);
    model.store().gradients(loss);
  }
  const std::string dot = to_dot(graph, profile.node_costs());
  out.write(format == "dot" ? dot : run_filter(kGraphviz, {"-T" + format}, dot));
}

int run_inspect(const InspectOptions& options) {
  if (!options.need_pair() && !(options.source + options.target).empty())
    throw UsageError("--source and --target need --gradients, --html or --graph");
  if (options.need_pair() && (options.source.empty() || options.target.empty()))
    throw UsageError("--gradients, --html and --graph need --source TEXT and --target TEXT");
  if (options.page == "-") throw UsageError("--html: need a file; standard output has the loss");
  const std::string format = options.graph.empty() ? "" : graph_format(options.graph);
  const OutputFile page(options.page), graph(options.graph);
  Translator translator = options.model.load();
  if (!options.need_pair()) {
    print_model(translator);
    return 0;
  }
  const text::Batch batch = encode_pair(options, translator);
  if (!format.empty()) draw_graph(format, graph, translator.model(), batch);
  const Tensor<float> loss = translator.model().loss(batch, kEvaluation);
  loss.backward();
  if (!options.page.empty())
    page.write(gradient_page(
        {folder_name(options.model.folder()), options.source, options.target, loss.item()},
        translator.model().store().parameters()));
  std::cout << "loss " << std::fixed << std::setprecision(6) << loss.item() << " nats a token\n";
  if (options.gradients)
    std::cout << gradient_table(inspect(translator.model().store().parameters()));
  return 0;
}

}  // namespace

Run add_inspect(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "inspect", "Show a model's parameters, or gradients and autodiff graph for one pair");
  auto options = std::make_shared<InspectOptions>();
  options->model.add(*command, SearchFlags::without);
  options->model.add_features(*command);
  command->add_flag("--gradients", options->gradients,
                    "of the loss of the pair --source, --target");
  command
      ->add_option("--source", options->source,
                   "the pair's source sentence, or an item of the features")
      ->type_name("TEXT");
  command->add_option("--target", options->target, "the pair's target sentence")->type_name("TEXT");
  command->add_option("--html", options->page, "write the gradients as a web page into this file")
      ->type_name("F.html");
  command
      ->add_option(
          "--graph", options->graph,
          "draw the autodiff graph of the loss, with time and bytes of each op (Graphviz); "
          ".svg, .png, .pdf or .dot")
      ->type_name("F.svg");
  return [options] { return run_inspect(*options); };
}

}  // namespace babelgrad::apps
