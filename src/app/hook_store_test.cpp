#include "hook_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "kaden/limits/webhooks.h"

namespace kaden::app {
namespace {

constexpr WallTime noon = wall_time(1'795'000'000'000);

class HookStoreTest : public testing::Test {
 protected:
  HookStoreTest() { open(); }
  ~HookStoreTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    store_.reset();
    std::filesystem::create_directories(folder_);
    auto opened = HookStore::open(folder_ + "/webhooks.db");
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  std::int64_t keep(const std::string& webhook, const std::string& body, WallTime at = noon) {
    Kept kept;
    kept.webhook = webhook;
    kept.at = at;
    kept.body = body;
    const auto number = store_->keep(kept);
    EXPECT_TRUE(number);
    return number.value_or(0);
  }
  Noted note(AlarmState state, WallTime now, std::optional<WallTime> changed = {}) {
    const auto noted = store_->note("s", "a", state, changed, now);
    EXPECT_TRUE(noted);
    return noted.value_or(Noted());
  }

  std::string folder_ =
      testing::TempDir() + "kaden-hooks-" + testing::UnitTest::GetInstance()->current_test_info()->name();
  std::unique_ptr<HookStore> store_;
};

TEST_F(HookStoreTest, KeepsAndSettles) {
  const std::int64_t number = keep("am", std::string("\0\xff{}", 4));
  ASSERT_TRUE(store_->settle(number, 200, "well", 3));
  open();
  const auto found = store_->find(number);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->body, std::string("\0\xff{}", 4));
  EXPECT_EQ((*found)->status, 200);
  EXPECT_EQ((*found)->outcome, "well");
  EXPECT_EQ((*found)->events, 3);
  EXPECT_EQ((*found)->at, noon);
  EXPECT_EQ(to_json(**found, true).at("body_hex"), "00ff7b7d"); // an answer must be UTF-8
  EXPECT_FALSE(to_json(**found, false).contains("body_hex"));
  EXPECT_FALSE(*store_->find(number + 1));
}

TEST_F(HookStoreTest, ListsNewestFirstOfOneOrAll) {
  keep("a", "1");
  keep("b", "2");
  keep("a", "3");
  const auto all = store_->list("", 10);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ(all->front().number, 3);
  EXPECT_EQ(store_->list("a", 10)->size(), 2U);
  EXPECT_EQ(store_->list("a", 1)->front().number, 3);
}

TEST_F(HookStoreTest, DropsByCountOfItsWebhookAlone) {
  keep("other", "x");
  const auto most = static_cast<std::int64_t>(limits::webhook_kept_max);
  for (std::int64_t i = 0; i < most + 5; ++i) keep("a", "x");
  EXPECT_EQ(store_->list("a", 2 * most)->size(), limits::webhook_kept_max);
  EXPECT_EQ(store_->list("other", 10)->size(), 1U);
}

TEST_F(HookStoreTest, DropsByBytesAndAgeButNeverTheNewest) {
  const std::string large(limits::webhook_kept_bytes_max / 2, 'x');
  for (int i = 0; i < 4; ++i) keep("a", large);
  EXPECT_EQ(store_->list("a", 10)->size(), 2U);
  keep("b", "old");
  keep("b", "new", noon + limits::webhook_kept_age_max + Millis(1));
  const auto left = store_->list("b", 10);
  ASSERT_EQ(left->size(), 1U);
  // A clock that was set back does not drop what just came.
  keep("b", "in the past", noon - seconds(86'400) * 365);
  EXPECT_EQ(store_->list("b", 10)->front().bytes, 11);
}

TEST_F(HookStoreTest, AStateHasItsBeginningAlsoAfterARestart) {
  EXPECT_EQ(note(AlarmState::alarm, noon).since, noon);
  EXPECT_EQ(note(AlarmState::alarm, noon + seconds(9)).since, noon);
  open();
  EXPECT_EQ(note(AlarmState::alarm, noon + seconds(10)).since, noon);
  EXPECT_EQ(note(AlarmState::ok, noon + seconds(11)).since, noon + seconds(11));
  EXPECT_EQ(note(AlarmState::alarm, noon + seconds(12)).since, noon + seconds(12));
}

TEST_F(HookStoreTest, AStateMayBeginAnew) {
  EXPECT_FALSE(note(AlarmState::alarm, noon).is_same);
  EXPECT_TRUE(note(AlarmState::alarm, noon + seconds(1)).is_same);
  EXPECT_EQ(store_->note_anew("s", "a", noon + seconds(2)), noon + seconds(2));
  open();
  EXPECT_EQ(note(AlarmState::alarm, noon + seconds(3)).since, noon + seconds(2));
  EXPECT_EQ(store_->note_anew("s", "a", noon), noon + seconds(2) + Millis(1)); // a clock that was set back
}

TEST_F(HookStoreTest, BeginningsOnlyGrowWhateverTheClockDoes) {
  note(AlarmState::alarm, noon);
  EXPECT_EQ(note(AlarmState::ok, noon - seconds(60)).since, noon + Millis(1));
  EXPECT_EQ(note(AlarmState::alarm, noon - seconds(60)).since, noon + Millis(2));
}

TEST_F(HookStoreTest, OlderChangesAreOldAndTheSameOneIsNot) {
  EXPECT_FALSE(note(AlarmState::alarm, noon, noon - seconds(5)).is_old);
  EXPECT_FALSE(note(AlarmState::alarm, noon, noon - seconds(5)).is_old); // a retry after a crash
  EXPECT_TRUE(note(AlarmState::ok, noon, noon - seconds(6)).is_old);
  EXPECT_FALSE(note(AlarmState::ok, noon, noon - seconds(4)).is_old);
  EXPECT_TRUE(note(AlarmState::alarm, noon, noon - seconds(5)).is_old);
}

TEST_F(HookStoreTest, SaysWhenItCannotBeOpened) {
  EXPECT_FALSE(HookStore::open(folder_ + "/no/such/folder/webhooks.db"));
}

} // namespace
} // namespace kaden::app
