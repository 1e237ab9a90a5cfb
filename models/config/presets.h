// Presets: the structure of known models as values of the settings. Sizes stay as they are.
#pragma once

#include <array>

#include "babelgrad/models/config/config.h"

namespace babelgrad {

struct Preset {
  const char* name;
  const char* meaning;  // and the sizes of its paper
  AttentionKind attention;
  Score score;
  AttendFrom attend_from;
  bool input_feeding;
  Readout readout;
  bool bidirectional;

  void set(Seq2SeqConfig& c) const {
    c.attention = attention;
    c.score = score;
    c.attend_from = attend_from;
    c.input_feeding = input_feeding;
    c.readout = readout;
    c.bidirectional = bidirectional;
    c.initial_state = InitialState::last;
  }
};

inline constexpr std::array kPresets{
    Preset{"article", "Alammar's article, the default: attention beside the recurrence",
           AttentionKind::global, Score::general, AttendFrom::current, false, Readout::tanh, true},
    Preset{"cho2014", "no attention, one direction (paper: embedding 620, hidden 1000)",
           AttentionKind::none, Score::general, AttendFrom::current, false, Readout::maxout, false},
    Preset{"bahdanau2014",
           "additive attention inside the recurrence, maxout readout (paper: embedding 620, "
           "hidden 1000, attention 1000, readout 500)",
           AttentionKind::global, Score::additive, AttendFrom::previous, false, Readout::maxout,
           true},
    Preset{"luong2015",
           "input feeding, one direction (paper: embedding and hidden 1000, 4 layers of LSTM)",
           AttentionKind::global, Score::general, AttendFrom::current, true, Readout::tanh, false},
};

}  // namespace babelgrad
