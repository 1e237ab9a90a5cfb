// Rows of the gradient-check table: the recurrences.
#include "tests/autograd/gradcheck_table.h"

namespace babelgrad {
namespace {

struct RecurrentCase {
  std::string label;
  std::size_t T, B, E, H;
  IntArray lengths;
  Direction direction = Direction::forward;
};

// Several sizes and lengths in both directions.
std::vector<RecurrentCase> cases() {
  std::vector<RecurrentCase> all;
  for (const RecurrentCase& c :
       std::vector<RecurrentCase>{{"full length", 3, 2, 2, 3, {}},
                                  {"lengths", 4, 3, 2, 2, ints({3}, {2, 4, 1})},
                                  {"T = 1", 1, 2, 2, 2, {}},
                                  {"B = 1", 3, 1, 2, 2, ints({1}, {2})},
                                  {"H = 1", 2, 2, 2, 1, {}},
                                  {"all sizes 1", 1, 1, 1, 1, {}},
                                  {"H = 17", 2, 1, 1, 17, {}}}) {
    all.push_back({c.label + ", forward", c.T, c.B, c.E, c.H, c.lengths, Direction::forward});
    all.push_back({c.label + ", reverse", c.T, c.B, c.E, c.H, c.lengths, Direction::reverse});
  }
  return all;
}

// x, the four arrays of a recurrence of so many gates, and `states` initial states.
std::vector<Draw> draws(const Draw& x, std::size_t gates, std::size_t B, std::size_t E,
                        std::size_t H, std::size_t states) {
  const std::size_t G = gates * H;
  std::vector<Draw> result{x, drawn({G, E}), drawn({G, H}), drawn({G}), drawn({G})};
  result.insert(result.end(), states, drawn({B, H}));
  return result;
}
std::vector<Draw> draws(const RecurrentCase& c, std::size_t gates, std::size_t states) {
  return draws(drawn({c.T, c.B, c.E}), gates, c.B, c.E, c.H, states);
}
std::vector<Draw> cell_draws(std::size_t gates, std::size_t B, std::size_t E, std::size_t H,
                             std::size_t states) {
  return draws(drawn({B, E}), gates, B, E, H, states);
}

// All that an LSTM gives, in one tensor [T + 1, B, H].
template <class T>
Tensor<T> joined(const LstmStates<T>& run) {
  return cat({run.states, unsqueeze(run.cell, 0)}, 0);
}

}  // namespace

std::vector<Row> gru_rows() {
  std::vector<Row> rows;
  for (const RecurrentCase& c : cases())
    for (const bool has_state : {false, true})
      rows.push_back(row("gru", c.label + (has_state ? ", initial state" : ""),
                         draws(c, 3, has_state), [=]<class T>(const std::vector<Tensor<T>>& in) {
                           const Tensor<T> state = has_state ? in[5] : Tensor<T>();
                           return gru(in[0], state, weights_of(in), c.lengths, c.direction);
                         }));
  const auto shared = []<class T>(const std::vector<Tensor<T>>& in) {
    return gru<T>(in[0], {}, {in[1], in[1], in[2], in[2]});
  };
  const auto cell = [](const auto& in) { return gru_cell(in[0], in[5], weights_of(in)); };
  const auto aliased_cell = [](const auto& in) { return gru_cell(in[0], in[0], weights_of(in)); };
  rows.push_back(row("gru", "one array for both weights",
                     {drawn({3, 2, 2}), drawn({6, 2}), drawn({6})}, shared));
  rows.push_back(row("gru_cell", "", cell_draws(3, 3, 2, 4, 1), cell));
  rows.push_back(row("gru_cell", "B = 1", cell_draws(3, 1, 3, 2, 1), cell));
  rows.push_back(row("gru_cell", "all sizes 1", cell_draws(3, 1, 1, 1, 1), cell));
  rows.push_back(row("gru_cell", "x is the state", cell_draws(3, 2, 3, 3, 0), aliased_cell));
  return rows;
}

std::vector<Row> lstm_rows() {
  std::vector<Row> rows;
  for (const RecurrentCase& c : cases()) {
    rows.push_back(row("lstm", c.label, draws(c, 4, 0), [=](const auto& in) {
      return joined(lstm(in[0], {}, weights_of(in), c.lengths, c.direction));
    }));
    rows.push_back(row("lstm", c.label + ", initial h and c", draws(c, 4, 2), [=](const auto& in) {
      return joined(lstm(in[0], {in[5], in[6]}, weights_of(in), c.lengths, c.direction));
    }));
    if (!c.lengths.given()) continue;
    rows.push_back(
        row("lstm", c.label + ", initial c, the states alone", draws(c, 4, 1), [=](const auto& in) {
          return lstm(in[0], {{}, in[5]}, weights_of(in), c.lengths, c.direction).states;
        }));
    rows.push_back(row(
        "lstm", c.label + ", initial h, the final cell alone", draws(c, 4, 1), [=](const auto& in) {
          return lstm(in[0], {in[5], {}}, weights_of(in), c.lengths, c.direction).cell;
        }));
  }
  const auto shared = []<class T>(const std::vector<Tensor<T>>& in) {
    return joined(lstm<T>(in[0], {in[3], in[3]}, {in[1], in[1], in[2], in[2]}));
  };
  const auto cell = [](const auto& in) {
    const auto next = lstm_cell(in[0], {in[5], in[6]}, weights_of(in));
    return cat({next.h, next.c}, 1);
  };
  const auto aliased_cell = [](const auto& in) {
    return lstm_cell(in[0], {in[0], in[0]}, weights_of(in)).h;
  };
  rows.push_back(row("lstm", "one array for both weights and for h and c",
                     {drawn({3, 2, 2}), drawn({8, 2}), drawn({8}), drawn({2, 2})}, shared));
  rows.push_back(row("lstm_cell", "", cell_draws(4, 3, 2, 4, 2), cell));
  rows.push_back(row("lstm_cell", "B = 1", cell_draws(4, 1, 3, 2, 2), cell));
  rows.push_back(row("lstm_cell", "all sizes 1", cell_draws(4, 1, 1, 1, 2), cell));
  rows.push_back(row("lstm_cell", "x is the state", cell_draws(4, 2, 3, 3, 0), aliased_cell));
  return rows;
}

std::vector<Row> rnn_rows() {
  std::vector<Row> rows;
  for (const RecurrentCase& c : cases())
    for (const bool has_state : {false, true})
      rows.push_back(row("tanh", "rnn, " + c.label + (has_state ? ", initial state" : ""),
                         draws(c, 1, has_state), [=]<class T>(const std::vector<Tensor<T>>& in) {
                           const Tensor<T> state = has_state ? in[5] : Tensor<T>();
                           return rnn(in[0], state, weights_of(in), c.lengths, c.direction);
                         }));
  rows.push_back(row("tanh", "rnn_cell", cell_draws(1, 3, 2, 4, 1),
                     [](const auto& in) { return rnn_cell(in[0], in[5], weights_of(in)); }));
  return rows;
}

}  // namespace babelgrad
