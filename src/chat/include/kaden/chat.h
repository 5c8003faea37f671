/// kaden/chat.h - the same news in chat: who is called, who took it, how it ended, as messages in Slack.
/// Room: chat. Uses: base, runtime, incident, http. A side channel: nothing waits for it. Threads: begin(),
/// tell(), counts() and trouble() from any, never blocking; a thread of its own sends. Errors: none; what is
/// wrong is in trouble() and in the counts.
///
/// - Incoming webhook: a message for each piece of news. Web API (token): chat.postMessage once an incident,
/// then
///   chat.update of the same message.
/// - News that come while a message waits are sent with it. At most one message a second, as Slack asks; 429
/// with
///   Retry-After is honoured. A failure is tried again limits::chat_tries_max times, then dropped and
///   counted.
/// - What was told is kept after each message, so a restart goes on where the last process ended: a death
/// between the
///   message and its record tells that message again.
/// - Incidents for which nobody is called, and test calls, are not told.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kaden/ack_link.h"
#include "kaden/base.h"
#include "kaden/chat_outbox.h"
#include "kaden/http.h"
#include "kaden/incident.h"
#include "kaden/runtime.h"

namespace kaden::chat {

/// http::Client::send, or a test's.
using Send = std::function<Result<http::Response>(const http::ClientRequest&)>;

/// Keeps what was told of an incident, or forgets it (null), before it returns.
using Keep = std::function<void(std::uint64_t incident, const Kept* kept)>;

struct Counts {
  std::uint64_t sent = 0;    ///< messages that Slack has taken
  std::uint64_t failed = 0;  ///< tries that failed
  std::uint64_t dropped = 0; ///< messages given up, and news for which there was no room
};

class Chat {
 public:
  /// The clock is borrowed; `send` and `keep` are called on the thread of its own.
  Chat(Settings settings, const runtime::Clock& clock, Send send, LinkOf link_of, Keep keep);
  /// Cancels what is being sent, and joins; what waits is left to the next begin().
  ~Chat();
  Chat(const Chat&) = delete;
  Chat& operator=(const Chat&) = delete;

  /// Once; until then nothing is sent. Holds what happened up to now: what was told before is in it.
  void begin(std::vector<Recalled> known);
  void tell(const incident::TimelineEntry& entry);
  Counts counts() const;
  /// One sentence; empty: the last message was taken, or none was sent.
  std::string trouble() const;

 private:
  void run();
  struct News {
    std::vector<Recalled> known;
    std::vector<incident::TimelineEntry> entries;
  };
  /// Waits for news or for what is due; false at the end.
  bool wait(News& news);
  void take(const News& news);
  void send_due();
  void note(const Outcome& outcome, Outbox::Left left);

  // Config
  const Settings settings_;
  // Borrowed
  const runtime::Clock& clock_;
  // Owned
  const Send send_;
  const Keep keep_;
  // State, the thread's only
  Outbox outbox_;
  // State, shared
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool has_begun_ = false;
  News mailbox_;
  Counts counts_;
  std::string trouble_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

} // namespace kaden::chat
