#include <filesystem>
#include <iostream>

#include "babelgrad/apps/commands.h"
#include "babelgrad/apps/output_folder.h"
#include "babelgrad/models/folder/average.h"

namespace babelgrad::apps {
namespace {

struct AverageOptions {
  std::vector<std::string> models;
  std::string out;
  bool overwrite = false;
};

// A moment of a training is in the training's folder, which must not be replaced.
void require_outside(const std::string& model, const std::string& out) {
  const auto folder = std::filesystem::weakly_canonical(std::filesystem::absolute(out) / "");
  const auto inside = std::filesystem::weakly_canonical(model).lexically_relative(folder);
  if (inside.empty() || inside == "." || *inside.begin() == "..") return;
  throw UsageError("--out " + out + " is the folder of a training, whose " + inside.string() +
                   " is to be averaged; need another folder");
}

int run_average(const AverageOptions& options) {
  for (const std::string& model : options.models) require_outside(model, options.out);
  OutputFolder folder(options.out, options.overwrite);
  const Translator average = average_models(options.models);
  folder.make();
  replace_model(average, options.out);
  std::cout << options.out << "\n";
  return 0;
}

}  // namespace

Run add_average(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "average", "Write a model whose parameters are the mean of several models'");
  auto options = std::make_shared<AverageOptions>();
  command
      ->add_option("model", options->models,
                   "model folders and files of moments (DIR/best/N.safetensors, "
                   "DIR/snapshots/N.safetensors), of one structure and vocabulary; settings and "
                   "vocabularies are those of the first")
      ->type_name("DIR")
      ->required();
  command->add_option("--out", options->out, "model folder to write")->type_name("DIR")->required();
  command->add_flag("--overwrite", options->overwrite, "replace the model in --out");
  return [options] { return run_average(*options); };
}

}  // namespace babelgrad::apps
