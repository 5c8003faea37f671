/// app/chat_desk.h - chat in the running Kaden: the timeline goes out, clicks on acknowledge links come in.
/// Room: app. Uses: config, chat, writer, journal. Threads: open() on the owner's; the rest on any, and none
/// blocks. Errors: of open(): the journal's records cannot be read or written. After that none: what is wrong
/// is in trouble().
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kaden/chat.h"
#include "kaden/config.h"
#include "kaden/http.h"
#include "kaden/journal.h"
#include "kaden/metrics.h"
#include "kaden/writer.h"

namespace kaden::app {

class ChatDesk {
 public:
  /// Null when no chat is configured. Borrows all; the writer must have been stopped before this ends.
  static Result<std::unique_ptr<ChatDesk>> open(const config::Settings& settings, writer::Writer& writer,
                                                journal::Records& records, const runtime::Clock& clock);
  void tell(const incident::TimelineEntry& entry) { chat_->tell(entry); }
  /// True when the path is the acknowledge link's; then reply is called exactly once.
  bool handle(const http::Request& request, const http::Reply& reply);
  std::string trouble() const { return chat_->trouble(); }
  void add_metrics(std::vector<api::Metric>& out) const;

 private:
  ChatDesk(const config::Settings& settings, writer::Writer& writer, journal::Records& records,
           const runtime::Clock& clock);
  Result<void> recall();
  Result<void> recall_cards();
  /// Asks the engine what happened while nobody told it; on the writer's thread then.
  void catch_up();
  std::vector<chat::Recalled> untold(const incident::Engine& engine);
  void keep(std::uint64_t incident, const chat::Kept* kept);
  void start(const config::Chat& chat, const std::string& public_url);
  void acknowledge(const chat::Ticket& ticket, const http::Reply& reply);
  void remember(const chat::Ticket& ticket);
  bool was_used(const chat::Ticket& ticket) const;
  http::Response told(int status, std::string_view en, std::string_view ja) const;

  // Config
  const Language language_;
  // Borrowed
  writer::Writer& writer_;
  journal::Records& records_;
  const runtime::Clock& clock_;
  // State
  std::string key_; // set by recall()
  mutable std::mutex mutex_;
  std::map<std::string, WallTime> used_; // guarded by mutex_; links by id, until when they would have worked
  std::map<std::uint64_t, chat::Kept> cards_; // of the process before; until the engine was asked
  std::optional<std::uint64_t> floor_;        // incidents up to here are told only when they have a card
  // Owned
  http::Client client_;
  std::unique_ptr<runtime::Worker> worker_; // writes what was used
  std::unique_ptr<chat::Chat> chat_;
};

} // namespace kaden::app
