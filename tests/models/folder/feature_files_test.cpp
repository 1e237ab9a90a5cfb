// Sources that are features: their files, and what a model says of other sources.
#include "babelgrad/models/folder/feature_files.h"

#include <doctest/doctest.h>

#include <limits>

#include "tests/models/folder/translator_helpers.h"

namespace babelgrad {
namespace {

class Features : public TemporaryFolder {
 public:
  // N items of S positions of F features: their own number, counted over all from 0.
  std::string write_numbers(const std::string& name, const Shape& shape,
                            const std::vector<float>& lengths = {},
                            const std::string& patches = "") const {
    Array<float> features = uninitialized<float>(shape);
    for (std::size_t i = 0; i < features.size(); ++i) features.data()[i] = static_cast<float>(i);
    Safetensors file;
    file.add("features", features);
    if (!lengths.empty()) file.add("lengths", Array<float>({lengths.size()}, lengths));
    if (!patches.empty()) file.set_metadata("patches", patches);
    const std::string path = (this->path() / name).string();
    file.write(path);
    return path;
  }
};

TEST_CASE("features: items by file and number, with their lengths") {
  const Features folder;
  const std::string a = folder.write_numbers("a", {2, 4, 3}, {4, 2});
  const std::string b = folder.write_numbers("b", {1, 1, 3});
  FeatureFiles files;
  CHECK(files.feature_size() == 0);
  CHECK(files.add(a) == std::vector<std::string>{a + ":1", a + ":2"});
  CHECK(files.feature_size() == 3);
  CHECK(files.at("2") == text::Source::of_features({12, 13, 14, 15, 16, 17}, 2));
  CHECK(files.at(a + ":2") == files.at("2"));
  CHECK(files.at("1").size() == 4);
  CHECK_FALSE(files.patches("1"));
  files.add(b);
  CHECK(files.names() == std::vector<std::string>{a + ":1", a + ":2", b + ":1"});
  CHECK(files.at(b + ":1") == text::Source::of_features({0, 1, 2}, 1));
  CHECK_FALSE(files.patches(b + ":1"));
  const std::string need =
      ": no such item; need " + a + ":1 to " + a + ":2 or " + b + ":1 to " + b + ":1";
  for (const std::string& name :
       {std::string("1"), a, a + ":0", a + ":3", a + ":x", std::string("c:1"), std::string()}) {
    INFO(name);
    CHECK(error_of([&] { files.at(name); }) == name + need);
  }
}

TEST_CASE("features: patches of pictures, and items that are too long") {
  const Features folder;
  FeatureFiles files;
  files.add(folder.write_numbers("p", {2, 4, 3}, {4, 4}, "2x2 of 1x3x1"));
  REQUIRE(files.patches("2"));
  CHECK(files.patches("2")->rows == 2);
  CHECK(files.patches("2")->width == 3);
  FeatureFiles placed;  // a number after the pixels
  placed.add(folder.write_numbers("placed", {1, 4, 4}, {4}, "2x2 of 1x3x1+1"));
  REQUIRE(placed.patches("1"));
  CHECK(placed.patches("1")->width == 3);
  files.require_at_most(4);
  CHECK(error_of([&] { files.require_at_most(3); }, &folder) ==
        "p:1: 4 positions; at most 3 an item can be read");
  CHECK(error_of(
            [&] {
              files.add(folder.write_numbers("q", {2, 4, 3}, {4, 3}, "2x2 of 1x3x1"));
            },
            &folder) == "q: patches are of whole pictures; need lengths of 4");
}

TEST_CASE("features: a file that is not one is named, and why") {
  const Features folder;
  const auto error_of_file = [&](const std::string& path) {
    return error_of([&] { FeatureFiles().add(path); }, &folder);
  };
  CHECK(error_of_file((folder.path() / "none").string()) == "none: no such file");
  Safetensors other;
  other.add("pixels", zeros<float>({1, 2, 3}));
  other.write(folder.path() / "other");
  CHECK(error_of_file((folder.path() / "other").string()) == "other: has no array features");
  CHECK(error_of_file(folder.write_numbers("flat", {3, 4})) ==
        "flat: features has shape [3, 4]; need [N, S, F]");
  CHECK(error_of_file(folder.write_numbers("none_in_it", {3, 0, 4})) ==
        "none_in_it: features has shape [3, 0, 4]; need [N, S, F]");
  CHECK(error_of_file(folder.write_numbers("few", {3, 2, 1}, {1, 2})) ==
        "few: array lengths has shape [2]; need [3]");
  CHECK(error_of_file(folder.write_numbers("long", {2, 2, 1}, {1, 3})) ==
        "long: lengths of item 2 is 3; need a whole number from 1 to 2");
  CHECK(error_of_file(folder.write_numbers("zero", {2, 2, 1}, {0, 1})) ==
        "zero: lengths of item 1 is 0; need a whole number from 1 to 2");
  for (const char* patches :
       {"2x2", "2x2 of 1x1x2", "1x2 of 1x1x1", "2x2 of 1x1x1 ", "-2x-2 of 1x1x1", "2x2 of 1x1x0",
        "2x2 of 1x1x1+1", "2x2 of 1x1x1+", "2x2 of 1x1x0+1", "2x2 of 1x1x3+-2"}) {
    INFO(patches);
    CHECK(
        error_of_file(folder.write_numbers("p", {1, 4, 1}, {}, patches)) ==
        "p: patches is \"" + std::string(patches) +
            "\"; need \"RxC of HxWxD\" or \"RxC of HxWxD+E\", R times C being 4, H times W times D "
            "plus E 1");
  }
  Array<float> broken = zeros<float>({3, 2, 2});
  broken.data()[9] = std::numeric_limits<float>::quiet_NaN();
  Safetensors file;
  file.add("features", broken);
  file.write(folder.path() / "nan");
  CHECK(error_of_file((folder.path() / "nan").string()) ==
        "nan: item 3 has a feature that is not a finite number");
  FeatureFiles files;
  files.add(folder.write_numbers("three", {1, 1, 3}));
  CHECK(error_of<ConfigError>(
            [&] {
              files.add(folder.write_numbers("two", {1, 1, 2}));
            },
            &folder) == "two has 2 features a position; three has 3");
}

TEST_CASE("features: a model is given what it reads, or says what it reads") {
  const Features folder;
  Config config = folder_configs()[0].second;
  const text::Codec words = text::Codec::train(kTargets, {});
  auto files = std::make_shared<FeatureFiles>();
  files->add(folder.write_numbers("a", {2, 4, 3}, {4, 2}));
  fit_config(config, {text::Codec::train({}, {}), words}, files.get());
  CHECK(config.model.feature_size == 3);
  CHECK(config.model.source_vocabulary == 0);
  Translator translator(config, {text::Codec::train({}, {}), words});
  CHECK(error_of<ConfigError>([&] { translator.translate({"1"}, config.search); }) ==
        "the model reads features, not text (--source-features)");
  translator.attach(files);
  const auto found = translator.translate({"1", "2"}, config.search);
  CHECK(found[0][0].source_tokens == std::vector<std::string>{"1", "2", "3", "4"});
  CHECK(found[1][0].source_tokens == std::vector<std::string>{"1", "2"});
  CHECK(found[1][0].hypothesis.weights[0].size() == 2);
  const auto scored = translator.score({"2"}, {kTargets[0]});
  CHECK(scored[0].log_probability < 0);
  CHECK(translator.source_words("2").words.size() == 2);

  translator.save_vocabularies(folder.path());
  translator.save_config(folder.path());
  translator.save_parameters(folder.path());
  CHECK_FALSE(std::filesystem::exists(folder.path() / "source.vocab"));
  Translator loaded = Translator::load(folder.path());
  loaded.attach(files);
  CHECK(loaded.translate({"2"}, config.search)[0][0].text == found[1][0].text);

  auto others = std::make_shared<FeatureFiles>();
  others->add(folder.write_numbers("two", {1, 1, 2}));
  CHECK(error_of<ConfigError>([&] { loaded.attach(others); }) ==
        "source_features has 2 features a position; the model reads 3");
  Config of_words = folder_configs()[0].second;
  const Codecs codecs{text::Codec::train(kLines, {}), words};
  fit_config(of_words, codecs);
  CHECK(error_of<ConfigError>([&] { Translator(of_words, codecs).attach(files); }) ==
        "source_features has 3 features a position; the model reads words");
}

}  // namespace
}  // namespace babelgrad
