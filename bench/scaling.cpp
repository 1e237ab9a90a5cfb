// scaling: how the cost of a training update grows with the hidden size, the vocabulary, the
// length, the batch and the threads, beside its matrix products alone, and its memory with the
// batch.
//
//   build/bench/scaling --svg scaling.svg     about three minutes on two cores
//   build/bench/scaling --vary batch          one of hidden, vocabulary, length, batch, threads
//
// Around size M of train_step (E 256, H 256, V 10,000, batch 64, 14 + 14 tokens), one extent at a
// time. Each point is a process of its own, bench/train_step, so that its peak memory is its own.
// Expect the update to grow by the same factor as the products, to within a tenth, and memory on a
// straight line in the batch.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "babelgrad/bench/arguments.h"
#include "babelgrad/bench/scaling_plot.h"

namespace {

using babelgrad::bench::Panel;
using babelgrad::bench::Point;
namespace fs = std::filesystem;

struct Options {
  std::string model = "luong", vary, svg;
  std::vector<std::string> from;
  std::size_t threads = 0, updates = 9;
  bool json = false;
};

// What changes: a flag of train_step and its values.
struct Sweep {
  std::string name, title;
  std::vector<std::string> flags;
  std::vector<std::size_t> values;
};

struct Measured {
  std::size_t value = 0;
  double update_ms = 0, products_ms = 0, peak_mb = 0;
};

struct Result {
  Sweep sweep;
  std::vector<Measured> points;
};

std::vector<Sweep> sweeps(const Options& o) {
  std::vector<std::size_t> threads;
  for (std::size_t n = 1; n < o.threads; n *= 2) threads.push_back(n);
  threads.push_back(o.threads);
  std::vector<Sweep> all{
      {"hidden", "hidden size", {"--hidden"}, {64, 128, 256, 384, 512}},
      {"vocabulary", "vocabulary", {"--vocab"}, {2500, 5000, 10000, 20000, 40000}},
      {"length", "tokens a sentence", {"--source-length", "--target-length"}, {7, 14, 28, 42, 56}},
      {"batch", "sentences a batch", {"--batch"}, {16, 32, 64, 128, 192, 256}},
      {"threads", "threads", {"--threads"}, threads}};
  if (!o.vary.empty()) std::erase_if(all, [&](const Sweep& s) { return s.name != o.vary; });
  return all;
}

std::string output_of(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run: " + command);
  std::string output;
  char part[256];
  while (std::fgets(part, sizeof part, pipe) != nullptr) output += part;
  if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
  return output;
}

Measured measure(const Options& o, const Sweep& sweep, std::size_t value) {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / "train_step";
  std::string command = "'" + program.string() + "' --json --size M --model " + o.model +
                        " --updates " + std::to_string(o.updates);
  if (sweep.name != "threads") command += " --threads " + std::to_string(o.threads);
  for (const std::string& flag : sweep.flags) command += " " + flag + " " + std::to_string(value);
  const auto result = nlohmann::json::parse(output_of(command));
  const double update_ms = result.at("ms_per_update");
  const double bound_share = result.at("bound_share");
  return {value, update_ms, update_ms * bound_share, result.at("peak_mb")};
}

// Of the straight line through the points' memory, least squares: {intercept, slope, the largest
// relative distance}.
struct Straight {
  double intercept = 0, slope = 0, distance = 0;
};

Straight straight_memory(const std::vector<Measured>& points) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const Measured& p : points) {
    const double v = static_cast<double>(p.value);
    n += 1, x += v, y += p.peak_mb, xx += v * v, xy += v * p.peak_mb;
  }
  Straight line;
  line.slope = (n * xy - x * y) / (n * xx - x * x);
  line.intercept = (y - line.slope * x) / n;
  for (const Measured& p : points) {
    const double at = line.intercept + line.slope * static_cast<double>(p.value);
    line.distance = std::max(line.distance, std::abs(p.peak_mb - at) / at);
  }
  return line;
}

void print_table(const Result& r) {
  std::printf("\n%-18s %11s %11s %8s %9s\n", r.sweep.title.c_str(), "update ms", "products ms",
              "share", "peak MB");
  for (const Measured& p : r.points)
    std::printf("%-18zu %11.1f %11.1f %7.1f%% %9.0f\n", p.value, p.update_ms, p.products_ms,
                100 * p.products_ms / p.update_ms, p.peak_mb);
  const Measured &first = r.points.front(), &last = r.points.back();
  std::printf("from %zu to %zu: update x %.2f, products x %.2f\n", first.value, last.value,
              last.update_ms / first.update_ms, last.products_ms / first.products_ms);
  if (r.sweep.name != "batch") return;
  const Straight line = straight_memory(r.points);
  std::printf(
      "peak memory: %.0f MB + %.2f MB a sentence; points off that line by at most %.1f %%\n",
      line.intercept, line.slope, 100 * line.distance);
}

std::string json_of(const Options& o, const std::vector<Result>& results) {
  nlohmann::ordered_json all{{"model", o.model}, {"threads", o.threads}};
  for (const Result& r : results)
    for (const Measured& p : r.points)
      all["sweeps"][r.sweep.name].push_back({{"value", p.value},
                                             {"ms_per_update", p.update_ms},
                                             {"products_ms", p.products_ms},
                                             {"peak_mb", p.peak_mb}});
  return all.dump();
}

// The sweeps of files that json_of() wrote.
std::vector<Result> read_results(const Options& o) {
  std::vector<Result> results;
  for (const std::string& file : o.from) {
    const auto all = nlohmann::json::parse(std::ifstream(file), nullptr, false);
    if (!all.is_object() || !all.contains("sweeps") || !all.contains("model") ||
        !all.contains("threads"))
      throw std::runtime_error(file + ": not written by scaling --json");
    if (all.at("model") != o.model || all.at("threads") != o.threads)
      throw std::runtime_error(file + ": of another model or number of threads");
    for (const Sweep& sweep : sweeps(o)) {
      if (!all.at("sweeps").contains(sweep.name)) continue;
      results.push_back({sweep, {}});
      for (const auto& p : all.at("sweeps").at(sweep.name))
        results.back().points.push_back(
            {p.at("value"), p.at("ms_per_update"), p.at("products_ms"), p.at("peak_mb")});
    }
  }
  return results;
}

std::vector<Panel> panels_of(const std::vector<Result>& results) {
  std::vector<Panel> panels;
  const auto line = [](const Result& r, auto field) {
    std::vector<Point> points;
    for (const Measured& p : r.points) points.push_back({static_cast<double>(p.value), p.*field});
    return points;
  };
  for (const Result& r : results)
    panels.push_back({r.sweep.title,
                      "ms an update",
                      {{"update", false, line(r, &Measured::update_ms)},
                       {"products alone", true, line(r, &Measured::products_ms)}}});
  for (const Result& r : results)
    if (r.sweep.name == "batch")
      panels.push_back(
          {r.sweep.title, "peak memory, MB", {{"process", false, line(r, &Measured::peak_mb)}}});
  return panels;
}

void write_svg(const Options& o, const std::vector<Result>& results) {
  const std::string subtitle =
      o.model + ", E 256, H 256, V 10,000, batch 64, 14 + 14 tokens, " + std::to_string(o.threads) +
      (o.threads == 1 ? " thread" : " threads") + ", but for what is varied";
  std::ofstream file(o.svg);
  file << babelgrad::bench::to_svg("What an update costs", subtitle, panels_of(results));
  if (!file.flush()) throw std::runtime_error(o.svg + ": cannot be written");
}

std::vector<Result> measure_all(const Options& o) {
  std::vector<Result> results;
  for (const Sweep& sweep : sweeps(o)) {
    results.push_back({sweep, {}});
    for (const std::size_t value : sweep.values)
      results.back().points.push_back(measure(o, sweep, value));
  }
  return results;
}

void run(const Options& o) {
  if (!o.svg.empty() && !std::ofstream(o.svg, std::ios::app))
    throw std::runtime_error(o.svg + ": cannot be written");
  const std::vector<Result> results = o.from.empty() ? measure_all(o) : read_results(o);
  if (!o.json)
    for (const Result& result : results) print_table(result);
  if (o.json) std::printf("%s\n", json_of(o, results).c_str());
  if (!o.svg.empty()) write_svg(o, results);
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  babelgrad::bench::Arguments arguments(
      "Growth of the cost of a training update with each extent of the model");
  arguments.choice("--model", o.model, "luong or bahdanau", {"luong", "bahdanau"});
  arguments.choice("--vary", o.vary, "this alone",
                   {"hidden", "vocabulary", "length", "batch", "threads"});
  arguments.threads("--threads", o.threads, "0: one a core");
  arguments.number("--updates", o.updates, "measured updates a point");
  arguments.text("--svg", o.svg, "file for the picture");
  arguments.existing_files("--from", o.from,
                           "files with the JSON of earlier runs, instead of measuring");
  arguments.exclude_each_other("--from", "--vary");
  arguments.flag("--json", o.json, "one line of JSON");
  if (const auto exit_code = arguments.parse(argc, argv)) return *exit_code;
  try {
    run(o);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scaling: %s\n", error.what());
    return 1;
  }
}
