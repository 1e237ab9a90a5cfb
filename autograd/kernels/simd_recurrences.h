// One time step of the recurrences, forward and backward, after their products. Part of simd.h.
#pragma once

#include <cstddef>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/kernels/simd_lanes.h"

namespace babelgrad::simd {

template <class Arch, class T>
struct Recurrences {
  using V = xsimd::batch<T, Arch>;

  // r = s(gi_r + gh_r), z = s(gi_z + gh_z), n = tanh(gi_n + r gh_n), h' = (1 - z) n + z h, where
  // the biases are part of gi and gh (PyTorch's nn.GRU; Cho et al. 2014 with the reset after).
  static void gru_step(const GruStep<T>& s) {
    const std::size_t H = s.hidden;
    for (std::size_t row = 0; row < s.rows; ++row) {
      T* r = s.gates + row * 3 * H;
      const T* gh = s.gh + row * 3 * H;
      const T* h = s.state + row * H;
      T* c = s.candidate_hidden + row * H;
      T* next = s.next_state + row * H;
      if (s.active != nullptr && s.active[row] == 0) {
        copy_row<Arch>(H, h, next);
        continue;
      }
      sweep<Arch, T>(H, [=](auto l, std::size_t i) {
        const V reset = logistic(l.load(r + i) + l.load(gh + i) +
                                 (l.load(s.bias_ih + i) + l.load(s.bias_hh + i)));
        const V update = logistic(l.load(r + H + i) + l.load(gh + H + i) +
                                  (l.load(s.bias_ih + H + i) + l.load(s.bias_hh + H + i)));
        const V hidden = l.load(gh + 2 * H + i) + l.load(s.bias_hh + 2 * H + i);
        const V candidate =
            xsimd::tanh(l.load(r + 2 * H + i) + l.load(s.bias_ih + 2 * H + i) + reset * hidden);
        l.store(r + i, reset);
        l.store(r + H + i, update);
        l.store(r + 2 * H + i, candidate);
        l.store(c + i, hidden);
        l.store(next + i, candidate + update * (l.load(h + i) - candidate));
      });
    }
  }

  static void gru_step_backward(const GruStepBackward<T>& s) {
    const std::size_t H = s.hidden;
    for (std::size_t row = 0; row < s.rows; ++row) {
      T* r = s.gates + row * 3 * H;
      T* dg = s.grad_gh + row * 3 * H;
      const T* c = s.candidate_hidden + row * H;
      const T* h = s.state + row * H;
      const T* d = s.grad_next + row * H;
      T* dh = s.grad_state + row * H;
      if (s.active != nullptr && s.active[row] == 0) {
        clear_row<Arch>(3 * H, r);
        clear_row<Arch>(3 * H, dg);
        copy_row<Arch>(H, d, dh);
        continue;
      }
      sweep<Arch, T>(H, [=](auto l, std::size_t i) {
        const V reset = l.load(r + i), update = l.load(r + H + i), n = l.load(r + 2 * H + i);
        const V grad = l.load(d + i);
        const V d_n = grad * (V(1) - update) * (V(1) - n * n);
        const V d_update = grad * (l.load(h + i) - n) * update * (V(1) - update);
        const V d_reset = d_n * l.load(c + i) * reset * (V(1) - reset);
        l.store(r + i, d_reset);
        l.store(r + H + i, d_update);
        l.store(r + 2 * H + i, d_n);
        l.store(dg + i, d_reset);
        l.store(dg + H + i, d_update);
        l.store(dg + 2 * H + i, d_n * reset);
        l.store(dh + i, grad * update);
      });
    }
  }

  // i, f, o = s(gates), g = tanh(gates), c' = f c + i g, h' = o tanh(c'), where `gates` holds both
  // products and the biases are added here (PyTorch's nn.LSTM; Gers et al. 2000).
  static void lstm_step(const LstmStep<T>& s) {
    const std::size_t H = s.hidden;
    for (std::size_t row = 0; row < s.rows; ++row) {
      T* gates = s.gates + row * 4 * H;
      const T* c = s.cell + row * H;
      T* next_c = s.next_cell + row * H;
      T* next_h = s.next_state + row * H;
      if (s.active != nullptr && s.active[row] == 0) {
        copy_row<Arch>(H, s.state + row * H, next_h);
        copy_row<Arch>(H, c, next_c);
        continue;
      }
      sweep<Arch, T>(H, [=](auto l, std::size_t i) {
        const auto gate = [&](std::size_t k) {
          return l.load(gates + k * H + i) +
                 (l.load(s.bias_ih + k * H + i) + l.load(s.bias_hh + k * H + i));
        };
        const V input = logistic(gate(0)), forget = logistic(gate(1));
        const V candidate = xsimd::tanh(gate(2)), output = logistic(gate(3));
        const V cell = forget * l.load(c + i) + input * candidate;
        l.store(gates + i, input);
        l.store(gates + H + i, forget);
        l.store(gates + 2 * H + i, candidate);
        l.store(gates + 3 * H + i, output);
        l.store(next_c + i, cell);
        l.store(next_h + i, output * xsimd::tanh(cell));
      });
    }
  }

  static void lstm_step_backward(const LstmStepBackward<T>& s) {
    const std::size_t H = s.hidden;
    for (std::size_t row = 0; row < s.rows; ++row) {
      T* gates = s.gates + row * 4 * H;
      const T* c = s.cell + row * H;
      const T* next_c = s.next_cell + row * H;
      const T* dh = s.grad_next + row * H;
      T* dc = s.grad_cell + row * H;
      T* d_state = s.grad_state + row * H;
      if (s.active != nullptr && s.active[row] == 0) {
        clear_row<Arch>(4 * H, gates);
        copy_row<Arch>(H, dh, d_state);
        continue;
      }
      clear_row<Arch>(H, d_state);
      sweep<Arch, T>(H, [=](auto l, std::size_t i) {
        const V input = l.load(gates + i), forget = l.load(gates + H + i);
        const V candidate = l.load(gates + 2 * H + i), output = l.load(gates + 3 * H + i);
        const V t = xsimd::tanh(l.load(next_c + i)), grad = l.load(dh + i);
        const V d_cell = l.load(dc + i) + grad * output * (V(1) - t * t);
        l.store(gates + i, d_cell * candidate * input * (V(1) - input));
        l.store(gates + H + i, d_cell * l.load(c + i) * forget * (V(1) - forget));
        l.store(gates + 2 * H + i, d_cell * input * (V(1) - candidate * candidate));
        l.store(gates + 3 * H + i, grad * t * output * (V(1) - output));
        l.store(dc + i, d_cell * forget);
      });
    }
  }
};

}  // namespace babelgrad::simd
