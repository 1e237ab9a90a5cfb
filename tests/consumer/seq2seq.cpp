// The translation model inside another program, in double: its loss, its gradients, and one step
// down them. Needs Babelgrad::models.
//
// Expect:  seq2seq: loss 2.103 -> 2.093 after one step down 19 gradients
#include <babelgrad/models/seq2seq/seq2seq.h>
#include <babelgrad/text/batches.h>
#include <babelgrad/text/vocabulary.h>

#include <cmath>
#include <cstdio>

using namespace babelgrad;

int main() {
  Seq2SeqConfig config;
  config.source_vocabulary = config.target_vocabulary = 8;
  config.embedding = config.encoder_hidden = config.hidden = config.attention_size = 6;
  config.set_dropout(0);
  Seq2Seq<double> model(config, 1);

  const std::vector<text::Example> pairs{{{4, 5, text::kEos}, {6, 7}}, {{5, text::kEos}, {7}}};
  const text::Batch batch = text::make_batch(pairs, {0, 1});
  const Tensor<double> loss = model.loss(batch, kEvaluation);
  loss.backward();
  double squares = 0;
  for (Tensor<double> parameter : model.store().parameters()) {
    squares += sum(square(parameter.grad()))();
    parameter.mutable_value() = parameter.value() - 0.01 * parameter.grad();
  }
  const double after = model.loss(batch, kEvaluation).item();
  // To first order the loss falls by step * |gradient|^2.
  const double ratio = (loss.item() - after) / (0.01 * squares);
  if (!(std::abs(ratio - 1) < 0.1)) return 1;
  std::printf("seq2seq: loss %.3f -> %.3f after one step down %zu gradients\n", loss.item(), after,
              model.store().size());
}
