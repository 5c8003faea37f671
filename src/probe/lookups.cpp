#include "lookups.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "kaden/runtime.h"

namespace kaden::probe {

namespace {

using Key = std::pair<std::string, std::uint16_t>;

Key key_of(const channel::Address& address) {
  return {address.host, address.port};
}

} // namespace

struct Lookups::State {
  using Addresses = std::shared_ptr<const std::vector<channel::SocketAddress>>;
  std::mutex mutex;
  std::condition_variable changed;
  std::map<Key, Addresses> known;
  std::map<Key, channel::Address> wanted;
  std::function<void()> found; ///< empty once nobody listens any more
  bool is_started = false;
  bool closing = false;

  void run() {
    runtime::name_thread("probe-names");
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return closing || !wanted.empty(); });
      if (closing) return;
      const channel::Address address = std::move(wanted.begin()->second);
      wanted.erase(wanted.begin());
      lock.unlock();
      auto addresses = resolve(address);
      lock.lock();
      Addresses& slot = known[key_of(address)];
      // An address that was right a minute ago is better than none.
      if (addresses)
        slot = std::make_shared<const std::vector<channel::SocketAddress>>(std::move(*addresses));
      if (slot == nullptr) slot = std::make_shared<const std::vector<channel::SocketAddress>>();
      if (found) found(); // with the lock, so that it cannot be called after the end
    }
  }
};

Lookups::Lookups(std::function<void()> found) : state_(std::make_shared<State>()) {
  state_->found = std::move(found);
}

Lookups::~Lookups() {
  {
    std::lock_guard lock(state_->mutex);
    state_->closing = true;
    state_->found = nullptr;
  }
  state_->changed.notify_all();
}

void Lookups::ask(const channel::Address& address) {
  std::lock_guard lock(state_->mutex);
  if (!std::exchange(state_->is_started, true)) std::thread([state = state_] { state->run(); }).detach();
  state_->wanted.insert_or_assign(key_of(address), address);
  state_->changed.notify_all();
}

std::shared_ptr<const std::vector<channel::SocketAddress>> Lookups::known(
    const channel::Address& address) const {
  std::lock_guard lock(state_->mutex);
  const auto found = state_->known.find(key_of(address));
  return found == state_->known.end() ? nullptr : found->second;
}

} // namespace kaden::probe
