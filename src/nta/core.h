// The one owner of the library's objects: a thread, its loop, an agent, and the open transactions. Room: nta,
// inside.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "kaden/nta.h"

namespace kaden::nta {
struct Loop;
struct Outgoing;
struct Incoming;
} // namespace kaden::nta

// The library's callbacks carry these as their context.
#define NTA_AGENT_MAGIC_T kaden::nta::Loop
#define NTA_LEG_MAGIC_T kaden::nta::Loop
#define NTA_OUTGOING_MAGIC_T kaden::nta::Outgoing
#define NTA_INCOMING_MAGIC_T kaden::nta::Incoming
#define SU_WAKEUP_ARG_T kaden::nta::Loop
#define SU_TIMER_ARG_T kaden::nta::Loop
#include <sofia-sip/nta.h>
#include <sofia-sip/su_wait.h>

namespace kaden::nta {

struct Outgoing {
  Loop* loop = nullptr;
  std::uint64_t number = 0; ///< 0: the one that gets stray responses
  bool is_invite = false;
  nta_outgoing_t* transaction = nullptr;
};
struct Incoming {
  Loop* loop = nullptr;
  std::uint64_t number = 0;
  bool is_invite = false;
  nta_incoming_t* transaction = nullptr;
};

/// What only the thread may touch once it runs.
struct Loop {
  Loop(const Settings& with, Events& to) : settings(with), events(to) {}

  Result<void> open(int job_signal);
  /// Frees the library's objects, on the thread that made them.
  void close();
  void run_jobs();

  std::function<std::vector<std::function<void()>>()> take_jobs;

  // Borrowed
  const Settings& settings;
  Events& events;
  // Owned (by hand: the library's own order of taking down)
  su_root_t* root = nullptr;
  nta_agent_t* agent = nullptr;
  nta_leg_t* default_leg = nullptr;
  su_timer_t* timer = nullptr;
  // State
  std::unordered_map<std::uint64_t, std::unique_ptr<Outgoing>> outgoing;
  std::unordered_map<std::uint64_t, std::unique_ptr<Incoming>> incoming;
  Outgoing stray;
  std::uint64_t last_number = 0;
  std::uint16_t port = 0;
  std::string host;

 private:
  Result<void> create_agent();
};

class Endpoint::Core {
 public:
  Core(Settings settings, Events& events);
  ~Core();

  Result<void> open();
  void start();
  void stop();
  bool post(std::function<void()> job);

  const Settings settings;
  Loop loop;

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> jobs_;
  Result<void> opened_;
  enum class Stage { opening, opened, running, ending } stage_ = Stage::opening;
  int signal_ = -1;
  std::thread thread_;
};

} // namespace kaden::nta
