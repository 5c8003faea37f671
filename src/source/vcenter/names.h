/// names.h - what alarms and entities are called, and where entities lie. Room: source/vcenter.
/// Uses: base, vim. Threads: one owner. Errors: vim::Failure of the session; what is gone keeps its id as
/// name.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "session.h"

namespace kaden::vcenter {

struct AlarmName {
  std::string name, system_name, description;
};
struct Place {
  std::string name;
  std::string path; ///< "/SDDC-Datacenter/vm/erp-db01"
  std::string datacenter, cluster;
};

class Names {
 public:
  /// Asks for what is not known yet: few questions, however many objects.
  vim::Answer<void> learn(Session& session, const std::vector<vim::AlarmState>& states, SteadyTime now,
                          const std::atomic<bool>* cancelled);
  AlarmName alarm(const vim::Ref& ref) const;
  Place place(const vim::Ref& ref) const;
  void clear();

 private:
  struct Node {
    std::string name;
    std::optional<vim::Ref> parent;
    std::optional<vim::Ref> host; ///< of a VM: its cluster is the host's
  };
  vim::Answer<void> learn_alarms(Session& session, const std::vector<vim::AlarmState>& states,
                                 const std::atomic<bool>* cancelled);
  vim::Answer<void> learn_places(Session& session, std::set<vim::Ref> wanted,
                                 const std::atomic<bool>* cancelled);
  /// From the entity up, without the root folder.
  std::vector<const std::pair<const vim::Ref, Node>*> way_up(const vim::Ref& from) const;

  // State
  std::map<vim::Ref, AlarmName> alarms_;
  std::map<vim::Ref, Node> nodes_;
  SteadyTime since_{};
};

} // namespace kaden::vcenter
