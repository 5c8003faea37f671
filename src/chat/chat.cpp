// The thread that sends.
#include "kaden/chat.h"

#include <algorithm>
#include <utility>

#include "kaden/limits/chat.h"

namespace kaden::chat {

Chat::Chat(Settings settings, const runtime::Clock& clock, Send send, LinkOf link_of, Keep keep)
    : settings_(settings),
      clock_(clock),
      send_(std::move(send)),
      keep_(std::move(keep)),
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

void Chat::begin(std::vector<Recalled> known) {
  {
    std::lock_guard lock(mutex_);
    mailbox_.known = std::move(known);
    has_begun_ = true;
  }
  changed_.notify_all();
}

void Chat::tell(const incident::TimelineEntry& entry) {
  {
    std::lock_guard lock(mutex_);
    if (!has_begun_) return; // begin() brings it
    if (mailbox_.entries.size() >= limits::chat_mailbox_max) {
      ++counts_.dropped;
      return;
    }
    mailbox_.entries.push_back(entry);
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
  News news;
  while (wait(news)) {
    take(news);
    news = {};
    send_due();
  }
}

void Chat::take(const News& news) {
  const std::uint64_t overflowed = outbox_.overflowed();
  for (const auto& recalled : news.known) outbox_.recall(recalled);
  for (const auto& entry : news.entries) outbox_.take(entry);
  for (const std::uint64_t incident : outbox_.take_forgotten()) keep_(incident, nullptr);
  if (outbox_.overflowed() != overflowed) {
    std::lock_guard lock(mutex_);
    counts_.dropped += outbox_.overflowed() - overflowed;
  }
}

bool Chat::wait(News& news) {
  const auto due = outbox_.due();
  const Millis patience = due ? *due - clock_.steady() : limits::chat_wait_max;
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::clamp(patience, Millis(0), limits::chat_wait_max),
                    [&] { return ending_ || !mailbox_.known.empty() || !mailbox_.entries.empty(); });
  news = std::exchange(mailbox_, {});
  return !ending_;
}

void Chat::send_due() {
  const auto parcel = outbox_.next(clock_.steady());
  if (!parcel) return;
  http::ClientRequest request = parcel->request;
  request.cancelled = &ending_;
  const Outcome outcome = outcome_of(settings_, send_(request));
  const Outbox::Left left = outbox_.done(*parcel, outcome, clock_.steady());
  if (left != Outbox::Left::retry) {
    if (const auto kept = outbox_.kept(parcel->incident)) keep_(parcel->incident, &*kept);
  }
  note(outcome, left);
}

void Chat::note(const Outcome& outcome, Outbox::Left left) {
  std::lock_guard lock(mutex_);
  const bool is_sent = outcome.kind == Outcome::Kind::sent;
  ++(is_sent ? counts_.sent : counts_.failed);
  if (left == Outbox::Left::dropped) ++counts_.dropped;
  trouble_ = is_sent ? "" : "chat: " + outcome.reason;
}

} // namespace kaden::chat
