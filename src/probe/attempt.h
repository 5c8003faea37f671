/// attempt.h - one round of one probe, step by step. Room: probe, inside. Threads: the Prober's. Errors: in
/// the finding.
#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kaden/channel.h"
#include "kaden/probe.h"

namespace kaden::probe {

using Addresses = std::vector<channel::SocketAddress>;

class Attempt {
 public:
  virtual ~Attempt() = default;
  /// `addresses` is not empty.
  virtual void start(const Addresses& addresses, SteadyTime now) = 0;
  /// Goes on as far as it can without waiting.
  virtual void step(SteadyTime now) = 0;
  /// Its patience is at an end.
  virtual void give_up() = 0;
  /// What to wait for; a descriptor of -1 is passed over.
  virtual pollfd wanted() const = 0;
  /// When it wants a step without anything having come; nothing: never.
  virtual std::optional<SteadyTime> next_step() const { return std::nullopt; }

  bool is_over() const { return is_over_; }
  Finding& finding() { return finding_; }
  void end_with(std::string reason) {
    finding_.reason = std::move(reason);
    is_over_ = true;
  }

 protected:
  void end() { is_over_ = true; }

 private:
  Finding finding_;
  bool is_over_ = false;
};

/// tcp, http, tls. `trust` must outlive it.
std::unique_ptr<Attempt> make_stream_attempt(const Probe& probe, channel::Trust& trust);
std::unique_ptr<Attempt> make_echo_attempt(const Probe& probe);
std::unique_ptr<Attempt> make_dns_attempt(const Probe& probe);

/// For ids and cookies.
std::uint64_t random_number();

} // namespace kaden::probe
