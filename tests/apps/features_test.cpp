// Sources that are features, from the command line: trained on, translated, evaluated, explained,
// served.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "babelgrad/nn/safetensors.h"
#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

using Json = nlohmann::json;

// Pictures of four patches of one pixel: which of them is bright, and the words that say so.
class Pictures : public World {
 public:
  Pictures() {
    const std::vector<std::string> places{"top left", "top right", "bottom left", "bottom right"};
    constexpr std::size_t kItems = 240, kPatches = 4, kColours = 3;
    Array<float> features = uninitialized<float>({kItems, kPatches, kColours});
    std::string captions;
    for (std::size_t i = 0; i < kItems; ++i) {
      const std::size_t bright = i % kPatches, colour = i / kPatches % kColours;
      for (std::size_t s = 0; s < kPatches; ++s)
        for (std::size_t k = 0; k < kColours; ++k)
          features(i, s, k) = s == bright && k == colour
                                  ? 1
                                  : 0.02F * static_cast<float>((i * 7 + s * 5 + k * 3) % 11);
      captions += std::string(colour == 0   ? "red"
                              : colour == 1 ? "green"
                                            : "blue") +
                  " " + places[bright] + "\n";
    }
    Safetensors file;
    file.add("features", features);
    file.set_metadata("patches", "2x2 of 1x1x3");
    file.write(path() / "p.safetensors");
    write("p.en", captions);
  }
};

Arguments train_pictures(const std::string& out) {
  return Arguments{"train",
                   "--source-features",
                   "p.safetensors",
                   "--target",
                   "p.en",
                   "--out",
                   out,
                   "--max-updates",
                   "200"} +
         kSmall + Arguments{"--metric", "exact", "--valid-every", "50", "--snapshots", "2"};
}

TEST_CASE("features: a model of pictures, from training to its pages") {
  const Pictures world;
  const Finished training = world.run(train_pictures("model"));
  CAPTURE(training.err);
  REQUIRE(training.exit_code == 0);
  CHECK(training.err.find("data: 220 training pairs, 20 validation pairs held out") == 0);
  const Json config = Json::parse(world.read("model/config.json"));
  CHECK(config.at("feature_size") == 3);
  CHECK(config.at("source_vocabulary") == 0);
  CHECK(config.at("share_embeddings") == false);

  const Arguments features{"--source-features", "p.safetensors"};
  const Finished translated = world.run(Arguments{"translate", "--model", "model"} + features);
  REQUIRE(translated.exit_code == 0);
  CHECK(translated.err.empty());
  const auto captions = lines_of(world.read("p.en")), said = lines_of(translated.out);
  REQUIRE(said.size() == captions.size());
  std::size_t right = 0;
  for (std::size_t i = 0; i < said.size(); ++i) right += said[i] == captions[i];
  CHECK(right > 200);
  const Finished evaluated = world.run(
      Arguments{"evaluate", "--model", "model", "--reference", "p.en", "--json"} + features);
  REQUIRE(evaluated.exit_code == 0);
  CHECK(std::abs(Json::parse(evaluated.out).at("exact_match").get<double>() -
                 static_cast<double>(right) / 240) < 1e-6);
  const Finished scored =
      world.run(Arguments{"score", "--model", "model", "--target", "p.en"} + features);
  CHECK(lines_of(scored.out).size() == 240);
  const Finished aligned =
      world.run(Arguments{"translate", "--model", "model", "--format", "json"} + features);
  const Json first = Json::parse(lines_of(aligned.out)[0]);
  CHECK(first.at("source_tokens") == Json{"1", "2", "3", "4"});
  CHECK(first.at("attention")[0].size() == 4);

  const Finished explained =
      world.run(Arguments{"explain", "--model", "model", "3", "--json", "-o", "e.json"} + features);
  CAPTURE(explained.err);
  REQUIRE(explained.exit_code == 0);
  const Json source = Json::parse(world.read("e.json")).at("models")[0].at("source");
  CHECK(source.at("patches") ==
        Json{{"rows", 2}, {"columns", 2}, {"height", 1}, {"width", 1}, {"channels", 3}});
  CHECK(source.at("features")[2][0] == 1);
  CHECK(source.at("features").size() == 4);
  CHECK(world.run({"report", "--model", "model", "-o", "r.html"}).exit_code == 0);
  const Finished other = world.run(
      Arguments{"report", "--model", "model", "-o", "o.json", "--json", "--reference", "p.en"} +
      features);
  CAPTURE(other.err);
  CHECK(other.exit_code == 0);
  CHECK(world.read("o.json").find("p.safetensors") != std::string::npos);
  const Finished inspected = world.run(Arguments{"inspect", "--model", "model", "--gradients",
                                                 "--source", "3", "--target", "red top left"} +
                                       features);
  CHECK(inspected.exit_code == 0);
  CHECK(inspected.out.find("encoder.features.hidden.weight") != std::string::npos);

  const Finished resumed =
      world.run({"train", "--resume", "--out", "model", "--max-updates", "210"});
  CAPTURE(resumed.err);
  CHECK(resumed.exit_code == 0);
  world.write("none.tsv", "a\tb\t1\n");
  check_refused(
      world,
      {{{"translate", "--model", "model"},
        "the model reads features, not text (--source-features)",
        "x\n"},
       {Arguments{"explain", "--model", "model", "241", "-o", "e.html"} + features,
        "241: no such item; need p.safetensors:1 to p.safetensors:240"},
       {{"lexicon", "--model", "model", "--source", "p.en", "--target", "p.en", "-o", "l.tsv"},
        "lexicon counts words; the model reads features"},
       {{"compare", "--source", "p.en", "--reference", "p.en", "model", "p.en"},
        "compare translates lines of text only; the model reads features: compare files of its "
        "translations"},
       {{"serve", "--model", "model", "--port", "0"},
        "--model model: the model reads features; need --source-features"},
       {Arguments{"translate", "--model", "model", "--replace-unknown"} + features,
        "--replace-unknown needs a source of words; the model reads features"},
       {Arguments{"translate", "--model", "model", "--shortlist", "none.tsv"} + features,
        "--shortlist is for models that read words; there is none"},
       {Arguments{"evaluate", "--model", "model", "--reference", "p.en", "--source", "p.en"} +
            features,
        "--source and --source-features exclude each other"},
       {{"translate", "--model", "model", "--source-features", "p.en"},
        "p.en: damaged: not a safetensors file"}});
}

TEST_CASE("features: what does not go together") {
  const Pictures world;
  world.add_model("words");
  world.write("few.en", "red\n");
  check_refused(
      world,
      {{train_pictures("new") + Arguments{"--source", "train.fr"},
        "config: source and source_features are given; need one of them"},
       {Arguments{"train", "--source-features", "p.safetensors", "--out", "new"},
        "config: target is missing; source_features and target go together"},
       {Arguments{"train", "--source-features", "p.safetensors", "--target", "few.en", "--out",
                  "new"},
        "p.safetensors has 240 items, but few.en has 1 lines; they must match line by line"},
       {train_pictures("new") + Arguments{"--valid-source", "train.fr", "--valid-target", "p.en"},
        "config: validation sources are valid_source_features, as those of the training"},
       {train_to("new") + Arguments{"--valid-source-features", "p.safetensors"},
        "config: validation sources are valid_source, as those of the training"},
       {train_pictures("new") + Arguments{"--guided-alignment", "p.en"},
        "config: guided_alignment is of words; the source is features"},
       {{"translate", "--model", "words", "--source-features", "p.safetensors"},
        "--source-features is for models that read features; there is none"},
       {{"evaluate", "--model", "words", "--reference", "p.en", "--source", "train.fr",
         "--source-features", "p.safetensors"},
        "--source-features is for models that read features; there is none"},
       {{"evaluate", "--model", "words", "--reference", "p.en"},
        "need --source, or --source-features"},
       {train_pictures("new") + Arguments{"--from", "words"},
        "command line: the model in words reads words"}});
}

}  // namespace
}  // namespace babelgrad::test
