// The thread that sends.
#include "kaden/chat.h"

#include <algorithm>
#include <utility>

#include "kaden/limits/chat.h"

namespace kaden::chat {

Chat::Chat(Settings settings, const runtime::Clock& clock, Send send, LinkOf link_of)
    : settings_(settings),
      clock_(clock),
      send_(std::move(send)),
      outbox_(std::move(settings), std::move(link_of)),
      thread_([this] {
        runtime::name_thread("kaden-chat");
        run();
      }) {}

Chat::~Chat() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Chat::tell(const incident::TimelineEntry& entry) {
  {
    std::lock_guard lock(mutex_);
    if (mailbox_.size() >= limits::chat_mailbox_max) {
      ++counts_.dropped;
      return;
    }
    mailbox_.push_back(entry);
  }
  changed_.notify_all();
}

Counts Chat::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

std::string Chat::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

void Chat::run() {
  std::vector<incident::TimelineEntry> news;
  while (wait(news)) {
    const std::uint64_t overflowed = outbox_.overflowed();
    for (const auto& entry : news) outbox_.take(entry);
    news.clear();
    if (outbox_.overflowed() != overflowed) {
      std::lock_guard lock(mutex_);
      counts_.dropped += outbox_.overflowed() - overflowed;
    }
    send_due();
  }
}

bool Chat::wait(std::vector<incident::TimelineEntry>& news) {
  const auto due = outbox_.due();
  const Millis patience = due ? *due - clock_.steady() : limits::chat_wait_max;
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::clamp(patience, Millis(0), limits::chat_wait_max),
                    [&] { return ending_ || !mailbox_.empty(); });
  std::swap(news, mailbox_);
  return !ending_;
}

void Chat::send_due() {
  const auto parcel = outbox_.next(clock_.steady());
  if (!parcel) return;
  http::ClientRequest request = parcel->request;
  request.cancelled = &ending_;
  const Outcome outcome = outcome_of(settings_, send_(request));
  note(outcome, outbox_.done(*parcel, outcome, clock_.steady()));
}

void Chat::note(const Outcome& outcome, Outbox::Left left) {
  std::lock_guard lock(mutex_);
  const bool is_sent = outcome.kind == Outcome::Kind::sent;
  ++(is_sent ? counts_.sent : counts_.failed);
  if (left == Outbox::Left::dropped) ++counts_.dropped;
  trouble_ = is_sent ? "" : "chat: " + outcome.reason;
}

} // namespace kaden::chat
