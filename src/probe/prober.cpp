// All rounds that are under way, in one poll(2).
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "attempt.h"
#include "lookups.h"

namespace kaden::probe {

struct Prober::Impl {
  /// One round.
  struct Round {
    std::unique_ptr<Attempt> attempt; ///< null while its name is looked up
    SteadyTime ends{};
  };

  Impl(std::vector<Probe> probes_in, const runtime::Clock& clock_in)
      : clock(clock_in),
        probes(std::move(probes_in)),
        bell(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        lookups([this] { wake(); }) {
    require(bell.is_open(), "the kernel gives an event descriptor");
    for (const Probe& probe : probes) {
      require(check(probe).has_value(), "probes were checked");
      if (trusts.count(probe.ca_file) == 0)
        trusts.emplace(probe.ca_file, std::make_unique<channel::Trust>(probe.ca_file));
    }
  }

  void wake() const {
    const std::uint64_t one = 1;
    // A bell that is full rings already.
    if (write(bell.get(), &one, sizeof one) < 0) return;
  }
  bool was_woken() const {
    std::uint64_t count = 0;
    return read(bell.get(), &count, sizeof count) == static_cast<ssize_t>(sizeof count);
  }

  std::unique_ptr<Attempt> attempt_of(const Probe& probe) {
    switch (probe.target.kind) {
      case Kind::icmp:
        return make_echo_attempt(probe);
      case Kind::dns:
        return make_dns_attempt(probe);
      case Kind::tcp:
      case Kind::http:
      case Kind::tls:
        break;
    }
    return make_stream_attempt(probe, *trusts.at(probe.ca_file));
  }

  static Millis longest(const Probe& probe) {
    const bool is_icmp = probe.target.kind == Kind::icmp;
    return probe.patience + (is_icmp ? limits::probe_packets_apart * (probe.packets - 1) : Millis(0));
  }

  /// True when the round is over.
  bool go_on(std::size_t index, Round& round, SteadyTime now, Done& done) {
    const Probe& probe = probes[index];
    if (round.attempt == nullptr) {
      const auto numeric = numeric_address(probe.target.address);
      const auto addresses = numeric ? std::make_shared<const Addresses>(Addresses{*numeric})
                                     : lookups.known(probe.target.address);
      const bool has_none = addresses != nullptr && addresses->empty();
      if (has_none || (addresses == nullptr && now >= round.ends)) {
        done.finding.reason = has_none ? "the name has no address" : "its name was not found in time";
        return true;
      }
      if (addresses == nullptr) return false;
      round.attempt = attempt_of(probe);
      round.attempt->start(*addresses, now);
    }
    Attempt& attempt = *round.attempt;
    if (!attempt.is_over()) attempt.step(now);
    if (!attempt.is_over() && now >= round.ends) attempt.give_up();
    if (!attempt.is_over()) return false;
    done.finding = std::move(attempt.finding());
    return true;
  }

  std::vector<Done> step(SteadyTime now) {
    std::vector<Done> over;
    for (auto at = rounds.begin(); at != rounds.end();) {
      Done done{at->first, {}};
      if (!go_on(at->first, at->second, now, done)) {
        ++at;
        continue;
      }
      over.push_back(std::move(done));
      at = rounds.erase(at);
    }
    return over;
  }

  /// Until something can come, or has to be done; at most `most`.
  void pause(Millis most, SteadyTime now) {
    std::vector<pollfd> looked{{bell.get(), POLLIN, 0}};
    SteadyTime until = now + most;
    for (const auto& [index, round] : rounds) {
      until = std::min(until, round.ends);
      if (round.attempt == nullptr) continue;
      looked.push_back(round.attempt->wanted());
      if (const auto next = round.attempt->next_step()) until = std::min(until, *next);
    }
    const Millis left = std::max(until - now, Millis(0));
    poll(looked.data(), looked.size(), static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
  }

  // Borrowed
  const runtime::Clock& clock;
  // Owned
  const std::vector<Probe> probes;
  channel::File bell;
  std::map<std::string, std::unique_ptr<channel::Trust>> trusts; ///< by CA file: the system's store is large
  Lookups lookups;
  std::map<std::size_t, Round> rounds;
};

Prober::Prober(std::vector<Probe> probes, const runtime::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(probes), clock)) {}

Prober::~Prober() = default;

void Prober::begin(std::size_t index) {
  Impl& impl = *impl_;
  const Probe& probe = impl.probes.at(index);
  if (impl.rounds.count(index) > 0) return;
  if (!numeric_address(probe.target.address)) impl.lookups.ask(probe.target.address);
  impl.rounds[index].ends = impl.clock.steady() + Impl::longest(probe);
}

std::size_t Prober::running() const {
  return impl_->rounds.size();
}

std::vector<Prober::Done> Prober::wait(Millis most) {
  Impl& impl = *impl_;
  const SteadyTime now = impl.clock.steady();
  auto over = impl.step(now);
  if (!over.empty()) return over;
  impl.pause(most, now);
  static_cast<void>(impl.was_woken());
  return impl.step(impl.clock.steady());
}

void Prober::wake() {
  impl_->wake();
}

} // namespace kaden::probe
