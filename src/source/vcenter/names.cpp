#include "names.h"

#include <algorithm>

#include "kaden/limits/vcenter.h"

namespace kaden::vcenter {

using vim::Answer;
using vim::Ref;

namespace {

/// One set for each type among the objects: sets of a type and of its base type at once are not defined.
std::vector<vim::PropertySet> sets_for(const std::vector<Ref>& objects) {
  std::set<std::string> types;
  for (const Ref& object : objects) types.insert(object.type);
  std::vector<vim::PropertySet> sets;
  for (const std::string& type : types) {
    sets.push_back({type, {"name", "parent"}});
    if (type == "VirtualMachine") sets.back().paths.emplace_back("runtime.host");
  }
  return sets;
}

std::optional<Ref> copy_of(const Ref* ref) {
  return ref == nullptr ? std::nullopt : std::optional<Ref>(*ref);
}

} // namespace

void Names::clear() {
  alarms_.clear();
  nodes_.clear();
}

Answer<void> Names::learn(Session& session, const std::vector<vim::AlarmState>& states, SteadyTime now,
                          const std::atomic<bool>* cancelled) {
  if (now - since_ > limits::vcenter_names_kept || nodes_.size() > limits::vcenter_names_max) {
    clear();
    since_ = now;
  }
  if (auto learned = learn_alarms(session, states, cancelled); !learned) return learned;
  std::set<Ref> entities;
  for (const vim::AlarmState& state : states) entities.insert(state.entity);
  return learn_places(session, std::move(entities), cancelled);
}

Answer<void> Names::learn_alarms(Session& session, const std::vector<vim::AlarmState>& states,
                                 const std::atomic<bool>* cancelled) {
  std::set<Ref> wanted;
  for (const vim::AlarmState& state : states) {
    if (alarms_.count(state.alarm) == 0) wanted.insert(state.alarm);
  }
  if (wanted.empty()) return {};
  const std::vector<Ref> refs(wanted.begin(), wanted.end());
  const auto objects =
      session.read({{"Alarm", {"info.name", "info.systemName", "info.description"}}}, refs, cancelled);
  if (!objects) return tl::unexpected(objects.error());
  for (const vim::ObjectContent& object : *objects) {
    alarms_[object.object] = {object.text("info.name"), object.text("info.systemName"),
                              object.text("info.description")};
  }
  for (const Ref& ref : refs) alarms_.try_emplace(ref);
  return {};
}

// One level of folders a question.
Answer<void> Names::learn_places(Session& session, std::set<Ref> wanted, const std::atomic<bool>* cancelled) {
  for (std::size_t level = 0; level < limits::vcenter_path_max; ++level) {
    std::erase_if(wanted, [this](const Ref& ref) { return nodes_.count(ref) > 0; });
    if (wanted.empty()) return {};
    const std::vector<Ref> refs(wanted.begin(), wanted.end());
    const auto objects = session.read(sets_for(refs), refs, cancelled);
    if (!objects) return tl::unexpected(objects.error());
    for (const vim::ObjectContent& object : *objects) {
      nodes_[object.object] = {object.text("name"), copy_of(object.ref("parent")),
                               copy_of(object.ref("runtime.host"))};
    }
    std::set<Ref> above;
    for (const Ref& ref : refs) {
      const Node& node = nodes_[ref]; // made empty when it is gone, so that it is not asked for again
      if (node.parent) above.insert(*node.parent);
      if (node.host) above.insert(*node.host);
    }
    wanted = std::move(above);
  }
  return {};
}

AlarmName Names::alarm(const Ref& ref) const {
  const auto found = alarms_.find(ref);
  AlarmName name = found == alarms_.end() ? AlarmName{} : found->second;
  if (name.name.empty()) name.name = ref.id;
  return name;
}

std::vector<const std::pair<const Ref, Names::Node>*> Names::way_up(const Ref& from) const {
  std::vector<const std::pair<const Ref, Node>*> way;
  auto at = nodes_.find(from);
  while (at != nodes_.end() && way.size() < limits::vcenter_path_max) {
    way.push_back(&*at);
    if (!at->second.parent) break;
    at = nodes_.find(*at->second.parent);
  }
  return way;
}

Place Names::place(const Ref& ref) const {
  Place place;
  const auto way = way_up(ref);
  for (const auto* node : way) {
    const bool is_root = !node->second.parent && node != way.front();
    if (!is_root && !node->second.name.empty()) place.path = "/" + node->second.name + place.path;
    if (node->first.type == "Datacenter") place.datacenter = node->second.name;
    if (node->first.type == "ClusterComputeResource") place.cluster = node->second.name;
  }
  const auto found = nodes_.find(ref);
  place.name = found == nodes_.end() || found->second.name.empty() ? ref.id : found->second.name;
  if (found == nodes_.end() || !found->second.host) return place;
  for (const auto* node : way_up(*found->second.host)) {
    if (node->first.type == "ClusterComputeResource") place.cluster = node->second.name;
  }
  return place;
}

} // namespace kaden::vcenter
