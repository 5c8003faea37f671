// A lamp is watched: on is an alarm. Whatever dies or refuses, and wherever, the journal and the watcher's
// state agree in the end.
#include "kaden/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "kaden/kept_events.h"
#include "kaden/limits/engine.h"

namespace kaden::source {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Death {};

/// Counts what is done with the world; the Nth dies before it or after it, or is refused.
struct Fate {
  enum class Kind : std::uint8_t { dies_before, dies_after, refused };
  int left = 1'000'000; ///< operations until it strikes
  Kind kind = Kind::refused;

  template <class Do>
  Result<void> meet(Do act) {
    if (--left != 0) return act();
    if (kind == Kind::refused) return fail(Fault::unavailable, "refused");
    if (kind == Kind::dies_after) static_cast<void>(act());
    throw Death{};
  }
};

class Shelf final : public journal::Records {
 public:
  explicit Shelf(Fate& fate) : fate_(fate) {}
  Result<void> apply(std::span<const Change> changes) override {
    ++commits;
    return fate_.meet([&] { return inner_->apply(changes); });
  }
  Result<std::map<std::string, std::string>> all(const std::string& kind) const override {
    if (is_unreadable) return fail(Fault::unavailable, "cannot be read");
    return inner_->all(kind);
  }
  bool is_unreadable = false;
  int commits = 0;

 private:
  Fate& fate_;
  std::unique_ptr<Records> inner_ = journal::open_records_in_memory();
};

/// The journal, which knows its ids. "ALARM lamp/1", "ALARM lamp/1 by sato".
class Told final : public Intake {
 public:
  explicit Told(Fate& fate) : fate_(fate) {}
  Result<void> report(std::vector<AlarmEvent> events) override {
    batches.push_back(events.size());
    return fate_.meet([&]() -> Result<void> {
      for (const AlarmEvent& event : events) take(event, "");
      return {};
    });
  }
  Result<void> report_taken(AlarmEvent event, std::string by) override {
    return fate_.meet([&]() -> Result<void> {
      take(event, " by " + by);
      return {};
    });
  }
  Result<std::map<std::string, std::string>> who_took(const std::string& /*source*/,
                                                      const std::vector<std::string>& /*alarms*/) override {
    return std::map<std::string, std::string>{};
  }
  std::vector<std::string> lines;
  std::vector<std::size_t> batches;

 private:
  void take(const AlarmEvent& event, const std::string& by) {
    if (!ids_.insert(event.event_id).second) return;
    lines.push_back(std::string(to_text(event.state)) + " " + event.event_id + by);
  }
  Fate& fate_;
  std::set<std::string> ids_;
};

AlarmEvent event_of(const std::string& id, AlarmState state = AlarmState::alarm) {
  AlarmEvent event;
  event.source = "lamp";
  event.event_id = id;
  event.alarm = "lamp";
  event.state = state;
  return event;
}

/// Remembers how often it changed; on when that is odd.
class Lamp final : public Watcher {
 public:
  Lamp(const bool& is_on, Intake& intake, journal::Records& records)
      : is_on_(is_on), records_(records), outbox_("lamp/hall", intake, records) {
    const auto stored = records_.all("state").value();
    if (const auto own = stored.find("hall"); own != stored.end()) changes_ = std::stoi(own->second);
  }
  const std::string& source() const override { return name_; }
  const std::string& name() const override { return name_; }
  Looked look(const std::atomic<bool>& /*cancelled*/) override {
    Looked looked;
    if (!outbox_.tell(looked)) return looked;
    const bool was_on = changes_ % 2 == 1;
    if (is_on_ == was_on) return looked;
    ++changes_;
    const AlarmState state = is_on_ ? AlarmState::alarm : AlarmState::ok;
    const auto stored = outbox_.store({{"state", "hall", std::to_string(changes_)}},
                                      {{event_of("lamp/" + std::to_string(changes_), state)}});
    if (!stored) {
      --changes_;
      looked.trouble = stored.error();
      return looked;
    }
    outbox_.tell(looked);
    return looked;
  }

 private:
  const std::string name_ = "lamp";
  const bool& is_on_;
  journal::Records& records_;
  Outbox outbox_;
  int changes_ = 0;
};

struct Story {
  Fate fate;
  Shelf shelf{fate};
  Told told{fate};
  bool is_on = false;
  std::unique_ptr<Lamp> lamp;

  void start() { lamp = std::make_unique<Lamp>(is_on, told, shelf); }
  Looked look() { return lamp->look(cancelled); }
  /// A death is a new start, later.
  void look_or_die() {
    try {
      look();
    } catch (const Death&) {
      start();
    }
  }
  std::atomic<bool> cancelled = false;
};

TEST(Outbox, what_was_raised_is_known_and_cleared_wherever_it_dies_or_is_refused) {
  for (const auto kind : {Fate::Kind::dies_before, Fate::Kind::dies_after, Fate::Kind::refused}) {
    for (int nth = 1; nth <= 8; ++nth) {
      for (const bool is_over_at_once : {true, false}) {
        Story story;
        story.fate = {nth, kind};
        story.start();
        story.is_on = true;
        story.look_or_die();
        if (!is_over_at_once) story.look_or_die();
        story.is_on = false; // the trouble is over when it looks again
        for (int i = 0; i < 4; ++i) story.look_or_die();
        const auto what = testing::Message() << static_cast<int>(kind) << " at " << nth;
        if (story.told.lines.empty()) { // it died before anything was known
          EXPECT_EQ(nth, 1) << what;
          continue;
        }
        EXPECT_THAT(story.told.lines, ElementsAre("ALARM lamp/1", "OK lamp/2")) << what;
        EXPECT_THAT(story.shelf.all("outbox/lamp/hall").value(), IsEmpty()) << what;
        EXPECT_EQ(story.shelf.all("state").value().at("hall"), "2") << what;
      }
    }
  }
}

TEST(Outbox, a_refused_commit_changes_nothing) {
  Story story;
  story.start();
  story.is_on = true;
  story.fate = {1, Fate::Kind::refused};
  EXPECT_EQ(story.look().trouble->message, "refused");
  EXPECT_THAT(story.told.lines, IsEmpty());
  EXPECT_THAT(story.shelf.all("outbox/lamp/hall").value(), IsEmpty());
  EXPECT_EQ(story.look().reported, 1U);
}

TEST(Outbox, a_refused_report_waits_and_nothing_is_looked_at_before_it_is_told) {
  Story story;
  story.start();
  story.is_on = true;
  story.fate = {2, Fate::Kind::refused};
  Looked looked = story.look();
  EXPECT_EQ(looked.trouble->message, "refused");
  EXPECT_EQ(looked.again_in, tell_again);
  EXPECT_EQ(looked.reported, 0U);
  story.is_on = false;
  story.fate = {1, Fate::Kind::refused};
  looked = story.look();
  EXPECT_EQ(looked.trouble->message, "refused");
  EXPECT_EQ(story.shelf.all("outbox/lamp/hall").value().size(), 1U);
  looked = story.look();
  EXPECT_FALSE(looked.trouble);
  EXPECT_EQ(looked.reported, 2U);
  EXPECT_THAT(story.told.lines, ElementsAre("ALARM lamp/1", "OK lamp/2"));
}

TEST(Outbox, tells_in_order_and_who_took_it_alone) {
  Fate fate;
  Shelf shelf(fate);
  Told told(fate);
  Outbox outbox("lamp/hall", told, shelf);
  ASSERT_TRUE(outbox.store({}, {{event_of("1")}, {event_of("2")}, {event_of("3"), "sato"}, {event_of("4")}}));
  fate = {2, Fate::Kind::refused};
  Looked looked;
  EXPECT_FALSE(outbox.tell(looked));
  EXPECT_EQ(looked.reported, 2U) << "what is durable is not told again";
  Outbox other("lamp/hall", told, shelf);
  looked = {};
  EXPECT_TRUE(other.tell(looked));
  EXPECT_EQ(looked.reported, 2U);
  EXPECT_THAT(told.lines, ElementsAre("ALARM 1", "ALARM 2", "ALARM 3 by sato", "ALARM 4"));
  EXPECT_THAT(told.batches, ElementsAre(2U, 1U));
}

TEST(Outbox, many_are_told_in_batches_and_in_order_after_a_restart) {
  Fate fate;
  Shelf shelf(fate);
  Told told(fate);
  std::vector<Untold> news;
  for (int i = 1; i <= 3'000; ++i) news.push_back({event_of(std::to_string(i))});
  ASSERT_TRUE(Outbox("lamp/hall", told, shelf).store({}, std::move(news)));
  Looked looked;
  EXPECT_TRUE(Outbox("lamp/hall", told, shelf).tell(looked));
  EXPECT_EQ(looked.reported, 3'000U);
  EXPECT_EQ(told.batches.front(), limits::batch_max);
  for (int i = 1; i <= 3'000; ++i) {
    EXPECT_EQ(told.lines.at(static_cast<std::size_t>(i - 1)), "ALARM " + std::to_string(i));
  }
}

TEST(Outbox, what_could_not_be_taken_off_goes_with_the_next_commit) {
  Fate fate;
  Shelf shelf(fate);
  Told told(fate);
  Outbox outbox("lamp/hall", told, shelf);
  ASSERT_TRUE(outbox.store({}, {{event_of("1")}}));
  fate = {2, Fate::Kind::refused};
  Looked looked;
  EXPECT_TRUE(outbox.tell(looked));
  EXPECT_EQ(shelf.all("outbox/lamp/hall").value().size(), 1U);
  ASSERT_TRUE(outbox.store({}, {{event_of("2")}}));
  EXPECT_EQ(shelf.all("outbox/lamp/hall").value().size(), 1U);
  EXPECT_TRUE(outbox.tell(looked));
  EXPECT_THAT(told.lines, ElementsAre("ALARM 1", "ALARM 2"));
  EXPECT_THAT(shelf.all("outbox/lamp/hall").value(), IsEmpty());
}

TEST(Outbox, is_each_watchers_own) {
  Fate fate;
  Shelf shelf(fate);
  Told told(fate);
  ASSERT_TRUE(Outbox("lamp/hall", told, shelf).store({}, {{event_of("1")}}));
  Looked looked;
  for (const char* other : {"lamp", "lamp/hal", "lamp/hall/1", "lamp/hall2"}) {
    EXPECT_TRUE(Outbox(other, told, shelf).tell(looked));
  }
  EXPECT_THAT(told.lines, IsEmpty());
}

TEST(Outbox, without_news_there_is_no_commit) {
  Fate fate;
  Shelf shelf(fate);
  Told told(fate);
  Outbox outbox("lamp/hall", told, shelf);
  Looked looked;
  EXPECT_TRUE(outbox.tell(looked));
  EXPECT_TRUE(outbox.store({}, {}));
  EXPECT_EQ(shelf.commits, 0);
}

TEST(Outbox, what_cannot_be_read_back_is_said_once_and_holds_nothing_up) {
  Fate fate;
  Shelf shelf(fate);
  Told told(fate);
  const std::string kind = "outbox/lamp/hall";
  ASSERT_TRUE(Outbox("lamp/hall", told, shelf).store({}, {{event_of("1")}, {event_of("2")}}));
  const std::string key = shelf.all(kind).value().begin()->first;
  for (const char* stored : {"", "[]", "{}", R"({"event":{}})", R"({"event":{},"taken_by":5})"}) {
    const std::vector<journal::Records::Change> rubbish{{kind, key, stored}};
    ASSERT_TRUE(shelf.apply(rubbish));
    Outbox outbox("lamp/hall", told, shelf);
    Looked looked;
    EXPECT_FALSE(outbox.tell(looked));
    EXPECT_EQ(looked.trouble->fault, Fault::corrupt) << stored;
    looked = {};
    EXPECT_TRUE(outbox.tell(looked));
    EXPECT_THAT(shelf.all(kind).value(), IsEmpty());
  }
  EXPECT_THAT(told.lines, ElementsAre("ALARM 2"));
}

TEST(Outbox, records_that_cannot_be_read_end_the_look) {
  Story story;
  story.start();
  story.is_on = true;
  story.shelf.is_unreadable = true;
  EXPECT_EQ(story.look().trouble->fault, Fault::unavailable);
  story.shelf.is_unreadable = false;
  EXPECT_EQ(story.look().reported, 1U);
}

} // namespace
} // namespace kaden::source
