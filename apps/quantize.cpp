#include <cstdio>
#include <filesystem>
#include <iostream>

#include "babelgrad/apps/commands.h"
#include "babelgrad/apps/output_folder.h"
#include "babelgrad/models/folder/model_folder.h"
#include "babelgrad/models/folder/translator.h"

namespace babelgrad::apps {
namespace {

struct QuantizeOptions {
  std::string model, out;
  bool overwrite = false;
};

double megabytes(const std::string& folder) {
  const auto file = current_folder(folder) / kModelFile;
  return static_cast<double>(std::filesystem::file_size(file)) / 1e6;
}

int run_quantize(const QuantizeOptions& options) {
  std::error_code missing;
  if (std::filesystem::equivalent(options.model, options.out, missing))
    throw UsageError("--out " + options.out + " is the model itself; need another folder");
  OutputFolder folder(options.out, options.overwrite);
  Translator translator = Translator::load(options.model);
  const double before = megabytes(options.model);
  translator.config().search.precision = PrecisionSetting::int8;
  folder.make();
  replace_model(translator, options.out, Storage::int8);
  std::fprintf(stderr,
               "weights take %.3g MB instead of %.3g; searches in int8, unless told otherwise "
               "(--search-precision)\n",
               megabytes(options.out), before);
  std::cout << options.out << "\n";
  return 0;
}

}  // namespace

Run add_quantize(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "quantize",
      "Write a model whose weights are whole numbers of 8 bits, a quarter as large. It translates "
      "in them, about as well; --search-precision float32 where the processor has neither AVX2 nor "
      "better. Its training's log, snapshots and state are left behind");
  auto options = std::make_shared<QuantizeOptions>();
  command->add_option("--model", options->model, "model folder to read")
      ->type_name("DIR")
      ->required();
  command->add_option("--out", options->out, "model folder to write")->type_name("DIR")->required();
  command->add_flag("--overwrite", options->overwrite, "replace the model in --out");
  return [options] { return run_quantize(*options); };
}

}  // namespace babelgrad::apps
