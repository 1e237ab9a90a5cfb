#include "babelgrad/apps/command_line.h"

#include <algorithm>
#include <utility>

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

constexpr std::string_view kDocument = "document";
constexpr std::pair<std::string_view, Run (*)(CLI::App&)> kCommands[] = {
    {"train", add_train},     {"translate", add_translate}, {"evaluate", add_evaluate},
    {"compare", add_compare}, {"average", add_average},     {"quantize", add_quantize},
    {"score", add_score},     {"inspect", add_inspect},     {"explain", add_explain},
    {"report", add_report},   {"serve", add_serve},         {"lexicon", add_lexicon},
    {kDocument, add_document}};

}  // namespace

CommandLine::CommandLine(std::string_view only)
    : app_("Attention sequence-to-sequence models on the CPU") {
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
  const bool all = only == kDocument ||  // which describes them
                   std::none_of(std::begin(kCommands), std::end(kCommands),
                                [&](const auto& command) { return command.first == only; });
  for (const auto& [name, add] : kCommands)
    if (all || name == only) commands_.emplace(name, add(app_));
}

int CommandLine::run() const { return commands_.at(app_.get_subcommands()[0]->get_name())(); }

}  // namespace babelgrad::apps
