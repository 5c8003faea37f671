#include "kaden/chat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/limits/chat.h"

namespace kaden::chat {
namespace {

using incident::Happening;
using testing::HasSubstr;

incident::TimelineEntry entry(Happening what, std::uint64_t incident) {
  static incident::Position next = 0;
  incident::TimelineEntry entry;
  entry.position = ++next;
  entry.incident = incident;
  entry.what = what;
  entry.person = "sato";
  return entry;
}

/// Slack, which answers when the test says so.
class Slack {
 public:
  Send send() {
    return [this](const http::ClientRequest& request) -> Result<http::Response> {
      std::unique_lock lock(mutex_);
      bodies_.push_back(request.body);
      changed_.notify_all();
      changed_.wait(lock, [&] { return is_open_ || request.cancelled->load(); });
      if (request.cancelled->load()) return fail(Fault::unavailable, "cancelled");
      return http::Response{200, {}, "ok"};
    };
  }
  void open() {
    std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  std::string wait_for_body(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(20), [&] { return bodies_.size() >= count; });
    return bodies_.size() < count ? "nothing came" : bodies_[count - 1];
  }
  /// A client that is cancelled comes back within a second; this one at once.
  void wake() { changed_.notify_all(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> bodies_;
  bool is_open_ = false;
};

Settings settings() {
  Settings settings;
  settings.webhook_url = "https://hooks.slack.example/x";
  return settings;
}

void keep_nothing(std::uint64_t, const Kept*) {}

TEST(Chat, what_was_told_is_kept_and_what_waited_is_left_to_the_next) {
  const runtime::SystemClock clock;
  std::map<std::uint64_t, Kept> kept; // the chat's thread only, then ours
  std::vector<incident::TimelineEntry> entries{entry(Happening::alarm, 1), entry(Happening::dialling, 1)};
  {
    Slack slack;
    slack.open();
    Chat chat(settings(), clock, slack.send(), {},
              [&](std::uint64_t incident, const Kept* told) { kept[incident] = *told; });
    chat.tell(entries[0]); // too early: begin() brings it
    chat.begin({{1, "disk full", entries, {}}});
    EXPECT_THAT(slack.wait_for_body(1), HasSubstr("calling sato"));
    while (chat.counts().sent == 0) std::this_thread::yield();
    entries.push_back(entry(Happening::acknowledged, 1));
    chat.tell(entries.back()); // within the second between two messages, so the end comes first
  }
  ASSERT_EQ(kept.count(1), 1U);
  EXPECT_EQ(kept[1].told.position, entries[1].position);
  Slack slack;
  slack.open();
  Chat chat(settings(), clock, slack.send(), {}, keep_nothing);
  chat.begin({{1, "disk full", entries, kept[1]}});
  const std::string text = slack.wait_for_body(1);
  EXPECT_THAT(text, HasSubstr("acknowledged by sato"));
  EXPECT_THAT(text, testing::Not(HasSubstr("calling")));
}

TEST(Chat, a_slack_that_hangs_delays_nobody) {
  const runtime::SystemClock clock;
  Slack slack;
  Chat chat(settings(), clock, slack.send(), {}, keep_nothing);
  chat.begin({});
  chat.tell(entry(Happening::alarm, 1));
  chat.tell(entry(Happening::dialling, 1));
  EXPECT_THAT(slack.wait_for_body(1), HasSubstr("calling sato"));
  for (std::size_t i = 0; i <= limits::chat_mailbox_max; ++i) chat.tell(entry(Happening::dialling, 1));
  EXPECT_EQ(chat.counts().dropped, 1U);
  EXPECT_EQ(chat.counts().sent, 0U);
  slack.open();
  EXPECT_THAT(slack.wait_for_body(2), HasSubstr("calling sato"));
  while (chat.counts().sent < 2) std::this_thread::yield();
  EXPECT_EQ(chat.trouble(), "");
}

TEST(Chat, what_is_wrong_is_told) {
  const runtime::SystemClock clock;
  Chat chat(
      settings(), clock,
      [](const http::ClientRequest&) {
        return http::Response{404, {}, "no_service"};
      },
      {}, keep_nothing);
  chat.begin({});
  chat.tell(entry(Happening::alarm, 1));
  chat.tell(entry(Happening::dialling, 1));
  while (chat.counts().dropped == 0) std::this_thread::yield();
  EXPECT_EQ(chat.counts().failed, 1U);
  EXPECT_EQ(chat.trouble(), "chat: Slack refused the message: HTTP status 404 no_service");
}

} // namespace
} // namespace kaden::chat
