#include "babelgrad/apps/command_line.h"

#include <string_view>

#include "babelgrad/autograd/kernels/bfloat16.h"
#include "babelgrad/autograd/kernels/int8.h"
#include "babelgrad/autograd/products/gemm.h"

namespace babelgrad::apps {
namespace {

// Flags as they are typed, without the {true} and {false} that CLI11 shows behind them.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    std::string name = CLI::Formatter::make_option_name(option, is_positional);
    for (const std::string_view value : {"{true}", "{false}"})
      if (const std::size_t at = name.find(value); at != std::string::npos)
        name.erase(at, value.size());
    return name;
  }
  // Without the "=[]" of an option that may be repeated.
  std::string make_option_opts(const CLI::Option* option) const override {
    std::string opts = CLI::Formatter::make_option_opts(option);
    if (const std::size_t at = opts.find("=[]"); at != std::string::npos) opts.erase(at, 3);
    return opts;
  }
};

}  // namespace

CommandLine::CommandLine() : app_("Attention sequence-to-sequence models on the CPU") {
  app_.require_subcommand(1);
  app_.set_version_flag("--version", [] {
    return std::string(BABELGRAD_VERSION) + "\nmatrix products: BLAS " + blas_name() +
           "; in bfloat16: " + bfloat16::kernels().name + "; in int8: " + int8::kernels().name;
  });
  app_.footer(
      "Results go to standard output, progress to standard error. Exit code 0: done, 1: failed, "
      "2: wrong usage or bad input.");
  app_.formatter(std::make_shared<HelpFormatter>());
  app_.option_defaults()->always_capture_default()->multi_option_policy(
      CLI::MultiOptionPolicy::TakeLast);
  commands_ = {{"train", add_train(app_)},       {"translate", add_translate(app_)},
               {"evaluate", add_evaluate(app_)}, {"compare", add_compare(app_)},
               {"average", add_average(app_)},   {"quantize", add_quantize(app_)},
               {"score", add_score(app_)},       {"inspect", add_inspect(app_)},
               {"explain", add_explain(app_)},   {"report", add_report(app_)},
               {"serve", add_serve(app_)},       {"lexicon", add_lexicon(app_)},
               {"document", add_document(app_)}};
}

int CommandLine::run() const { return commands_.at(app_.get_subcommands()[0]->get_name())(); }

}  // namespace babelgrad::apps
