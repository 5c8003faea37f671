// A queue in a world of its own: what is deleted, what comes again, and what is told when it cannot be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>

#include "kaden/kept_events.h"
#include "kaden/limits/aws.h"
#include "kaden/limits/queues.h"
#include "kaden/queue_source.h"

namespace kaden::queue {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const WallTime noon = parse_iso8601("2026-08-24T02:00:00Z").value();
const std::string url = "https://sqs.ap-northeast-1.amazonaws.com/111122223333/alarms";

struct QueueTest : testing::Test {
  runtime::ManualClock clock{noon};
  std::vector<std::string> bodies;           ///< what the queue holds
  std::map<std::string, Settled> become{};   ///< of a body; others are stored
  std::vector<std::function<void()>> late{}; ///< settled when the test says so
  bool settles_late = false;
  std::atomic<int> is_taken = 0;         ///< of those
  std::optional<http::Response> refusal; ///< instead of any answer
  std::string failed;                    ///< the Failed list of changes
  std::vector<std::string> asked;        ///< operations with their entries
  std::vector<std::string> taken;
  source::KeptEvents journal;
  std::unique_ptr<journal::Records> records = journal::open_records_in_memory();
  std::atomic<bool> cancelled = false;
  aws::Credentials credentials{[] {
                                 return Result<aws::Keys>(aws::Keys{{"AKID", "secret", ""}, {}, "a test"});
                               },
                               clock, [] { return 0.5; }};
  std::unique_ptr<aws::Client> client;
  std::unique_ptr<source::Watcher> watcher;

  QueueTest() { restart(); }
  void restart() {
    aws::World world;
    world.variable = [](const std::string&) { return std::optional<std::string>(); };
    world.send = [this](const http::ClientRequest& request) { return answer(request); };
    world.pause = [this](Millis time) { clock.advance(time); };
    world.chance = [] { return 0.0; };
    world.clock = &clock;
    client = std::make_unique<aws::Client>(
        aws::ClientSettings{aws::sqs, "ap-northeast-1", "https://sqs.example", "", "", limits::aws_attempts},
        world, credentials);
    Settings settings{"aws", "東京", url, seconds(300), Severity::critical};
    watcher = watch_queue(settings,
                          {journal, *records, clock, *client, [this](std::string body, const Settle& settle) {
                             taken.push_back(body);
                             const auto found = become.find(body);
                             const Settled how = found == become.end() ? Settled::stored : found->second;
                             if (settles_late) {
                               late.emplace_back([settle, how] { settle(how); });
                               ++is_taken;
                             } else {
                               settle(how);
                             }
                           }});
  }
  Result<http::Response> answer(const http::ClientRequest& request) {
    if (refusal) return *refusal;
    const std::string target = *http::find_header(request.headers, "X-Amz-Target");
    const auto body = parse_json(request.body).value().as_object();
    EXPECT_EQ(body.at("QueueUrl").as_string(), url);
    std::string line = target.substr(target.find('.') + 1);
    if (const auto* entries = body.if_contains("Entries")) {
      for (const auto& entry : entries->as_array()) {
        line += " " + std::string(entry.at("ReceiptHandle").as_string());
        if (const auto* time = entry.as_object().if_contains("VisibilityTimeout"))
          line += "/" + std::to_string(time->to_number<int>());
      }
      asked.push_back(line);
      return http::Response{200, {}, R"({"Successful":[],"Failed":[)" + failed + "]}"};
    }
    asked.push_back(line);
    EXPECT_EQ(body.at("MaxNumberOfMessages").to_number<int>(), 10);
    EXPECT_EQ(body.at("WaitTimeSeconds").to_number<int>(), 20);
    if (bodies.empty()) return http::Response{200, {}, "{}"};
    json::array messages;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      messages.push_back(json::object{{"MessageId", std::to_string(i)},
                                      {"ReceiptHandle", "r" + std::to_string(i)},
                                      {"Body", bodies[i]},
                                      {"Attributes", json::object{{"ApproximateReceiveCount", "1"}}}});
    }
    return http::Response{200, {}, to_text(json::value(json::object{{"Messages", std::move(messages)}}))};
  }
  source::Looked look() { return watcher->look(cancelled); }
  std::vector<std::string> told() {
    std::vector<std::string> out;
    for (const auto& one : std::exchange(journal.events, {}))
      out.push_back(std::string(to_text(one.state)) + " " + one.alarm);
    return out;
  }
};

TEST_F(QueueTest, deletes_what_is_stored_and_nothing_else) {
  bodies = {"a", "b", "c", "d"};
  become = {{"b", Settled::odd}, {"c", Settled::later}};
  const auto looked = look();
  EXPECT_FALSE(looked.trouble) << looked.trouble->message;
  EXPECT_THAT(taken, ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(asked, ElementsAre("ReceiveMessage", "DeleteMessageBatch r0 r3",
                                 "ChangeMessageVisibilityBatch r1/3600"));
  EXPECT_EQ(looked.counts.at("messages"), 4U);
  EXPECT_EQ(looked.counts.at("deleted"), 2U);
  EXPECT_EQ(looked.counts.at("later"), 1U);
  EXPECT_EQ(looked.counts.at("unreadable"), 1U);
  EXPECT_EQ(looked.again_in, Millis(0)) << "the wait is the queue's";
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(QueueTest, an_empty_queue_is_no_trouble) {
  EXPECT_FALSE(look().trouble);
  EXPECT_THAT(asked, ElementsAre("ReceiveMessage"));
}

TEST_F(QueueTest, what_nobody_settles_in_time_comes_again_and_may_be_settled_late) {
  bodies = {"a"};
  settles_late = true;
  cancelled = false;
  std::thread time([&] {
    for (int i = 0; i < 500 && is_taken == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    clock.advance(limits::queue_settle_max);
  });
  const auto looked = look();
  time.join();
  EXPECT_THAT(asked, ElementsAre("ReceiveMessage"));
  EXPECT_EQ(looked.counts.at("later"), 1U);
  late.front()(); // to nobody
  late.front()();
}

TEST_F(QueueTest, that_cannot_be_read_is_an_alarm_of_its_own) {
  refusal = http::Response{
      400, {}, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no such queue"})"};
  auto looked = look();
  ASSERT_TRUE(looked.trouble);
  EXPECT_THAT(looked.trouble->message,
              HasSubstr("reading the queue: QueueDoesNotExist: no such queue (HTTP status 400"));
  EXPECT_EQ(looked.again_in, limits::queue_retry);
  EXPECT_EQ(look().again_in, limits::queue_retry * 2) << "it is asked less and less often";
  clock.advance(seconds(150));
  restart(); // the wait goes on over a restart
  look();
  EXPECT_THAT(told(), IsEmpty());
  clock.advance(seconds(151));
  look();
  const AlarmEvent event = journal.events.at(0);
  EXPECT_EQ(event.severity, Severity::critical);
  EXPECT_THAT(event.say.at(Language::ja), HasSubstr("AWSのキュー、東京を読み取れません"));
  EXPECT_TRUE(alarm_event_from_json(to_json(event), "event"));
  EXPECT_THAT(told(), ElementsAre("ALARM aws: the queue cannot be read"));
  look();
  restart();
  look();
  EXPECT_THAT(told(), IsEmpty()) << "once";
  refusal.reset();
  look();
  EXPECT_THAT(told(), ElementsAre("OK aws: the queue cannot be read"));
}

TEST_F(QueueTest, an_answer_that_is_none_is_trouble) {
  for (const char* body :
       {"[]", "{", R"({"Messages":{}})", R"({"Messages":[1]})", R"({"Messages":[{"Body":"b"}]})"}) {
    refusal = http::Response{200, {}, body};
    EXPECT_TRUE(look().trouble) << body;
  }
  EXPECT_THAT(taken, IsEmpty());
}

TEST_F(QueueTest, a_deletion_that_fails_is_said_and_the_message_comes_again) {
  bodies = {"a"};
  failed = R"({"Id":"0","Code":"ReceiptHandleIsInvalid","SenderFault":true})";
  EXPECT_THAT(look().trouble->message,
              HasSubstr("deleting messages: 1 of them failed, the first with ReceiptHandleIsInvalid"));
  failed.clear();
  EXPECT_FALSE(look().trouble);
  EXPECT_THAT(taken, ElementsAre("a", "a"));
}

TEST_F(QueueTest, a_cancelled_look_says_nothing_of_the_queue) {
  cancelled = true;
  refusal = http::Response{500, {}, ""};
  EXPECT_FALSE(look().trouble);
  EXPECT_THAT(told(), IsEmpty());
}

TEST(Region, is_the_queues_own) {
  EXPECT_EQ(region_of_queue(url), "ap-northeast-1");
  EXPECT_EQ(region_of_queue("https://eu-west-1.queue.amazonaws.com/1/q"), "eu-west-1");
  EXPECT_EQ(region_of_queue("https://sqs.cn-north-1.amazonaws.com.cn/1/q"), "cn-north-1");
  for (const char* other : {"http://127.0.0.1:9324/1/q", "https://queue.example/1/q", "nonsense", ""})
    EXPECT_EQ(region_of_queue(other), "") << other;
}

} // namespace
} // namespace kaden::queue
