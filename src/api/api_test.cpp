#include "kaden/api.h"
#include "kaden/limits/engine.h"

#include <gtest/gtest.h>

#include <future>

namespace kaden::api {
namespace {

class NoEffects final : public writer::EffectSink {
 public:
  explicit NoEffects(TimelineFeed& feed) : feed_(feed) {}
  void release(const incident::Effect& effect) override {
    if (const auto* tell = std::get_if<incident::Tell>(&effect)) feed_.push(tell->entry);
  }
  void on_journal_corrupt(const Error&) override {}

 private:
  TimelineFeed& feed_;
};

incident::Config small_config() {
  incident::Config config;
  config.version = "v1";
  incident::Person sato;
  sato.id = "sato";
  sato.methods = {{"sip", "sip:sato@127.0.0.1"}};
  config.people = {sato};
  incident::Policy policy;
  policy.id = "default";
  policy.levels = {{{"sato"}, seconds(10)}};
  config.policies = {policy};
  incident::Route route;
  route.policy = "default";
  config.routes = {route};
  return config;
}

/// A whole API over a writer on a journal in memory.
class ApiTest : public testing::Test {
 protected:
  ApiTest()
      : journal_(journal::open_memory("aaaaaaaaaaaaaaaa",
                                      {[this](journal::Position) { return disk_full_.load(); }})),
        sink_(feed_),
        writer_(*journal_, clock_, sink_),
        api_(writer_, feed_, clock_,
             {{"ops", sha256("ops-token"), {May::events, May::read, May::act}},
              {"sensor", sha256("sensor-token"), {May::events}}},
             services()) {
    EXPECT_TRUE(writer_.recover());
    std::vector<incident::Input> first;
    first.emplace_back(incident::ConfigChanged{small_config()});
    writer_.start(std::move(first));
  }

  Services services() {
    Services services;
    services.speak = [](const script::Utterance& utterance,
                        const std::function<void(Result<std::string>)>& done) {
      done("RIFF:" + script::to_text(utterance));
    };
    services.check_config = [](const std::string& text) {
      return text == "good" ? std::vector<std::string>{} : std::vector<std::string>{"kaden.yaml:1:1: bad"};
    };
    services.sources = [] {
      return json::value(json::object{{"sources", json::array{json::object{{"name", "vmware"}}}}});
    };
    services.more_metrics = [] { return std::vector{gauge("kaden_extra", "One more.", 1)}; };
    services.troubles = [this] { return troubles_; };
    services.more_calls = {{"GET", "things/#", May::read,
                            [](const http::Request&, const std::string& number, const http::Reply& reply) {
                              reply(http::text_response(200, "thing " + number));
                            }}};
    return services;
  }

  http::Response send(const std::string& method, const std::string& target, const std::string& body = {},
                      const std::string& token = "ops-token", bool loopback = true) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (target.find('?') != std::string::npos) request.query = target.substr(target.find('?') + 1);
    if (!token.empty()) request.headers = {{"authorization", "Bearer " + token}};
    request.body = body;
    request.peer_is_loopback = loopback;
    auto answer = std::make_shared<std::promise<http::Response>>();
    http::Reply reply = [answer](http::Response response) { answer->set_value(std::move(response)); };
    EXPECT_TRUE(api_.handle(request, reply));
    auto future = answer->get_future();
    if (future.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
      ADD_FAILURE() << "no reply to " << target;
      return {};
    }
    return future.get();
  }
  static json::value body_of(const http::Response& response) { return parse_json(response.body).value(); }

  std::atomic<bool> disk_full_ = false;
  std::vector<Trouble> troubles_; // changed between two requests only
  std::unique_ptr<journal::Journal> journal_;
  runtime::SystemClock clock_;
  TimelineFeed feed_;
  NoEffects sink_;
  writer::Writer writer_;
  Api api_;
};

constexpr const char* event = R"({"event_id":"1","alarm":"disk full","machine":"web-01"})";

TEST_F(ApiTest, AnEventIsDurableBeforeTheAnswerAndOpensAnIncident) {
  const auto response = send("POST", "/api/v1/events", event, "sensor-token");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(body_of(response).at("position").to_number<int>(), static_cast<int>(journal_->last_position()));
  const auto list = body_of(send("GET", "/api/v1/incidents"));
  ASSERT_EQ(list.at("incidents").as_array().size(), 1U);
  EXPECT_EQ(list.at("incidents").as_array()[0].at("state").as_string(), "triggered");
}

TEST_F(ApiTest, CallsOfOtherRoomsAreAdmittedHere) {
  EXPECT_EQ(send("GET", "/api/v1/things/7").body, "thing 7");
  EXPECT_EQ(send("GET", "/api/v1/things/7", "", "sensor-token").status, 403);
  EXPECT_EQ(send("GET", "/api/v1/things/7", "", "").status, 401);
  EXPECT_EQ(send("POST", "/api/v1/things/7").status, 405);
  EXPECT_EQ(send("GET", "/api/v1/things/x").status, 404);
}

TEST_F(ApiTest, ARepeatIsHarmless) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send("POST", "/api/v1/events", event).status, 200);
  EXPECT_EQ(body_of(send("GET", "/api/v1/incidents")).at("incidents").as_array().size(), 1U);
}

TEST_F(ApiTest, ABatchIsAllOrNothing) {
  const auto bad =
      send("POST", "/api/v1/events",
           R"({"events":[{"event_id":"1","alarm":"a"},{"event_id":"2","alarm":"b","state":"?"}]})");
  EXPECT_EQ(bad.status, 400);
  EXPECT_NE(bad.body.find("events[1].state"), std::string::npos) << bad.body;
  EXPECT_EQ(body_of(send("GET", "/api/v1/incidents")).at("incidents").as_array().size(), 0U);
  EXPECT_EQ(send("POST", "/api/v1/events",
                 R"({"events":[{"event_id":"1","alarm":"a"},{"event_id":"2","alarm":"b"}]})")
                .status,
            200);
  EXPECT_EQ(body_of(send("GET", "/api/v1/incidents")).at("incidents").as_array().size(), 2U);
}

TEST_F(ApiTest, BadRequestsAreRefusedWithTheFieldsName) {
  const struct {
    const char* body;
    const char* part;
  } cases[] = {
      {"", "JSON"},
      {"[]", "object"},
      {"{\"event_id\":\"1\"}", "alarm: is missing"},
      {"{\"events\":[]}", "events: must not be empty"},
      {"{\"events\":5}", "events: must be a list"},
      {"{\"events\":[1]}", "events[0]"},
      {"{\"event_id\":\"1\",\"alarm\":\"a\",\"x\":1}", "x: "},
  };
  for (const auto& c : cases) {
    const auto response = send("POST", "/api/v1/events", c.body);
    EXPECT_EQ(response.status, 400) << c.body;
    EXPECT_NE(response.body.find(c.part), std::string::npos) << response.body;
  }
}

TEST_F(ApiTest, TokensDecideWhoMayDoWhat) {
  EXPECT_EQ(send("GET", "/api/v1/incidents", "", "").status, 401);
  EXPECT_EQ(send("GET", "/api/v1/incidents", "", "wrong").status, 401);
  EXPECT_EQ(send("GET", "/api/v1/incidents", "", "sensor-token").status, 403);
  EXPECT_EQ(send("POST", "/api/v1/incidents/1/ack", "", "sensor-token").status, 403);
  EXPECT_EQ(send("GET", "/api/v1/incidents", "", "ops-token").status, 200);
}

TEST_F(ApiTest, AcknowledgeAndResolveByNumber) {
  ASSERT_EQ(send("POST", "/api/v1/events", event).status, 200);
  EXPECT_EQ(send("POST", "/api/v1/incidents/99/ack").status, 404);
  const auto acknowledged = send("POST", "/api/v1/incidents/1/ack");
  EXPECT_EQ(acknowledged.status, 200) << acknowledged.body;
  EXPECT_EQ(body_of(acknowledged).at("state").as_string(), "acknowledged");
  EXPECT_EQ(body_of(acknowledged).at("acknowledged_by").as_string(), "ops");
  EXPECT_EQ(body_of(send("POST", "/api/v1/incidents/1/resolve")).at("state").as_string(), "resolved");
  EXPECT_EQ(send("POST", "/api/v1/incidents/1/ack").status, 409);
  const auto shown = body_of(send("GET", "/api/v1/incidents/1"));
  EXPECT_GE(shown.at("timeline").as_array().size(), 3U);
  EXPECT_EQ(body_of(send("GET", "/api/v1/incidents?state=resolved")).at("incidents").as_array().size(), 1U);
  EXPECT_EQ(send("GET", "/api/v1/incidents?state=open").status, 400);
  EXPECT_EQ(send("GET", "/api/v1/incidents?limit=0").status, 400);
  EXPECT_EQ(send("GET", "/api/v1/incidents?colour=red").status, 400);
}

TEST_F(ApiTest, ATestCallNeedsAPersonWhoIsKnown) {
  EXPECT_EQ(send("POST", "/api/v1/calls", R"({"person":"satoh","request_id":"1"})").status, 404);
  EXPECT_EQ(send("POST", "/api/v1/calls", R"({"person":"sato"})").status, 400);
  EXPECT_EQ(send("POST", "/api/v1/calls", R"({"person":"sato","request_id":"1","text":"{"})").status, 400);
  const auto placed = send("POST", "/api/v1/calls", R"({"person":"sato","request_id":"1"})");
  EXPECT_EQ(placed.status, 200) << placed.body;
  EXPECT_EQ(body_of(placed).at("incident").to_number<int>(), 1);
  EXPECT_EQ(body_of(send("GET", "/api/v1/calls")).at("calls").as_array().size(), 1U);
}

TEST_F(ApiTest, TheTimelineCanBeFollowed) {
  const auto empty = body_of(send("GET", "/api/v1/timeline"));
  const std::string start(empty.at("next").as_string());
  ASSERT_EQ(send("POST", "/api/v1/events", event).status, 200);
  const auto some = body_of(send("GET", "/api/v1/timeline?after=" + start + "&wait_s=5"));
  EXPECT_GE(some.at("timeline").as_array().size(), 2U);
  const std::string next(some.at("next").as_string());
  EXPECT_EQ(body_of(send("GET", "/api/v1/timeline?after=" + next)).at("timeline").as_array().size(), 0U);
  EXPECT_EQ(send("GET", "/api/v1/timeline?after=x").status, 400);
  EXPECT_EQ(send("GET", "/api/v1/timeline?wait_s=51").status, 400);
}

TEST_F(ApiTest, SourcesAreShownToThoseWhoMayRead) {
  EXPECT_EQ(send("GET", "/api/v1/sources").body, "{\"sources\":[{\"name\":\"vmware\"}]}\n");
  EXPECT_EQ(send("GET", "/api/v1/sources", "", "sensor-token").status, 403);
  EXPECT_EQ(send("POST", "/api/v1/sources").status, 405);
}

TEST_F(ApiTest, WhenTheDiskRefusesNothingIsAcceptedAndHealthSaysSo) {
  EXPECT_EQ(send("GET", "/healthz", "", "").status, 200);
  disk_full_ = true;
  EXPECT_EQ(send("POST", "/api/v1/events", event).status, 503);
  EXPECT_EQ(send("GET", "/healthz", "", "").status, 503);
  disk_full_ = false;
  EXPECT_EQ(send("POST", "/api/v1/events", event).status, 200);
  EXPECT_EQ(send("GET", "/healthz", "", "").status, 200);
  EXPECT_EQ(body_of(send("GET", "/api/v1/incidents")).at("incidents").as_array().size(), 1U);
}

TEST_F(ApiTest, HealthNamesEachTroubleAndFailsWhenCallsSuffer) {
  EXPECT_EQ(send("GET", "/healthz", "", "").body, "{\"status\":\"ok\"}\n");
  troubles_ = {{Part::clock, "the clock stepped by 1 h", false}};
  const auto degraded = send("GET", "/healthz", "", "");
  EXPECT_EQ(degraded.status, 200);
  EXPECT_EQ(degraded.body, R"({"status":"degraded","troubles":[)"
                           R"({"part":"clock","reason":"the clock stepped by 1 h","calls_suffer":false}]})"
                           "\n");
  troubles_.push_back({Part::speech, "no voice", true});
  const auto failing = send("GET", "/healthz", "", "");
  EXPECT_EQ(failing.status, 503);
  EXPECT_EQ(body_of(failing).at("status").as_string(), "failing");
  EXPECT_EQ(body_of(failing).at("reason").as_string(), "no voice");
  EXPECT_EQ(body_of(failing).at("troubles").as_array().size(), 2U);
  const std::string metrics = send("GET", "/metrics", "", "").body;
  EXPECT_NE(metrics.find("kaden_trouble{part=\"speech\"} 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("kaden_trouble{part=\"journal\"} 0\n"), std::string::npos) << metrics;
}

TEST_F(ApiTest, TokensCanBeReplaced) {
  api_.set_tokens({{"new", sha256("new-token"), {May::read}}});
  EXPECT_EQ(send("GET", "/api/v1/incidents", "", "ops-token").status, 401);
  EXPECT_EQ(send("GET", "/api/v1/incidents", "", "new-token").status, 200);
  EXPECT_EQ(send("POST", "/api/v1/events", event, "new-token").status, 403);
}

TEST_F(ApiTest, MetricsAreOpenOnLoopbackOnly) {
  const auto local = send("GET", "/metrics", "", "");
  EXPECT_EQ(local.status, 200);
  EXPECT_NE(local.body.find("kaden_journal_inputs_total"), std::string::npos);
  EXPECT_NE(local.body.find("kaden_extra 1"), std::string::npos);
  EXPECT_EQ(send("GET", "/metrics", "", "", false).status, 401);
  EXPECT_EQ(send("GET", "/metrics", "", "ops-token", false).status, 200);
}

TEST_F(ApiTest, SayAndCheck) {
  const auto said = send("POST", "/api/v1/say", R"({"language":"ja","text":"こんにちは"})");
  EXPECT_EQ(said.status, 200);
  EXPECT_EQ(said.body, "RIFF:こんにちは");
  EXPECT_EQ(send("POST", "/api/v1/say", R"({"language":"en","text":"{ web-01:name} {{is}} {down}"})").body,
            "RIFF:web-01 {is} down");
  EXPECT_EQ(send("POST", "/api/v1/say", R"({"language":"fr","text":"x"})").status, 400);
  EXPECT_TRUE(body_of(send("POST", "/api/v1/check", "good")).at("ok").as_bool());
  EXPECT_FALSE(body_of(send("POST", "/api/v1/check", "bad")).at("ok").as_bool());
}

TEST_F(ApiTest, UnknownPathsAndMethods) {
  EXPECT_EQ(send("GET", "/api/v1/nothing").status, 404);
  EXPECT_EQ(send("GET", "/api/v1/incidents/x").status, 404);
  const auto wrong = send("DELETE", "/api/v1/incidents");
  EXPECT_EQ(wrong.status, 405);
  http::Request other;
  other.path = "/";
  http::Reply none = [](const http::Response&) {};
  EXPECT_FALSE(api_.handle(other, none));
}

TEST(TimelineFeed, WaitersAreAnsweredByThePushOrTheSweep) {
  TimelineFeed feed;
  std::vector<std::size_t> answers;
  const auto take = [&](const std::vector<incident::TimelineEntry>& entries) {
    answers.push_back(entries.size());
  };
  feed.next({}, 10, SteadyTime(seconds(5)), take);
  feed.next({}, 10, SteadyTime(seconds(50)), take);
  EXPECT_TRUE(answers.empty());
  feed.sweep(SteadyTime(seconds(6)));
  EXPECT_EQ(answers, std::vector<std::size_t>{0});
  incident::TimelineEntry entry;
  entry.position = 3;
  feed.push(entry);
  EXPECT_EQ(answers, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(to_text(feed.newest()), "3.0");
  feed.next({3, 0}, 10, SteadyTime(seconds(60)), take);
  EXPECT_EQ(answers.size(), 2U);
}

TEST(TimelineFeed, KeepsTheNewestOnly) {
  TimelineFeed feed;
  for (incident::Position i = 1; i <= limits::feed_entries_max + 5; ++i) {
    incident::TimelineEntry entry;
    entry.position = i;
    feed.push(entry);
  }
  feed.next({}, 1, SteadyTime(), [](const std::vector<incident::TimelineEntry>& entries) {
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].position, 6U);
  });
}

TEST(Cursor, ReadsBackAndRefuses) {
  EXPECT_EQ(parse_cursor("12.3").value(), (Cursor{12, 3}));
  EXPECT_EQ(parse_cursor("12").value(), (Cursor{12, 0}));
  for (const char* bad : {"", "a", "1.2.3", "-1.0", "1.-1", "1.99999999999"})
    EXPECT_FALSE(parse_cursor(bad)) << bad;
}

} // namespace
} // namespace kaden::api
