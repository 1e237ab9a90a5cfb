// Bad text: every command names the file, the line and the byte, and touches nothing.
#include <algorithm>

#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

Arguments train_on(const std::string& source, const std::string& target) {
  return Arguments{"train", "--source", source, "--target", target, "--out", "new"} + kSmall;
}

Arguments train_on_tsv(const std::string& tsv) {
  return Arguments{"train", "--tsv", tsv, "--out", "new"} + kSmall;
}

void add_bad_files(const World& world) {
  world.write("folder/file", "x\n");
  world.write("empty", "");
  world.write("bom", "\xef\xbb\xbf");
  world.write("two", "one\ntwo\n");
  world.write("invalid", "fine\nnot \xff fine\n");
  world.write("cut_off", "fine\ncaf\xc3");
  world.write("surrogate", "\xed\xa0\x80\nx\n");
  world.write("nul", std::string("a\nb c\0d\n", 8));
  world.write("no_tab.tsv", "a\tb\nc\td\ne f\n");
  world.write("invalid.tsv", "a\tb\nc\t\xc0\xaf\n");
}

TEST_CASE("bad training text") {
  const World world;
  add_bad_files(world);
  check_refused(world,
                {{train_on("missing", "two"), "missing: no such file"},
                 {train_on("two", "missing"), "missing: no such file"},
                 {train_on("two/deeper", "two"), "two/deeper: no such file"},
                 {train_on("folder", "two"), "folder: is a directory, not a file"},
                 {train_on("empty", "two"), "empty: is empty"},
                 {train_on("two", "empty"), "empty: is empty"},
                 {train_on("bom", "two"), "bom: is empty"},
                 {train_on("train.fr", "two"),
                  "train.fr has 300 lines, but two has 2; they must match line by line"},
                 {train_on("invalid", "two"), "invalid:2: invalid UTF-8 at byte 5"},
                 {train_on("two", "cut_off"), "cut_off:2: invalid UTF-8 at byte 4"},
                 {train_on("surrogate", "two"), "surrogate:1: invalid UTF-8 at byte 1"},
                 {train_on("two", "nul"), "nul:2: NUL byte at byte 4"},
                 {train_on_tsv("no_tab.tsv"), "no_tab.tsv:3: no tab between source and target"},
                 {train_on_tsv("invalid.tsv"), "invalid.tsv:2: invalid UTF-8 at byte 3"},
                 {train_on_tsv("missing"), "missing: no such file"}});
}

TEST_CASE("bad alignments to be guided by") {
  const World world;
  world.write("two.align", "0-0\n0-0\n");
  world.write("broken.align", "0-0\n1-\n");
  std::string links;
  for (int i = 0; i < 300; ++i) links += "0-0 0-9\n";
  world.write("outside.align", links);
  const auto guided_by = [](const std::string& file) {
    return train_to("new") + Arguments{"--guided-alignment", file};
  };
  check_refused(
      world,
      {{guided_by("missing"), "missing: no such file"},
       {guided_by("broken.align"), "broken.align:2: expected links like 0-1, found '1-'"},
       {guided_by("two.align"),
        "two.align has 2 lines, but train.en has 300; they must match line by line"},
       {guided_by("two.align") + Arguments{"--guided-alignment", "two.align"},
        "config: guided_alignment is 2 files, but the pairs are in 1; they go together file by "
        "file"},
       {guided_by("two.align") + Arguments{"--attention", "none"},
        "config: guided_alignment is of attention; attention is none"}});
  const Finished outside = world.run(guided_by("outside.align"));
  CHECK(outside.exit_code == 2);
  CHECK(outside.err.find("alignment 0-0 0-9: the pair \"") != std::string::npos);
}

TEST_CASE("bad validation text") {
  const World world;
  add_bad_files(world);
  const auto with = [](const std::string& source, const std::string& target) {
    return train_to("new") + Arguments{"--valid-source", source, "--valid-target", target};
  };
  check_refused(world, {{with("missing", "two"), "missing: no such file"},
                        {with("two", "folder"), "folder: is a directory, not a file"},
                        {with("two", "train.en"),
                         "two has 2 lines, but train.en has 300; they must match line by line"},
                        {with("nul", "two"), "nul:2: NUL byte at byte 4"},
                        {train_to("new") + Arguments{"--valid-source", "two"},
                         "config: valid_target is missing; valid_source and valid_target go "
                         "together"}});
}

TEST_CASE("bad text to translate, evaluate and score") {
  const World world;
  world.add_model();
  add_bad_files(world);
  const Arguments translate{"translate", "--model", "model"};
  const auto evaluate = [](const std::string& source, const std::string& reference) {
    return Arguments{"evaluate", "--model", "model", "--source", source, "--reference", reference};
  };
  const auto score = [](const std::string& source, const std::string& target) {
    return Arguments{"score", "--model", "model", "--source", source, "--target", target};
  };
  check_refused(world,
                {{translate, "standard input:1: invalid UTF-8 at byte 4", "je \xff\nfine\n"},
                 {translate, "standard input:1: invalid UTF-8 at byte 4", "caf\xc3"},
                 {translate, "standard input:1: NUL byte at byte 2", std::string("b\0\na\n", 5)},
                 {evaluate("missing", "two"), "missing: no such file"},
                 {evaluate("two", "folder"), "folder: is a directory, not a file"},
                 {evaluate("two", "train.en"),
                  "two has 2 lines, but train.en has 300; they must match line by line"},
                 {evaluate("invalid", "two"), "invalid:2: invalid UTF-8 at byte 5"},
                 {evaluate("two", "two") + Arguments{"--alignments", "two"},
                  "two:1: expected links like 0-1, found 'one'"},
                 {score("empty", "two"), "empty: is empty"},
                 {score("two", "train.en"),
                  "two has 2 lines, but train.en has 300; they must match line by line"},
                 {score("two", "nul"), "nul:2: NUL byte at byte 4"}});
}

TEST_CASE("a directory as standard input") {
  const World world;
  world.add_model();
  const Finished finished =
      run({"translate", "--model", "model"}, {.folder = world.path(), .input_file = world.path()});
  CHECK(finished.err == "babelgrad: standard input: cannot be read (Is a directory)\n");
  CHECK(finished.exit_code == 2);
}

TEST_CASE("a vocabulary larger or smaller than the data") {
  const World world;
  const auto with = [](const std::string& tokenizer, const std::string& size) {
    return Arguments{"train", "--source",    "train.fr", "--target",     "train.en", "--out",
                     "new",   "--tokenizer", tokenizer,  "--vocab-size", size};
  };
  check_refused(world, {{with("bpe", "9000"),
                         "vocabulary of 9000 asked for, but the training text allows only 325"},
                        {with("unigram", "9000"),
                         "vocabulary of 9000 asked for, but the training text allows only 84"},
                        {with("bpe", "10"),
                         "vocabulary of 10 asked for, but the characters of the training text "
                         "alone need 33"}});
}

TEST_CASE("nothing left to train on") {
  const World world;
  world.write("blank.fr", "\n \n\n");
  world.write("blank.en", "a\nb\nc\n");
  world.write("one.tsv", "a\tb\n");
  world.write("same.tsv", repeat("a\tb\n", 20));
  const Arguments all = train_on("train.fr", "train.en");
  check_refused(world, {{train_on("blank.fr", "blank.en"),
                         "config: no training pairs are left: 0 longer than max_length 100, 2 "
                         "empty"},
                        {train_on_tsv("same.tsv"),
                         "config: no pairs can be held out for validation (too few different "
                         "sources); give valid_source and valid_target"},
                        {all + Arguments{"--valid-source", "train.fr", "--valid-target", "train.en",
                                         "--max-length", "1"},
                         "config: all 300 validation pairs are longer than max_length 1"},
                        {all + Arguments{"--min-count", "1000"},
                         "config: source_vocab_size 0 and min_count 1000 leave no source tokens "
                         "but the 4 special ones"},
                        {train_on_tsv("one.tsv"), "cannot hold out 1 of 1 pairs for validation"}});
}

TEST_CASE("a line of a million tokens is left out or cut in training, refused in translation") {
  const World world;
  world.add_model();
  const std::string million = repeat("je vois ", 500000) + "\n";
  world.write("long.fr", world.read("train.fr") + million);
  world.write("long.en", world.read("train.en") + "i see\n");
  const Arguments train =
      train_on("long.fr", "long.en") +
      Arguments{"--max-updates", "5", "--valid-source", "train.fr", "--valid-target", "train.en"};

  const Finished skipped = world.run(train);
  CHECK(skipped.exit_code == 0);
  CHECK(skipped.err.find("data: 0 pairs cut to max_length, 1 left out as longer, 0 as empty\n") !=
        std::string::npos);
  const Finished cut = world.run(train + Arguments{"--cut-long", "--overwrite"});
  CHECK(cut.exit_code == 0);
  CHECK(cut.err.find("data: 1 pairs cut to max_length, 0 left out as longer, 0 as empty\n") !=
        std::string::npos);

  const std::string message = "1000000 tokens; at most 2000 a line can be read";
  check_refused(world,
                {{{"translate", "--model", "model"}, "standard input:1: " + message, million},
                 {{"score", "--model", "model", "--source", "long.fr", "--target", "long.en"},
                  "long.fr:301: " + message},
                 {{"evaluate", "--model", "model", "--source", "long.fr", "--reference", "long.en"},
                  "long.fr:301: " + message}});

  const Finished translated =
      world.run({"translate", "--model", "model"}, "je vois\n\n" + million + "je vois\n");
  CHECK(translated.exit_code == 2);
  CHECK(std::count(translated.out.begin(), translated.out.end(), '\n') == 2);
  CHECK(translated.err == "babelgrad: standard input:3: " + message + "\n");
}

}  // namespace
}  // namespace babelgrad::test
