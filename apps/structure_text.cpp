#include "babelgrad/apps/structure_text.h"

#include "babelgrad/models/config/config_fields.h"

namespace babelgrad::apps {
namespace {

std::string attention_text(const Seq2SeqConfig& c) {
  if (!c.attends()) return c.fixed_context ? "no attention, a fixed context" : "no attention";
  return std::string(name_of(kAttentionNames, c.attention)) + " attention from the " +
         name_of(kAttendFromNames, c.attend_from) + " state, " + name_of(kScoreNames, c.score) +
         " score";
}

std::string size_text(const Seq2SeqConfig& c) {
  const auto size = [](std::size_t n) { return std::to_string(n); };
  return "embedding " + size(c.embedding) + ", encoder " + (c.bidirectional ? "2 x " : "") +
         size(c.encoder_hidden) + (c.reverse_source ? " from the end" : "") + ", decoder " +
         size(c.hidden) + ", layers " + size(c.encoder_layers) + " and " + size(c.decoder_layers) +
         (c.residual ? ", residual" : "");
}

}  // namespace

std::string structure_text(const Seq2SeqConfig& c) {
  std::string text =
      std::string(c.layer_norm ? "layer-normalised " : "") + name_of(kCellNames, c.cell) + ", ";
  text += attention_text(c);
  if (c.coverage) text += ", coverage";
  if (c.input_feeding) text += ", input feeding";
  const bool earlier = c.readout_from == AttendFrom::previous;
  if (c.readout != Readout::tanh || earlier)
    text += std::string(", ") + name_of(kReadoutNames, c.readout) + " readout" +
            (earlier ? " from the previous state" : "");
  if (c.initial_state != InitialState::last)
    text += std::string(", initial state ") + name_of(kInitialStateNames, c.initial_state);
  return text + "; " + size_text(c);
}

}  // namespace babelgrad::apps
