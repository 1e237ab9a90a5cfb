#include "babelgrad/bench/decode_products.h"

#include <algorithm>
#include <string>

namespace babelgrad::bench {

// Writes down the products in the order of the real run.
class DecodeProductList {
 public:
  DecodeProductList(const Seq2SeqConfig& config, std::size_t beam,
                    const std::vector<SearchedBatch>& batches, DecodeProducts& out, Arrays& weights)
      : c_(config), beam_(beam), out_(out), weights_(weights) {
    for (const SearchedBatch& batch : batches) {
      most_sentences_ = std::max(most_sentences_, batch.size());
      for (const SearchedSentence& s : batch) longest_ = std::max(longest_, s.source_length);
    }
    for (const SearchedBatch& batch : batches) {
      encode(batch);
      decode(batch);
    }
  }

 private:
  // Rows [0, rows) of an array that is large enough for every batch.
  Matrix source_rows(const std::string& name, std::size_t rows, std::size_t cols) {
    return out_.arrays_.matrix(name, longest_ * most_sentences_, cols).row_range(0, rows);
  }
  Matrix hypotheses(const std::string& name, std::size_t rows, std::size_t cols) {
    return out_.arrays_.matrix(name, beam_ * most_sentences_, cols).row_range(0, rows);
  }
  void multiply(const Matrix& c, const Matrix& a, const Matrix& b) {
    out_.products_.push_back({c, a, b});
  }
  void linear(const std::string& name, const Matrix& x, const Matrix& y) {
    multiply(y, x, weights_.matrix(name, y.cols, x.cols).t());
  }

  void encode(const SearchedBatch& batch) {
    std::size_t tokens = 0;
    for (const SearchedSentence& s : batch) tokens += s.source_length;
    const std::size_t H = c_.encoder_hidden, D = c_.encoder_size();
    const Matrix words = source_rows("source words", tokens, c_.embedding);
    for (const std::string direction : {"forward", "backward"}) {
      linear(direction + " ih", words, source_rows("gates", tokens, 3 * H));
      for (std::size_t t = 1; t < batch[0].source_length; ++t) {
        const auto reaching =
            std::count_if(batch.begin(), batch.end(),
                          [t](const SearchedSentence& s) { return s.source_length > t; });
        const auto rows = static_cast<std::size_t>(reaching);
        linear(direction + " hh", hypotheses("encoder state", rows, H),
               hypotheses("encoder gh", rows, 3 * H));
      }
    }
    linear("keys", source_rows("values", tokens, D), source_rows("keys", tokens, c_.hidden));
    linear("initial", hypotheses("last states", batch.size(), D),
           hypotheses("state", batch.size(), c_.hidden));
  }

  void decode(const SearchedBatch& batch) {
    std::size_t steps = 0;
    for (const SearchedSentence& s : batch) steps = std::max(steps, s.steps);
    for (std::size_t step = 0; step < steps; ++step) {
      SearchedBatch active;
      for (const SearchedSentence& s : batch)
        if (s.steps > step) active.push_back(s);
      decode_step(active, step == 0 ? 1 : beam_);
    }
  }

  // `width` hypotheses of each sentence; row k * B + b is hypothesis k of the b-th.
  void decode_step(const SearchedBatch& active, std::size_t width) {
    const std::size_t B = active.size(), rows = width * B, H = c_.hidden, D = c_.encoder_size();
    const Matrix state = hypotheses("state", rows, H);
    linear("decoder ih", hypotheses("words", rows, c_.embedding), hypotheses("gi", rows, 3 * H));
    linear("decoder hh", state, hypotheses("gh", rows, 3 * H));
    const Matrix weights = hypotheses("weights", rows, longest_);
    const Matrix inputs = hypotheses("readout inputs", rows, D + H),
                 context = inputs.col_range(0, D);
    const Matrix keys = source_rows("keys", longest_ * B, H);
    const Matrix values = source_rows("values", longest_ * B, D);
    for (std::size_t b = 0; b < B; ++b) {
      const std::size_t length = active[b].source_length;
      const Matrix of_sentence = weights.sentence(b, B).col_range(0, length);
      multiply(of_sentence, state.sentence(b, B), keys.sentence(b, B).row_range(0, length).t());
      multiply(context.sentence(b, B), of_sentence, values.sentence(b, B).row_range(0, length));
    }
    const Matrix readout = hypotheses("readout", rows, c_.readout_units());
    linear("readout", inputs, readout);
    linear("output", readout, hypotheses("logits", rows, c_.target_vocabulary));
  }

  const Seq2SeqConfig& c_;
  const std::size_t beam_;
  std::size_t most_sentences_ = 0, longest_ = 0;
  DecodeProducts& out_;
  Arrays& weights_;
};

DecodeProducts::DecodeProducts(const Seq2SeqConfig& config, std::size_t beam,
                               const std::vector<SearchedBatch>& batches, Arrays& weights) {
  DecodeProductList(config, beam, batches, *this, weights);
}

}  // namespace babelgrad::bench
