#include "babelgrad/autograd/inspection/graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

namespace babelgrad {
namespace {

constexpr std::size_t kMostEdges = 4;  // from a box of parameters

constexpr const char* kHeader = R"(digraph autograd {
  bgcolor="#ffffff"; nodesep=0.25; ranksep=0.35; fontname="Helvetica,Arial,sans-serif"; fontsize=12;
  node [fontname="Helvetica,Arial,sans-serif", fontsize=11, shape=box, style="rounded,filled",
    color="#8f919a", fillcolor="#ffffff", margin="0.12,0.06", height=0.3];
  edge [color="#8f919a", arrowsize=0.6];
)";

constexpr const char* kFrameStyle =
    "style=\"rounded,filled\"; color=\"#e2ded5\"; fillcolor=\"#fbfaf7\"; "
    "fontcolor=\"#5c5f69\";\n";

// As the text of an HTML-like label.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else
      result += c;
  }
  return result;
}

std::string format(const char* pattern, double value) {
  char text[48];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string bytes_text(std::size_t bytes) {
  const auto size = static_cast<double>(bytes);
  if (bytes < 1024) return std::to_string(bytes) + " B";
  return bytes < 1024 * 1024 ? format("%.1f KiB", size / 1024)
                             : format("%.1f MiB", size / 1024 / 1024);
}

std::string time_text(double milliseconds) {
  return milliseconds < 1 ? format("%.3g µs", 1000 * milliseconds)
                          : format("%.3g ms", milliseconds);
}

// "encoder.gru" of "encoder.gru.bias_l0"; "" of "bias".
std::string scope_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? "" : name.substr(0, dot);
}

std::string small(const std::string& text, const std::string& colour) {
  return "<br/><font point-size=\"9\" color=\"" + colour + "\">" + text + "</font>";
}

// White to deep blue.
std::string heat(double share) {
  static constexpr std::array<double, 3> kNone{255, 255, 255}, kFull{13, 74, 134};
  const double strength = std::sqrt(std::clamp(share, 0.0, 1.0));
  std::array<int, 3> rgb;
  for (std::size_t i = 0; i < 3; ++i)
    rgb[i] = static_cast<int>(std::lround(kNone[i] + strength * (kFull[i] - kNone[i])));
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
  return text;
}

// Parameters that the same ops use: one box.
struct ParameterGroup {
  std::string scope;  // "decoder.gru" of "decoder.gru.bias_ih_l0", ...
  std::vector<std::size_t> members, users;

  bool is_named_in_users() const { return users.size() > kMostEdges; }
};

class Drawing {
 public:
  Drawing(const std::vector<GraphNode>& graph, const NodeCosts& costs)
      : graph_(graph), costs_(costs), users_(graph.size()), frames_(graph.size()) {
    for (std::size_t i = 0; i < graph.size(); ++i)
      for (const std::size_t input : graph[i].inputs) users_[input].push_back(i);
    find_groups();
    find_frames();
    for (const auto& [id, cost] : costs) longest_ = std::max(longest_, cost.milliseconds());
  }

  std::string dot() const {
    std::map<std::string, std::string> by_frame;
    std::string edges;
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      if (is_parameter(graph_[i])) continue;
      by_frame[frames_[i]] += "    n" + std::to_string(i) + " [" + attributes(i) + "];\n";
      for (const std::size_t user : users_[i])
        edges += "  n" + std::to_string(i) + " -> n" + std::to_string(user) + ";\n";
    }
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const std::string name = "p" + std::to_string(g);
      const ParameterGroup& group = groups_[g];
      by_frame[frames_[group.members[0]]] += "    " + name + " [" + attributes(group) + "];\n";
      if (group.is_named_in_users()) continue;
      for (const std::size_t user : group.users)
        edges += "  " + name + " -> n" + std::to_string(user) + ";\n";
    }
    std::string dot = kHeader;
    std::size_t clusters = 0;
    for (const auto& [frame, nodes] : by_frame)
      dot += frame.empty()
                 ? nodes
                 : "  subgraph cluster_" + std::to_string(clusters++) + " {\n    label=<" +
                       escaped(frame) + ">; " + kFrameStyle + nodes + "  }\n";
    return dot + edges + "}\n";
  }

 private:
  static bool is_parameter(const GraphNode& node) { return node.is_leaf() && !node.name.empty(); }

  static bool is_constant(const GraphNode& node) { return node.is_leaf() && node.name.empty(); }

  void find_groups() {
    std::map<std::vector<std::size_t>, std::size_t> places;
    group_of_.resize(graph_.size());
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      if (!is_parameter(graph_[i])) continue;
      const auto [position, is_new] = places.emplace(users_[i], groups_.size());
      if (is_new) groups_.push_back({scope_of(graph_[i].name), {}, users_[i]});
      ParameterGroup& group = groups_[position->second];
      group.members.push_back(i);
      while (!group.scope.empty() && !graph_[i].name.starts_with(group.scope + "."))
        group.scope = scope_of(group.scope);
      group_of_[i] = position->second;
    }
  }

  // Of an op its last parameter's; or its inputs' where they agree; or else its first user's.
  void find_frames() {
    std::vector<bool> found(graph_.size(), true);
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      const GraphNode& node = graph_[i];
      if (is_parameter(node)) frames_[i] = node.name.substr(0, node.name.find('.'));
      if (node.is_leaf()) continue;
      frames_[i] = frames_[node.inputs[0]];
      for (const std::size_t input : node.inputs)
        found[i] = found[i] && found[input] && frames_[input] == frames_[i];
      for (const std::size_t input : node.inputs)
        if (is_parameter(graph_[input])) {
          frames_[i] = frames_[input];
          found[i] = true;
        }
    }
    for (std::size_t i = graph_.size(); i-- > 0;)
      if (!users_[i].empty() && (!found[i] || is_constant(graph_[i])))
        frames_[i] = frames_[users_[i][0]];
  }

  std::string attributes(std::size_t i) const {
    const GraphNode& node = graph_[i];
    std::string looks, soft = "#5c5f69", costs = bytes_text(node.bytes);
    const auto cost = costs_.find(node.id);
    if (cost != costs_.end()) {
      costs = "forward " + time_text(cost->second.forward_ms) + " · backward " +
              time_text(cost->second.backward_ms) + " · " + costs;
      const double share = cost->second.milliseconds() / std::max(longest_, 1e-9);
      looks = ", fillcolor=\"" + heat(share) + "\"";
      if (share > 0.08) soft = "#22242a";
      if (share > 0.5) {
        looks += ", fontcolor=\"#ffffff\"";
        soft = "#f1efe9";
      }
    }
    if (node.is_leaf()) looks += ", style=\"rounded,dashed\"";
    if (i + 1 == graph_.size()) looks += ", penwidth=2, color=\"#22242a\"";
    std::string label =
        "<b>" + escaped(node.op == "leaf" ? "constant" : node.op) + "</b> " + to_string(node.shape);
    if (!node.name.empty()) label += small(escaped(node.name), soft);
    const ParameterGroup* named = nullptr;
    for (const std::size_t input : node.inputs) {
      if (!is_parameter(graph_[input])) continue;
      const ParameterGroup& group = groups_[group_of_[input]];
      if (group.is_named_in_users() && &group != named) label += small(title(group), soft);
      named = &group;
    }
    return "label=<" + label + small(costs, soft) + ">" + looks;
  }

  // The scope of several parameters, the name of one.
  std::string title(const ParameterGroup& group) const {
    return escaped(group.members.size() == 1 ? graph_[group.members[0]].name : group.scope);
  }

  std::string attributes(const ParameterGroup& group) const {
    std::string label = title(group);
    const std::size_t skipped = group.scope.empty() ? 0 : group.scope.size() + 1;
    for (const std::size_t member : group.members) {
      const GraphNode& node = graph_[member];
      const std::string own =
          group.members.size() == 1 ? "" : escaped(node.name.substr(skipped)) + " ";
      label += small(own + to_string(node.shape) + " · " + bytes_text(node.bytes), "#5c5f69");
    }
    return "label=<" + label + ">, style=filled, fillcolor=\"#fae6d3\", color=\"#b8530a\"";
  }

  const std::vector<GraphNode>& graph_;
  const NodeCosts& costs_;
  std::vector<std::vector<std::size_t>> users_;
  std::vector<ParameterGroup> groups_;
  std::vector<std::size_t> group_of_;  // of a parameter
  std::vector<std::string> frames_;
  double longest_ = 0;  // ms of the costliest op
};

}  // namespace

template <class T>
std::vector<GraphNode> graph_below(const Tensor<T>& output) {
  std::map<std::uint64_t, const Node<T>*> nodes;  // in the order of creation
  std::vector<const Node<T>*> pending{&output.node()};
  while (!pending.empty()) {
    const Node<T>* node = pending.back();
    pending.pop_back();
    if (!nodes.emplace(node->id, node).second) continue;
    for (const auto& input : node->inputs) pending.push_back(input.node.get());
  }
  std::vector<GraphNode> graph;
  std::map<std::uint64_t, std::size_t> places;
  for (const auto& [id, node] : nodes) {
    places.emplace(id, graph.size());
    GraphNode entry{id,
                    node->op,
                    node->extras ? node->extras->name : std::string(),
                    node->value.shape(),
                    node->value.size() * sizeof(T),
                    node->requires_grad,
                    {}};
    for (const auto& input : node->inputs) entry.inputs.push_back(places.at(input.node->id));
    graph.push_back(std::move(entry));
  }
  return graph;
}

std::string to_dot(const std::vector<GraphNode>& graph, const NodeCosts& costs) {
  return Drawing(graph, costs).dot();
}

template std::vector<GraphNode> graph_below(const Tensor<float>&);
template std::vector<GraphNode> graph_below(const Tensor<double>&);

}  // namespace babelgrad
