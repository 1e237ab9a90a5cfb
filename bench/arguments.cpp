#include "babelgrad/bench/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <thread>

namespace babelgrad::bench {
namespace {

constexpr int kMostThreads = 1024;

void settle(std::size_t& threads) {
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

struct Arguments::Parser {
  CLI::App app;
  std::vector<std::function<void()>> after;  // parsing
};

Arguments::Arguments(const std::string& meaning) : parser_(new Parser{CLI::App{meaning}, {}}) {}
Arguments::~Arguments() = default;

void Arguments::flag(const std::string& name, bool& value, const std::string& meaning) {
  parser_->app.add_flag(name, value, meaning);
}

void Arguments::text(const std::string& name, std::string& value, const std::string& meaning) {
  parser_->app.add_option(name, value, meaning);
}

void Arguments::choice(const std::string& name, std::string& value, const std::string& meaning,
                       const std::vector<std::string>& choices) {
  CLI::Option* option = parser_->app.add_option(name, value, meaning);
  option->check(CLI::IsMember(choices));
  if (!value.empty()) option->capture_default_str();
}

void Arguments::number(const std::string& name, std::size_t& value, const std::string& meaning,
                       int least, int most) {
  CLI::Option* option = parser_->app.add_option(name, value, meaning);
  option->check(CLI::Range(least, most));
  if (value >= static_cast<std::size_t>(least)) option->capture_default_str();
}

void Arguments::numbers(const std::string& name, std::vector<std::size_t>& values,
                        const std::string& meaning, int least, int most) {
  parser_->app.add_option(name, values, meaning)
      ->check(CLI::Range(least, most))
      ->capture_default_str();
}

void Arguments::existing_files(const std::string& name, std::vector<std::string>& values,
                               const std::string& meaning) {
  parser_->app.add_option(name, values, meaning)->check(CLI::ExistingFile);
}

void Arguments::threads(const std::string& name, std::size_t& value, const std::string& meaning) {
  number(name, value, meaning, 0, kMostThreads);
  parser_->after.push_back([&value] { settle(value); });
}

void Arguments::threads(const std::string& name, std::vector<std::size_t>& values,
                        const std::string& meaning) {
  numbers(name, values, meaning, 0, kMostThreads);
  parser_->after.push_back([&values] { std::ranges::for_each(values, settle); });
}

void Arguments::need_each_other(const std::string& one, const std::string& other) {
  CLI::App& app = parser_->app;
  app.get_option(one)->needs(app.get_option(other));
  app.get_option(other)->needs(app.get_option(one));
}

void Arguments::exclude_each_other(const std::string& one, const std::string& other) {
  CLI::App& app = parser_->app;
  app.get_option(one)->excludes(app.get_option(other));
}

std::optional<int> Arguments::parse(int argc, char** argv) {
  try {
    parser_->app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return parser_->app.exit(error) == 0 ? 0 : 2;
  }
  for (const auto& step : parser_->after) step();
  return std::nullopt;
}

}  // namespace babelgrad::bench
