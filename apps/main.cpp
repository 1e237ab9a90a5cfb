// babelgrad: trains, runs, measures and inspects attention sequence-to-sequence models.
// Exit codes: 0 done, 1 failed, 2 wrong usage or bad input. Progress goes to stderr, results to
// stdout.
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <map>

#include "babelgrad/apps/commands.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/models/gradient_step.h"
#include "babelgrad/nn/safetensors.h"
#include "babelgrad/text/error.h"

namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;

// Flags as they are typed: without the {true} and {false} that CLI11 shows behind them.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    std::string name = CLI::Formatter::make_option_name(option, is_positional);
    for (const std::string_view value : {"{true}", "{false}"})
      if (const std::size_t at = name.find(value); at != std::string::npos)
        name.erase(at, value.size());
    return name;
  }
};

int complain(const std::exception& error, int code) {
  std::fprintf(stderr, "babelgrad: %s\n", error.what());
  return code;
}

int complain_usage(const CLI::App& app, const CLI::ParseError& error, const char* first) {
  const auto commands = app.get_subcommands();
  const std::string command = commands.empty() ? "" : " " + commands[0]->get_name();
  std::string what = error.what();
  if (commands.empty() && first) what = first + std::string(": no such command");
  if (commands.empty() && !first) what = "a command is required";
  std::fprintf(stderr, "babelgrad: %s; see babelgrad%s --help\n", what.c_str(), command.c_str());
  return kBadInput;
}

void flush_results() {
  std::cout.flush();
  if (std::fflush(stdout) != 0 || !std::cout)
    throw std::runtime_error("standard output: cannot be written");
}

int run_command(int argc, char** argv) {
  using namespace babelgrad;
  CLI::App app{"Attention sequence-to-sequence models on the CPU"};
  app.require_subcommand(1);
  app.set_version_flag("--version", BABELGRAD_VERSION);
  app.formatter(std::make_shared<HelpFormatter>());
  app.option_defaults()->always_capture_default()->multi_option_policy(
      CLI::MultiOptionPolicy::TakeLast);
  std::map<std::string, apps::Run> commands{
      {"train", apps::add_train(app)},       {"translate", apps::add_translate(app)},
      {"evaluate", apps::add_evaluate(app)}, {"score", apps::add_score(app)},
      {"inspect", apps::add_inspect(app)},   {"explain", apps::add_explain(app)},
      {"report", apps::add_report(app)},     {"serve", apps::add_serve(app)}};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return complain_usage(app, error, argc > 1 && argv[1][0] != '-' ? argv[1] : nullptr);
  }
  const int code = commands.at(app.get_subcommands()[0]->get_name())();
  flush_results();
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  babelgrad::set_blas_threads(1);  // the program runs threads of its own over sentences
  std::ios::sync_with_stdio(false);
  try {
    return run_command(argc, argv);
  } catch (const babelgrad::text::InputError& error) {
    return complain(error, kBadInput);
  } catch (const babelgrad::ConfigError& error) {
    return complain(error, kBadInput);
  } catch (const babelgrad::CheckpointError& error) {
    return complain(error, kBadInput);
  } catch (const babelgrad::DivergenceError& error) {
    return complain(error, kBadInput);
  } catch (const babelgrad::apps::UsageError& error) {
    return complain(error, kBadInput);
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "babelgrad: out of memory\n");
    return kFailed;
  } catch (const std::exception& error) {
    return complain(error, kFailed);
  }
}
