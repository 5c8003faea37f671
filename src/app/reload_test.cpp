#include "reload.h"

#include <gtest/gtest.h>

#include <functional>

namespace kaden::app {
namespace {

config::Settings settings() {
  config::Settings out;
  out.sip = config::Sip{};
  return out;
}

TEST(Reload, SaysWhatChangesAndWhatNeedsARestart) {
  const struct {
    std::function<void(config::Settings&)> change;
    const char* words;
  } cases[] = {
      {[](auto&) {}, "nothing has changed"},
      {[](auto& s) {
         s.tokens = {{"ops", "secret", {}}};
       },
       "reloaded: tokens"},
      {[](auto& s) { s.access_keys.emplace_back().id = "A"; }, "reloaded: access_keys"},
      {[](auto& s) { s.webhooks = {{}}; }, "reloaded: webhooks"},
      {[](auto& s) { s.engine.people = {{}}; }, "reloaded: people"},
      {[](auto& s) { s.engine.policies = {{}}; }, "reloaded: policies"},
      {[](auto& s) { s.engine.routes = {{}}; }, "reloaded: routes"},
      {[](auto& s) { s.engine.triage.rules = {{}}; }, "reloaded: triage"},
      {[](auto& s) { s.triage_model = config::TriageModel{}; }, "reloaded: triage"},
      {[](auto& s) { s.alarms = {{}}; }, "reloaded: alarms"},
      {[](auto& s) { s.metric_filters = {{}}; }, "reloaded: metric_filters"},
      {[](auto& s) { s.sources.status_pages = {{}}; }, "reloaded: sources"},
      {[](auto& s) { s.chat = config::Chat{}; },
       "nothing that can change while Kaden runs has changed; needs a restart: chat"},
      {[](auto& s) { s.logs.keep = Millis(0); },
       "nothing that can change while Kaden runs has changed; needs a restart: store.logs"},
      {[](auto& s) { s.log_level = config::LogLevel::debug; }, "reloaded: log"},
      {[](auto& s) { s.sip->allow = {"+81"}; }, "reloaded: carriers.sip.allow"},
      {[](auto& s) { s.listen.port = 1; },
       "nothing that can change while Kaden runs has changed; needs a restart: listen"},
      {[](auto& s) { s.metrics.keep = Millis(0); },
       "nothing that can change while Kaden runs has changed; needs a restart: store.metrics"},
      {[](auto& s) {
         s.engine.people = {{}};
         s.tokens = {{"ops", "secret", {}}};
         s.store_folder = "/x";
         s.sip->port = 1;
         s.speech.voice_ja = "x";
         s.allow_unsigned_on_loopback = true;
         s.arns.account = "111122223333";
       },
       "reloaded: tokens, people; needs a restart: store, allow_unsigned_on_loopback, arns, carriers.sip, "
       "speech"},
  };
  for (const auto& one : cases) {
    config::Settings wanted = settings();
    one.change(wanted);
    const Differences differences = compare(settings(), wanted);
    EXPECT_EQ(to_words(differences), one.words);
    // After the reload only what needs a restart still differs.
    const Differences left = compare(merge(settings(), wanted), wanted);
    EXPECT_TRUE(left.taken.empty()) << one.words;
    EXPECT_EQ(left.need_restart, differences.need_restart) << one.words;
  }
}

} // namespace
} // namespace kaden::app
