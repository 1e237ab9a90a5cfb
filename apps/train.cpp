#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "babelgrad/apps/commands.h"
#include "babelgrad/apps/config_flags.h"
#include "babelgrad/apps/output_folder.h"
#include "babelgrad/apps/progress.h"
#include "babelgrad/apps/ranks/join.h"
#include "babelgrad/autograd/kernels/bfloat16.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/models/config/config_json.h"
#include "babelgrad/models/config/presets.h"
#include "babelgrad/models/training/trainer.h"
#include "babelgrad/text/error.h"
#include "babelgrad/text/files.h"

namespace babelgrad::apps {
namespace {

namespace fs = std::filesystem;

std::atomic<bool> interrupted{false};
std::string last_words;  // where mpirun may end this rank before it can save

// Also what queues of work send before they end one: USR1, USR2, and XCPU at the limit of its time.
constexpr std::array kEnding{SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU};

// A second INT or TERM ends it at once. The others may just accompany the first: a session that
// ends sends TERM and HUP, the system XCPU each second until the hard limit.
extern "C" void note_interrupt(int first) {
  const auto is_deliberate = [](int signal) { return signal == SIGINT || signal == SIGTERM; };
  if (!interrupted.exchange(true) && !last_words.empty()) {
    [[maybe_unused]] const auto written =
        ::write(STDERR_FILENO, last_words.data(), last_words.size());
  }
  for (const int signal : kEnding) {
    if (!is_deliberate(signal)) std::signal(signal, SIG_IGN);
    if (is_deliberate(signal) && is_deliberate(first)) std::signal(signal, SIG_DFL);
  }
}

// But for those that whoever started it had it ignore, as nohup does.
void await_interrupt() {
  for (const int signal : kEnding)
    if (std::signal(signal, note_interrupt) == SIG_IGN) std::signal(signal, SIG_IGN);
}

struct TrainOptions {
  std::string config_file, out, preset, from;
  bool resume = false, overwrite = false, profile = false;
  ConfigFlags flags;
};

void require_resumable(const Config& stored, const Config& asked) {
  if (const auto difference = identity_difference(stored, asked))
    throw ConfigError("command line: " + difference->key + " is " + difference->now +
                      ", but the training in the folder has " + difference->stored +
                      "; it cannot change on --resume");
}

// What a model decides about every training that starts from it.
Config config_from(const Config& model) {
  Config config = structure_of(model);
  config.model = model.model;
  config.search = model.search;
  return config;
}

void require_same_structure(const Config& model, const Config& asked, const std::string& folder) {
  if (const auto difference = structure_difference(model, asked))
    throw ConfigError("command line: " + difference->key + " is " + difference->now +
                      ", but the model in " + folder + " has " + difference->stored +
                      "; it cannot change with --from");
}

void copy_parameters(const ParameterStore<float>& from, ParameterStore<float>& to) {
  Safetensors all;
  add_parameters(all, from);
  load_parameters(all, to);
}

std::size_t ranks() { return crew() ? crew()->size() : 1; }

// What is left to the machine, settled so that config.json records it.
void settle_for_machine(TrainingConfig& config) {
  if (config.threads == 0) config.threads = usable_cores();
  if (config.shards == 0) config.shards = default_shards(config.threads * ranks());
  config.precision = settled(config.precision);
}

void apply_preset(const std::string& name, Seq2SeqConfig& config) {
  if (name.empty()) return;
  std::string all;
  for (const Preset& preset : kPresets) {
    if (name == preset.name) return preset.set(config);
    all += (all.empty()                   ? ""
            : &preset == &kPresets.back() ? " or "
                                          : ", ") +
           std::string(preset.name);
  }
  throw ConfigError("command line: preset is \"" + name + "\"; need " + all);
}

// `start`: the model of --from, or null.
Config read_config(const TrainOptions& options, const Translator* start) {
  Config config = start ? config_from(start->config()) : Config{};
  if (!options.config_file.empty())
    update_from_json(config, text::read_file(options.config_file), options.config_file);
  apply_preset(options.preset, config.model);
  if (options.flags.was_given("threads") && !options.flags.was_given("shards"))
    config.training.shards = 0;
  options.flags.apply(config);
  options.flags.refuse(idle_settings(config));
  if (start) require_same_structure(start->config(), config, options.from);
  settle_for_machine(config.training);
  config.training.check(config.model);
  return config;
}

void report_ranks(const TrainingConfig& training, bool resumed) {
  const std::size_t each = shards_a_rank(training.shards, ranks());
  const std::size_t busy = (training.shards + each - 1) / each, idle = ranks() - busy;
  std::fprintf(stderr,
               "ranks: %zu, of %zu thread%s and up to %zu shard%s each; gradients sent in %s\n",
               ranks(), training.threads, training.threads == 1 ? "" : "s", each,
               each == 1 ? "" : "s", name_of(precision_in_force(training.wire_precision)));
  if (idle == 0) return;
  std::fprintf(stderr, "%zu rank%s no shard; ", idle, idle == 1 ? " has" : "s have");
  if (std::has_single_bit(ranks()) && !resumed)
    std::fprintf(stderr, "--shards %zu would give each one\n", ranks());
  else
    std::fprintf(stderr, "%zu would be as fast\n", busy);
}

void report_data(const TrainingData& data, const Translator& translator, bool resumed) {
  const auto& model = translator.config().model;
  std::fprintf(stderr,
               "data: %s training pairs, %s validation pairs%s; vocabulary %s source, %s target\n",
               thousands(static_cast<double>(data.train.size())).c_str(),
               thousands(static_cast<double>(data.validation.size())).c_str(),
               data.held_out ? " held out" : "",
               thousands(static_cast<double>(model.source_vocabulary)).c_str(),
               thousands(static_cast<double>(model.target_vocabulary)).c_str());
  const auto& lengths = data.lengths;
  if (lengths.cut + lengths.skipped + lengths.empty > 0)
    std::fprintf(stderr,
                 "data: %zu pairs cut to max_length, %zu left out as longer, %zu as empty\n",
                 lengths.cut, lengths.skipped, lengths.empty);
  if (data.long_validation > 0)
    std::fprintf(stderr, "data: %zu validation pairs left out as longer than max_length\n",
                 data.long_validation);
  const TrainingConfig& training = translator.config().training;
  const Precision precision = precision_in_force(training.precision);
  const bool rounded = precision == Precision::bfloat16;
  std::fprintf(stderr, "model: %s parameters; threads %zu, shards %zu, products in %s (%s)\n",
               thousands(static_cast<double>(translator.model().store().element_count())).c_str(),
               training.threads, training.shards, name_of(precision),
               rounded ? bfloat16::kernels().name : blas_name());
  if (crew()) report_ranks(training, resumed);
  if (rounded && !bfloat16::kernels().is_faster)
    std::fprintf(stderr, "bfloat16 is slower than float32 on this processor\n");
}

const char* reason_text(StopReason reason) {
  switch (reason) {
    case StopReason::max_updates:
      return "max_updates reached";
    case StopReason::max_epochs:
      return "max_epochs reached";
    case StopReason::max_minutes:
      return "max_minutes reached";
    case StopReason::patience:
      return "no improvement for `patience` validations";
    case StopReason::interrupted:
      break;
  }
  return "interrupted";
}

int train(Translator& translator, const TrainingData& data, const TrainOptions& options) {
  report_data(data, translator, options.resume);
  ProgressPrinter printer;
  Profile profile;
  Trainer trainer(translator, data, options.out, printer, options.profile ? &profile : nullptr,
                  crew());
  if (options.resume) {
    trainer.resume();
    translator.save_config(options.out);
    std::fprintf(stderr, "resuming after update %zu\n", trainer.update());
  } else if (!options.from.empty()) {
    trainer.validate_start();
  }
  if (crew())
    last_words =
        "\nasked to end; if that is because a rank has died, what was saved is left: "
        "babelgrad train --resume --out " +
        options.out + "\n";
  await_interrupt();
  const StopReason reason = trainer.run(interrupted);
  std::fprintf(stderr, "stopped after update %zu: %s\n", trainer.update(), reason_text(reason));
  if (options.profile)
    std::fprintf(stderr, "profile of the updates, times summed over threads:\n%s",
                 to_string(profile.report()).c_str());
  if (reason == StopReason::interrupted) {
    std::fprintf(stderr, "saved; go on with: babelgrad train --resume --out %s\n",
                 options.out.c_str());
    return 1;
  }
  std::cout << options.out << "\n";
  return 0;
}

TrainingData load_data_again(const Config& config, const Codecs& codecs,
                             const fs::path& stored_file) {
  try {
    return load_training_data(config, codecs);
  } catch (const text::InputError& error) {
    throw UsageError(error.what() + std::string("; the paths of the data are those in ") +
                     stored_file.string() + ", relative to the current folder");
  }
}

int resume_training(const TrainOptions& options) {
  if (!options.config_file.empty())
    throw UsageError("--config cannot be given with --resume; the folder has its own");
  const auto lock = lock_folder(options.out);
  const fs::path stored_file = fs::path(options.out) / kConfigFile;
  const Config stored = stored_config(text::read_file(stored_file), stored_file.string());
  Config config = stored;
  apply_preset(options.preset, config.model);
  options.flags.apply(config);
  options.flags.refuse(idle_settings(config));
  if (config.training.precision == PrecisionSetting::fastest)  // settled when the training began
    config.training.precision = stored.training.precision;
  require_resumable(stored, config);
  Codecs codecs = load_codecs(config, options.out);
  const TrainingData data = load_data_again(config, codecs, stored_file);
  Translator translator(config, codecs);
  if (data.features) translator.attach(data.features);
  return train(translator, data, options);
}

int begin_training(const TrainOptions& options) {
  std::optional<Translator> start;
  if (!options.from.empty()) start.emplace(Translator::load(options.from));
  Config config = read_config(options, start ? &*start : nullptr);
  if (start && start->reads_features() == config.data.source_features.empty())
    throw ConfigError("command line: the model in " + options.from + " reads " +
                      (start->reads_features() ? "features; need source_features" : "words"));
  OutputFolder folder(options.out, options.overwrite, ", or --resume to go on training it");
  const TrainingData data =
      load_training_data(config, start ? std::optional(start->codecs()) : std::nullopt);
  if (start && data.features) start->attach(data.features);  // or says that they do not fit
  fit_config(config, data.codecs, data.features.get());
  Translator translator(config, data.codecs);
  if (data.features) translator.attach(data.features);
  if (start) copy_parameters(start->model().store(), translator.model().store());
  folder.make();
  return train(translator, data, options);
}

int run_train(const TrainOptions& options) {
  if (options.out.empty()) throw UsageError("--out is required; see babelgrad train --help");
  if (options.resume && options.overwrite)
    throw UsageError("--resume and --overwrite exclude each other");
  if (options.resume && !options.from.empty())
    throw UsageError("--resume and --from exclude each other");
  return options.resume ? resume_training(options) : begin_training(options);
}

}  // namespace

Run add_train(CLI::App& app) {
  CLI::App* command = app.add_subcommand("train", "Train a model on pairs of sentences");
  auto options = std::make_shared<TrainOptions>();
  command->add_option("--out", options->out, "model folder to write")->type_name("DIR");
  command
      ->add_option("--config", options->config_file,
                   "JSON file of the keys below; flags override it")
      ->type_name("F.json");
  command
      ->add_option("--from", options->from,
                   "start from this model's parameters, with its vocabularies and structure, on "
                   "new data; the first validation is of the model as it is")
      ->type_name("DIR");
  std::string presets, meanings;
  for (const Preset& preset : kPresets) {
    presets += (presets.empty() ? "" : "|") + std::string(preset.name);
    meanings += std::string("; ") + preset.name + ": " + preset.meaning;
  }
  command
      ->add_option("--preset", options->preset,
                   "the structure of a known model, in the place of that in --config; flags "
                   "override it" +
                       meanings)
      ->type_name(presets);
  command->add_flag("--resume", options->resume, "go on with the training in --out");
  command->add_flag("--overwrite", options->overwrite, "replace the model in --out");
  command->add_flag("--profile", options->profile,
                    "print at the end what the time of the updates went into, op by op");
  for (const FlagGroup group :
       {FlagGroup::data, FlagGroup::model, FlagGroup::training, FlagGroup::search})
    options->flags.add(*command, group, Config{});
  return [options] { return run_train(*options); };
}

}  // namespace babelgrad::apps
