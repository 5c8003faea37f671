// Whose turn it is to change an alarm: first come, first served, name by name.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace kaden::cloudwatch {

/// What one change may not share with another while it is on its way.
struct Claim {
  std::set<std::string> own{};   ///< names it looks at and changes
  std::set<std::string> named{}; ///< names that must stay as they are: any number may have them at once
};

/// Each change waits only for earlier ones, and enters all its names at once: nothing can block for good.
/// Threads: one at a time. Errors: none.
class Turns {
 public:
  using Ticket = std::uint64_t;

  Ticket enter(Claim claim);
  /// The next change whose turn has come, once; it holds its names until it leaves.
  std::optional<Ticket> next();
  void leave(Ticket ticket);
  /// What those before `ticket` change, who need `name` to stay as it is.
  std::set<std::string> named_before(const std::string& name, Ticket ticket) const;

 private:
  struct Place {
    Ticket ticket;
    bool is_own;
    bool is_granted;
  };
  struct Entered {
    Claim claim;
    std::size_t blocked = 0; // names that are not granted
  };
  void stand(const std::string& name, Ticket ticket, bool is_own);
  void grant(std::deque<Place>& line);
  void take_out(const std::string& name, Ticket ticket);

  Ticket last_ = 0;
  std::map<Ticket, Entered> entered_;
  std::map<std::string, std::deque<Place>> lines_; // in the order they came
  std::deque<Ticket> ready_;
};

} // namespace kaden::cloudwatch
