// The SentencePiece tokenizers: training, segmentation and sampling.
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>
#include <utf8proc.h>

#include <cstdlib>
#include <mutex>
#include <new>
#include <stdexcept>
#include <thread>
#include <unordered_map>

#include "babelgrad/text/error.h"
#include "babelgrad/text/sentencepiece_model.h"
#include "babelgrad/text/tokenizer.h"
#include "babelgrad/text/vocabulary.h"

namespace babelgrad::text {
namespace {

namespace sp = sentencepiece;

constexpr size_t kMaxLineBytes = 65536;           // of a line to train on
constexpr std::string_view kReserved = "\u2585";  // SentencePiece skips lines that have it

class SentencePieceTokenizer : public Tokenizer {
 public:
  SentencePieceTokenizer(TokenizerKind kind, std::string model, std::string_view file)
      : kind_(kind), model_(std::move(model)) {
    if (model_.empty() || !is_safe_sentencepiece_model(model_) || !load())
      throw InputError(std::string(file) + ": not a SentencePiece model");
  }

  std::vector<std::string> tokenize(std::string_view line) const override {
    return checked([&](auto* pieces) { return processor_.Encode(line, pieces); });
  }

  std::vector<std::string> sample(std::string_view line, float alpha) const {
    return checked([&](auto* pieces) { return processor_.SampleEncode(line, -1, alpha, pieces); });
  }

  std::string detokenize(const std::vector<std::string>& tokens) const override {
    std::string line;
    const auto status = processor_.Decode(tokens, &line);
    if (!status.ok()) throw std::runtime_error("SentencePiece: " + status.ToString());
    return line;
  }

  TokenizerKind kind() const override { return kind_; }
  const std::string& model() const override { return model_; }

  std::vector<std::string> inventory() const override {
    std::vector<std::string> pieces;
    for (int id = 0; id < processor_.GetPieceSize(); ++id) {
      if (!processor_.IsControl(id) && !processor_.IsUnknown(id))
        pieces.push_back(processor_.IdToPiece(id));
    }
    return pieces;
  }

 private:
  bool load() {
    try {
      return processor_.LoadFromSerializedProto(model_).ok();
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception&) {  // of its trie, to which a piece is a string that ends with 0
      return false;
    }
  }

  template <class Encode>
  static std::vector<std::string> checked(const Encode& encode) {
    std::vector<std::string> pieces;
    const auto status = encode(&pieces);
    if (!status.ok()) throw std::runtime_error("SentencePiece: " + status.ToString());
    return pieces;
  }

  TokenizerKind kind_;
  std::string model_;
  sp::SentencePieceProcessor processor_;
};

// Whether normalisation surely leaves something of the line: it has a letter, number or punctuation
// mark. (Without any such line SentencePiece's unigram trainer ends the process.)
bool is_trainable(const std::string& line) {
  if (line.size() > kMaxLineBytes || line.find(kReserved) != std::string::npos) return false;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(line.data());
  for (size_t i = 0; i < line.size();) {
    utf8proc_int32_t c;
    const auto size =
        utf8proc_iterate(bytes + i, static_cast<utf8proc_ssize_t>(line.size() - i), &c);
    if (size <= 0) return false;
    const auto category = utf8proc_category(c);
    if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_PO) return true;
    i += static_cast<size_t>(size);
  }
  return false;
}

// The trainable lines, one after the other.
class LineIterator : public sp::SentenceIterator {
 public:
  explicit LineIterator(const std::vector<std::string>& lines) : lines_(lines) { skip(); }
  bool done() const override { return at_ >= lines_.size(); }
  const std::string& value() const override { return lines_[at_]; }
  sp::util::Status status() const override { return {}; }
  void Next() override {
    ++at_;
    skip();
  }

 private:
  void skip() {
    while (at_ < lines_.size() && !is_trainable(lines_[at_])) ++at_;
  }

  const std::vector<std::string>& lines_;
  size_t at_ = 0;
};

[[noreturn]] void throw_training_error(const sp::util::Status& status, size_t vocab_size) {
  // "... Vocabulary size is smaller than required_chars. 10 vs 35. ..."
  const std::string message = status.ToString();
  const size_t found = message.find("smaller than required_chars");
  const size_t versus = found == std::string::npos ? found : message.find(" vs ", found);
  if (versus == std::string::npos)
    throw std::runtime_error("SentencePiece training failed: " + message);
  throw InputError("vocabulary of " + std::to_string(vocab_size) +
                   " asked for, but the characters of the training text alone need " +
                   std::to_string(std::strtoul(message.c_str() + versus + 4, nullptr, 10)));
}

}  // namespace

std::shared_ptr<const Tokenizer> make_sentencepiece_tokenizer(TokenizerKind kind, std::string model,
                                                              std::string_view file) {
  return std::make_shared<SentencePieceTokenizer>(kind, std::move(model), file);
}

std::string train_sentencepiece(TokenizerKind kind, const std::vector<std::string>& lines,
                                size_t vocab_size, bool hard_limit) {
  if (kind != TokenizerKind::bpe && kind != TokenizerKind::unigram)
    throw std::invalid_argument("train_sentencepiece: kind is neither bpe nor unigram");
  LineIterator iterator(lines);
  if (iterator.done()) throw InputError("no training text to learn subwords from");

  const std::unordered_map<std::string, std::string> options = {
      {"model_type", kind == TokenizerKind::bpe ? "bpe" : "unigram"},
      {"vocab_size", std::to_string(vocab_size)},
      {"hard_vocab_limit", "false"},
      {"character_coverage", "1.0"},
      {"normalization_rule_name", "nmt_nfkc"},
      {"max_sentence_length", std::to_string(kMaxLineBytes)},
      {"pad_id", std::to_string(kPad)},
      {"unk_id", std::to_string(kUnk)},
      {"bos_id", std::to_string(kBos)},
      {"eos_id", std::to_string(kEos)},
      {"unk_surface", "<unk>"},
      {"num_threads", "1"},
      {"minloglevel", "2"},
  };
  std::string model;
  const auto status = sp::SentencePieceTrainer::Train(options, &iterator, &model);
  if (!status.ok()) throw_training_error(status, vocab_size);

  if (hard_limit) {
    sp::SentencePieceProcessor trained;
    const auto loaded = trained.LoadFromSerializedProto(model);
    if (!loaded.ok()) throw std::runtime_error("SentencePiece: " + loaded.ToString());
    const auto possible = static_cast<size_t>(trained.GetPieceSize());
    if (possible < vocab_size) {
      throw InputError("vocabulary of " + std::to_string(vocab_size) +
                       " asked for, but the training text allows only " + std::to_string(possible));
    }
  }
  return model;
}

std::vector<std::vector<std::string>> tokenize_sampled(const Tokenizer& tokenizer,
                                                       const std::vector<std::string>& lines,
                                                       float alpha, uint32_t seed) {
  const auto* subwords = dynamic_cast<const SentencePieceTokenizer*>(&tokenizer);
  if (!subwords) throw std::invalid_argument("tokenize_sampled: not a SentencePiece tokenizer");
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);

  std::vector<std::vector<std::string>> sampled(lines.size());
  std::exception_ptr failure;
  sp::SetRandomGeneratorSeed(seed == UINT32_MAX ? 0 : seed);  // the largest number means "random"
  std::thread([&] {
    try {
      for (size_t i = 0; i < lines.size(); ++i) sampled[i] = subwords->sample(lines[i], alpha);
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
  return sampled;
}

}  // namespace babelgrad::text
