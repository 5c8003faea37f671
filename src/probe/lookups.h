/// lookups.h - names of probes, looked up beside them. Room: probe, inside. Threads: any may call; one of its
/// own looks. Errors: none: a name that has no address has an empty list.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "kaden/channel.h"

namespace kaden::probe {

/// Looks up names over and over; the last answer stays until there is another.
class Lookups {
 public:
  /// `found` is called on the thread that looks, after each answer.
  explicit Lookups(std::function<void()> found);
  ~Lookups();
  Lookups(const Lookups&) = delete;
  Lookups& operator=(const Lookups&) = delete;
  /// Asks for a fresh look. Any thread.
  void ask(const channel::Address& address);
  /// Nullptr: not known yet. An empty list: there is no such name.
  std::shared_ptr<const std::vector<channel::SocketAddress>> known(const channel::Address& address) const;

 private:
  struct State;
  std::shared_ptr<State> state_; ///< shared with the thread, which may hang in the resolver when we end
};

} // namespace kaden::probe
