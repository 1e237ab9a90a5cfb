// Presets: the structure of known models as values of the settings. Sizes stay as they are.
#pragma once

#include <array>

#include "babelgrad/models/config/config.h"

namespace babelgrad {

struct Preset {
  const char* name;
  const char* meaning;               // and the sizes of its paper
  void (*change)(Seq2SeqConfig& c);  // of the default structure

  void set(Seq2SeqConfig& c) const;
};

inline constexpr std::array kPresets{
    Preset{"article", "Alammar's article, the default: attention beside the recurrence",
           [](Seq2SeqConfig&) {}},
    Preset{"cho2014",
           "no attention, the last state as the context of every step, one direction (paper: "
           "embedding 620, hidden 1000)",
           [](Seq2SeqConfig& c) {
             c.attention = AttentionKind::none;
             c.fixed_context = true;
             c.bidirectional = false;
             c.readout = Readout::maxout;
           }},
    Preset{"bahdanau2014",
           "additive attention inside the recurrence, maxout readout (paper: embedding 620, "
           "hidden 1000, attention 1000, readout 500)",
           [](Seq2SeqConfig& c) {
             c.attend_from = AttendFrom::previous;
             c.score = Score::additive;
             c.readout = Readout::maxout;
             c.readout_from = AttendFrom::previous;
           }},
    Preset{"luong2015",
           "LSTM in one direction from the end, local-p attention, input feeding (paper: embedding "
           "and hidden 1000, layers 4, dropout 0.2)",
           [](Seq2SeqConfig& c) {
             c.cell = CellKind::lstm;
             c.bidirectional = false;
             c.reverse_source = true;
             c.attention = AttentionKind::local_p;
             c.input_feeding = true;
           }},
};

inline void Preset::set(Seq2SeqConfig& c) const {
  Seq2SeqConfig structure;
  change(structure);
  c.cell = structure.cell;
  c.attention = structure.attention;
  c.score = structure.score;
  c.attend_from = structure.attend_from;
  c.input_feeding = structure.input_feeding;
  c.fixed_context = structure.fixed_context;
  c.readout = structure.readout;
  c.readout_from = structure.readout_from;
  c.initial_state = structure.initial_state;
  c.bidirectional = structure.bidirectional;
  c.reverse_source = structure.reverse_source;
  c.coverage = structure.coverage;
  c.layer_norm = structure.layer_norm;
  c.residual = structure.residual;
}

}  // namespace babelgrad
