#include "chat_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "writer_test_base.h"

namespace kaden::app {
namespace {

using testing::HasSubstr;

incident::Config small_config() {
  incident::Config config;
  config.version = "v1";
  incident::Policy policy;
  policy.id = "default";
  policy.levels = {{{"sato"}, seconds(10)}};
  config.policies = {policy};
  incident::Route route;
  route.policy = "default";
  config.routes = {route};
  return config;
}

class ChatDeskTest : public WriterTest {
 protected:
  ChatDeskTest() {
    settings_.chat = config::Chat{};
    settings_.chat->slack.webhook_url = "http://127.0.0.1:1/x"; // nothing listens there
    settings_.listen.public_url = "https://kaden.example";
    std::vector<incident::Input> first;
    first.emplace_back(incident::ConfigChanged{small_config()});
    writer_.start(std::move(first));
    AlarmEvent event;
    event.source = "api";
    event.event_id = "1";
    event.alarm = "disk full";
    std::promise<void> stored;
    std::vector<incident::Input> inputs;
    inputs.emplace_back(incident::AlarmReported{event});
    EXPECT_TRUE(writer_.submit(std::move(inputs), [&](const auto&, const auto&) { stored.set_value(); }));
    stored.get_future().wait();
    restart();
  }
  ~ChatDeskTest() override { writer_.stop(); }

  void restart() {
    if (desk_) taken_by(); // what the desk asked the engine when it was opened has been answered
    desk_.reset();
    auto opened = ChatDesk::open(settings_, writer_, *records_, clock_);
    ASSERT_TRUE(opened);
    desk_ = std::move(*opened);
  }
  /// The query of a link that this installation made.
  std::string link(std::uint64_t incident, Millis works = seconds(60)) {
    const std::string key = records_->all("chat_key")->at("1");
    const std::string all = chat::make_ack_link("", key, incident, 3, clock_.wall() + works);
    return all.substr(all.find('?') + 1);
  }
  http::Response send(const std::string& method, const std::string& query) {
    http::Request request;
    request.method = method;
    request.path = "/chat/ack";
    request.query = query;
    std::promise<http::Response> answer;
    EXPECT_TRUE(
        desk_->handle(request, [&](http::Response response) { answer.set_value(std::move(response)); }));
    return answer.get_future().get();
  }
  std::string taken_by() {
    std::promise<std::string> who;
    EXPECT_TRUE(writer_.ask(
        [&](const incident::Engine& engine) { who.set_value(engine.incident(1)->acknowledged_by); }));
    return who.get_future().get();
  }

  config::Settings settings_;
  std::unique_ptr<ChatDesk> desk_;
};

TEST_F(ChatDeskTest, looking_at_a_link_takes_nothing_and_its_button_does_once) {
  const std::string query = link(1);
  EXPECT_THAT(send("GET", query).body, HasSubstr("<button>"));
  EXPECT_EQ(taken_by(), "");
  EXPECT_EQ(send("DELETE", query).status, 405);
  EXPECT_EQ(send("POST", query).status, 200);
  EXPECT_EQ(taken_by(), "chat");
  EXPECT_EQ(send("POST", query).status, 410);
  EXPECT_EQ(send("POST", link(1, seconds(90))).status, 410) << "another link of the same round is used, too";
  while (records_->all("chat_used_link")->empty()) std::this_thread::yield();
  restart();
  EXPECT_EQ(send("POST", query).status, 410);
  clock_.advance(seconds(61));
  restart();
  EXPECT_TRUE(records_->all("chat_used_link")->empty()) << "what is too old anyway is forgotten";
  EXPECT_EQ(send("POST", query).status, 410);
}

TEST_F(ChatDeskTest, what_cannot_be_acknowledged_says_so) {
  EXPECT_EQ(send("POST", "incident=1").status, 403);
  EXPECT_EQ(send("POST", link(1, Millis(0))).status, 410);
  EXPECT_EQ(send("POST", link(99)).status, 404);
  disk_full_ = true;
  EXPECT_EQ(send("POST", link(1)).status, 503);
  disk_full_ = false;
  EXPECT_EQ(taken_by(), "");
  EXPECT_EQ(send("POST", link(1)).status, 200) << "a link that did nothing is not used up";
  std::promise<void> stored;
  std::vector<incident::Input> inputs;
  inputs.emplace_back(incident::ResolveAsked{1, "ops"});
  ASSERT_TRUE(writer_.submit(std::move(inputs), [&](const auto&, const auto&) { stored.set_value(); }));
  stored.get_future().wait();
  desk_.reset();
  records_ = journal::open_records_in_memory(); // nothing is remembered: the state decides
  restart();
  EXPECT_EQ(send("POST", link(1)).status, 409);
}

TEST_F(ChatDeskTest, what_is_known_from_before_chat_is_old_news_and_what_came_after_is_not) {
  using testing::ElementsAre;
  using testing::Pair;
  taken_by();
  while (records_->all("chat_floor")->empty()) std::this_thread::yield();
  EXPECT_THAT(records_->all("chat_floor").value(), ElementsAre(Pair("1", "1")));
  const std::vector<journal::Records::Change> old{
      {"chat_card", "77", R"({"position":3,"index":1,"ts":"1.5"})"}};
  ASSERT_TRUE(records_->apply(old));
  restart();
  taken_by();
  while (!records_->all("chat_card")->empty())
    std::this_thread::yield(); // an incident that the engine has forgotten
  const std::vector<journal::Records::Change> broken{{"chat_card", "1", "{}"}};
  ASSERT_TRUE(records_->apply(broken));
  desk_.reset();
  const auto opened = ChatDesk::open(settings_, writer_, *records_, clock_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("incident 1: card.position"));
}

TEST_F(ChatDeskTest, other_paths_are_not_its_own_and_no_chat_is_no_desk) {
  http::Request request;
  request.path = "/chat";
  EXPECT_FALSE(desk_->handle(request, [](const http::Response&) {}));
  settings_.chat.reset();
  EXPECT_EQ(ChatDesk::open(settings_, writer_, *records_, clock_).value(), nullptr);
}

} // namespace
} // namespace kaden::app
