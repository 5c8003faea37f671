#include "kaden/agent.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "delivery.h"
#include "kaden/http.h"
#include "kaden/limits/input.h"
#include "kaden/sigv4.h"
#include "metric.h"

namespace kaden::agent {
namespace {

// Bodies

TEST(Metric, the_body_is_the_query_form) {
  const std::vector<Datum> data = {{"mem_used_percent", {}, 91.5, "Percent"},
                                   {"disk_used", {{"path", "/mnt/with blank"}}, 3e9, "Bytes"}};
  const auto bodies = put_metric_bodies(data, {"web-01", wall_time(1'787'540'645'000), true});
  ASSERT_EQ(bodies.size(), 1U);
  EXPECT_EQ(bodies[0],
            "Action=PutMetricData&Version=2010-08-01&Namespace=CWAgent"
            "&MetricData.member.1.MetricName=mem_used_percent"
            "&MetricData.member.1.Dimensions.member.1.Name=host&MetricData.member.1.Dimensions.member.1."
            "Value=web-01"
            "&MetricData.member.1.Timestamp=2026-08-24T03%3A04%3A05Z&MetricData.member.1.Value=91.5"
            "&MetricData.member.1.Unit=Percent&MetricData.member.1.StorageResolution=1"
            "&MetricData.member.2.MetricName=disk_used"
            "&MetricData.member.2.Dimensions.member.1.Name=host&MetricData.member.2.Dimensions.member.1."
            "Value=web-01"
            "&MetricData.member.2.Dimensions.member.2.Name=path"
            "&MetricData.member.2.Dimensions.member.2.Value=%2Fmnt%2Fwith%20blank"
            "&MetricData.member.2.Timestamp=2026-08-24T03%3A04%3A05Z&MetricData.member.2.Value=3e%2B09"
            "&MetricData.member.2.Unit=Bytes&MetricData.member.2.StorageResolution=1");
  EXPECT_NE(put_metric_bodies(data, {"a", {}, false})[0].find("StorageResolution=60"), std::string::npos);
  EXPECT_TRUE(put_metric_bodies({}, {"a", {}, false}).empty());
}

TEST(Metric, bodies_keep_the_limits) {
  const std::vector<Datum> many(2'500, {"m", {}, 1, "None"});
  EXPECT_EQ(put_metric_bodies(many, {"a", {}, false}).size(), 3U);
  const std::vector<Datum> wide(900, {"m", {{"path", std::string(2'000, '/')}}, 1, "None"});
  const auto bodies = put_metric_bodies(wide, {"a", {}, false});
  EXPECT_GT(bodies.size(), 2U);
  for (const std::string& body : bodies) {
    EXPECT_LT(body.size(), limits::aws_body_bytes_max);
    EXPECT_NE(body.find("CWAgent&MetricData.member.1.MetricName"), std::string::npos);
  }
  EXPECT_EQ(dimension_value("/\xe6\x9e\xb6\n"), "/????");
  EXPECT_EQ(dimension_value(""), "?");
  EXPECT_EQ(dimension_value("  "), "?");
  EXPECT_EQ(dimension_value(std::string(3'000, 'a')).size(), 1'024U);
}

// Delivery

http::Response aws_error(int status, const std::string& code) {
  return {
      status,
      {},
      "<ErrorResponse><Error><Code>" + code + "</Code><Message>why\nso</Message></Error></ErrorResponse>"};
}

TEST(Delivery, answers_are_judged_by_their_code) {
  struct Case {
    http::Response response;
    Delivery delivery;
    Fault fault;
  };
  for (const Case& tried :
       std::vector<Case>{{aws_error(400, "Throttling"), Delivery::try_later, Fault::unavailable},
                         {aws_error(400, "RequestExpired"), Delivery::try_later, Fault::unavailable},
                         {aws_error(400, "InvalidParameterValue"), Delivery::refused, Fault::invalid},
                         {aws_error(403, "SignatureDoesNotMatch"), Delivery::try_later, Fault::denied},
                         {aws_error(500, "InternalServiceError"), Delivery::try_later, Fault::unavailable},
                         {{400, {}, "not AWS"}, Delivery::try_later, Fault::unavailable},
                         {{413, {}, ""}, Delivery::refused, Fault::invalid},
                         {{302, {}, ""}, Delivery::try_later, Fault::unavailable},
                         {{404, {}, "<Code>"}, Delivery::try_later, Fault::unavailable}}) {
    const Judgement judgement = judge(tried.response);
    EXPECT_EQ(judgement.delivery, tried.delivery) << judgement.reason;
    EXPECT_EQ(judgement.fault, tried.fault) << judgement.reason;
  }
  const auto missing = judge(
      {400, {}, R"({"__type":"com.amazonaws.logs#ResourceNotFoundException","message":"no such group"})"});
  EXPECT_EQ(missing.code, "ResourceNotFoundException");
  EXPECT_EQ(missing.delivery, Delivery::try_later);
  EXPECT_EQ(missing.reason, "status 400, ResourceNotFoundException: no such group");
  EXPECT_EQ(judge({400, {}, R"({"__type":"InvalidParameterException"})"}).delivery, Delivery::refused);
  EXPECT_EQ(judge({400, {}, R"({"__type" : "AccessDeniedException"})"}).fault, Fault::denied);
  EXPECT_EQ(judge({200, {}, ""}).delivery, Delivery::taken);
  EXPECT_EQ(judge(aws_error(400, "Throttling")).reason, "status 400, Throttling: why so");
}

TEST(Delivery, pauses_grow_to_a_minute) {
  EXPECT_EQ(pause_after(0, 7), Millis(0));
  EXPECT_EQ(pause_after(1, 0), seconds(1));
  EXPECT_EQ(pause_after(4, 0), seconds(8));
  EXPECT_EQ(pause_after(7, 0), seconds(60));
  EXPECT_EQ(pause_after(~std::uint64_t{0}, 0), seconds(60));
  EXPECT_EQ(pause_after(7, 999), Millis(89'970));
}

TEST(Delivery, ticks_are_multiples_of_the_interval) {
  EXPECT_EQ(next_tick(wall_time(1'000), seconds(10)), wall_time(10'000));
  EXPECT_EQ(next_tick(wall_time(9'999), seconds(10)), wall_time(10'000));
  EXPECT_EQ(next_tick(wall_time(10'000), seconds(10)), wall_time(20'000));
  EXPECT_EQ(next_tick(wall_time(-1), seconds(10)), wall_time(0));
}

// The agent against a server

std::string gunzip(const std::string& packed) {
  z_stream stream{};
  require(inflateInit2(&stream, 15 + 16) == Z_OK, "zlib starts");
  std::string plain(4u << 20, '\0');
  std::string input = packed;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  require(inflate(&stream, Z_FINISH) == Z_STREAM_END, "it is gzip");
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  return plain;
}

/// Takes PutMetricData like CloudWatch; answers with `status` and counts.
class Cloud {
 public:
  Cloud()
      : server_({}, [this](http::Request request, const http::Reply& reply) {
          take(std::move(request), reply);
        }) {
    require(server_.start().has_value(), "the server starts");
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  void answer_with(http::Response response) {
    std::lock_guard lock(mutex_);
    response_ = std::move(response);
  }
  /// As they came.
  std::vector<http::Request> seen() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }
  struct Call {
    std::string operation, body;
  };
  std::vector<Call> calls() const {
    std::lock_guard lock(mutex_);
    return plain_;
  }
  void need_a_stream() { needs_stream_ = true; }

 private:
  void take(http::Request request, const http::Reply& reply) {
    std::lock_guard lock(mutex_);
    const std::string* const target = http::find_header(request.headers, "X-Amz-Target");
    const std::string operation = target == nullptr ? "PutMetricData" : target->substr(target->find('.') + 1);
    const std::string* const coding = http::find_header(request.headers, "Content-Encoding");
    plain_.push_back({operation, coding == nullptr ? request.body : gunzip(request.body)});
    seen_.push_back(std::move(request));
    if (needs_stream_ && operation == "CreateLogStream") needs_stream_ = false;
    if (needs_stream_ && operation == "PutLogEvents")
      return reply({400, {}, R"({"__type":"ResourceNotFoundException","message":"no group"})"});
    reply(response_);
  }
  mutable std::mutex mutex_;
  http::Response response_{200, {}, "<PutMetricDataResponse/>"};
  std::vector<http::Request> seen_;
  std::vector<Call> plain_;
  bool needs_stream_ = false;
  http::Server server_;
};

class AgentTest : public testing::Test {
 protected:
  std::unique_ptr<Agent> agent(Settings settings = {}) {
    settings.url = settings.url.empty() ? cloud_.url() : settings.url;
    settings.keys.access_key_id = "AKIDEXAMPLE";
    settings.keys.secret = "not-so-secret-0123";
    if (settings.host.empty()) settings.host = "web-01";
    auto made = Agent::create(std::move(settings), clock_, [this](const std::string& line) {
      std::lock_guard lock(mutex_);
      lines_.push_back(line);
    });
    require(made.has_value(), "the settings are right");
    return std::move(*made);
  }
  std::string log() const {
    std::lock_guard lock(mutex_);
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    return text;
  }
  runtime::ManualClock clock_{wall_time(1'787'540'645'000)};
  Cloud cloud_;
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

std::set<std::string> metrics_in(const std::string& body) {
  std::set<std::string> names;
  for (const std::string_view field : split(body, '&')) {
    const std::size_t at = field.find(".MetricName=");
    if (at != std::string_view::npos) names.insert(std::string(field.substr(at + 12)));
  }
  return names;
}

class Folder {
 public:
  Folder() {
    static std::atomic<int> number = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("kaden-agent-" + std::to_string(getpid()) + "-" + std::to_string(++number));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

Result<void> run_once(Agent& agent) {
  agent.collect();
  return agent.send();
}

TEST_F(AgentTest, sends_this_machine_signed) {
  const auto made = agent({.interval = seconds(10)});
  ASSERT_TRUE(run_once(*made));
  for (int i = 0; i < 100 && metrics_in(cloud_.calls().back().body).count("cpu_usage_active") == 0; ++i) {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(20)); // the kernel counts CPU time in ticks of 10 ms
    ASSERT_TRUE(run_once(*made));
  }
  const auto calls = cloud_.calls();
  EXPECT_EQ(metrics_in(calls.front().body).count("cpu_usage_active"), 0U)
      << "a difference needs two readings";
  EXPECT_EQ(metrics_in(calls.front().body).count("mem_used_percent"), 1U);
  EXPECT_EQ(metrics_in(calls.back().body).count("cpu_usage_active"), 1U);
  EXPECT_EQ(metrics_in(calls.back().body).count("disk_used_percent"), 1U);
  EXPECT_EQ(metrics_in(calls.back().body).count("agent_dropped"), 1U);
  EXPECT_NE(calls.back().body.find("Timestamp=2026-08-24T03%3A04%3A05Z"), std::string::npos);
  EXPECT_NE(calls.back().body.find("StorageResolution=1"), std::string::npos);
  const http::Request last = cloud_.seen().back();
  EXPECT_LT(last.body.size(), calls.back().body.size() / 5) << "gzip makes these much smaller";
  const auto verified =
      sigv4::verify({last.method, last.target, last.headers, last.body},
                    [](std::string_view id) {
                      return std::optional(sigv4::Credentials{std::string(id), "not-so-secret-0123", ""});
                    },
                    {{"monitoring"}, clock_.wall(), seconds(300)});
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->access_key_id, "AKIDEXAMPLE");
  EXPECT_EQ(log(), "");
}

TEST_F(AgentTest, keeps_what_the_server_did_not_take_through_a_restart_with_its_times) {
  const Folder folder;
  Settings settings{.interval = seconds(10)};
  settings.state_folder = folder / "state";
  cloud_.answer_with(aws_error(400, "Throttling"));
  {
    const auto made = agent(settings);
    for (int i = 0; i < 3; ++i) {
      const auto sent = run_once(*made);
      ASSERT_FALSE(sent);
      EXPECT_EQ(sent.error().fault, Fault::unavailable);
      clock_.advance(seconds(10));
    }
    made->collect(); // nobody has tried to send this one
    EXPECT_EQ(made->unsent(), 4U);
  }
  const std::size_t before = cloud_.calls().size();
  cloud_.answer_with({200, {}, ""});
  {
    const auto made = agent(settings);
    EXPECT_EQ(made->unsent(), 4U);
    EXPECT_NE(log().find("4 requests of metrics wait from before the start"), std::string::npos) << log();
    ASSERT_TRUE(made->send());
  }
  const auto calls = cloud_.calls();
  ASSERT_EQ(calls.size(), before + 4);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string at = "T03%3A04%3A" + std::string(1, static_cast<char>('0' + i)) + "5Z";
    EXPECT_NE(calls[before + i].body.find(at), std::string::npos) << at;
  }
  const auto made = agent(settings);
  ASSERT_TRUE(made->send());
  EXPECT_EQ(cloud_.calls().size(), before + 4) << "nothing is sent twice";
}

TEST_F(AgentTest, one_agent_has_a_state_folder) {
  const Folder folder;
  Settings settings;
  settings.state_folder = folder / "state";
  const auto first = agent(settings);
  settings.url = "http://a";
  settings.keys = {.access_key_id = "AK", .secret = "s"};
  const auto second = Agent::create(settings, clock_, [](const std::string&) {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::conflict);
}

TEST_F(AgentTest, drops_what_is_refused_for_good) {
  const auto made = agent();
  cloud_.answer_with(aws_error(400, "InvalidParameterValue"));
  EXPECT_TRUE(run_once(*made));
  EXPECT_EQ(made->unsent(), 0U);
  EXPECT_NE(log().find("refused for good"), std::string::npos);
  EXPECT_EQ(log().find("not-so-secret"), std::string::npos);
}

TEST_F(AgentTest, a_key_file_that_changes_is_read_again) {
  const Folder folder;
  const auto write = [&](const std::string& id) {
    std::ofstream(folder / "new") << "[erp]\naws_access_key_id = " << id
                                  << "\naws_secret_access_key=not-so-secret-0123\n";
    std::filesystem::permissions(folder / "new", std::filesystem::perms::owner_read);
    std::filesystem::rename(folder / "new", folder / "credentials");
  };
  Settings settings;
  settings.keys.credentials_file = folder / "credentials";
  settings.keys.profile = "erp";
  const auto made = agent(settings);
  const auto sent = run_once(*made);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().fault, Fault::not_found);
  for (const std::string id : {"AKFIRST", "AKSECOND"}) {
    write(id);
    ASSERT_TRUE(made->send()) << log();
    made->collect();
    ASSERT_TRUE(made->send());
    const http::Request last = cloud_.seen().back();
    const std::string* const signed_by = http::find_header(last.headers, "Authorization");
    ASSERT_NE(signed_by, nullptr);
    EXPECT_NE(signed_by->find("Credential=" + id + "/"), std::string::npos) << *signed_by;
  }
}

/// Runs it in the background; stops it at the end.
class Running {
 public:
  explicit Running(Agent& agent) : agent_(agent), thread_([this] { agent_.run(); }) {}
  ~Running() {
    agent_.stop();
    thread_.join();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Agent& agent_;
  std::thread thread_;
};

template <class Until>
bool wait_until(Until until) {
  for (int i = 0; i < 1'000 && !until(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return until();
}

TEST_F(AgentTest, collects_at_each_tick_of_a_clock_that_may_be_set_back) {
  const auto made = agent({.interval = seconds(1)});
  const Running running(*made);
  for (std::size_t wanted = 1; wanted <= 4; ++wanted) {
    if (wanted == 4) clock_.step_wall(-seconds(3'600));
    EXPECT_TRUE(wait_until([&] {
      if (wanted > 1) clock_.advance(Millis(20));
      return cloud_.seen().size() >= wanted;
    }));
  }
}

TEST_F(AgentTest, checks_report_what_is_up_and_what_is_not) {
  Settings settings;
  const std::string port = cloud_.url().substr(cloud_.url().rfind(':'));
  settings.checks = {{.name = "open", .url = "tcp://127.0.0.1" + port},
                     {.name = "shut", .url = "tcp://127.0.0.1:1"},
                     {.name = "page", .url = cloud_.url() + "/health"},
                     {.name = "moved", .url = cloud_.url() + "/health", .status_min = 300}};
  const auto made = agent(settings);
  made->check();
  ASSERT_TRUE(made->send());
  const std::string body = cloud_.calls().back().body;
  const auto value = [&](const std::string& metric, const std::string& check) {
    for (int i = 1; i < 40; ++i) {
      const std::string member = "MetricData.member." + std::to_string(i) + ".";
      const std::size_t at = body.find(member + "MetricName=" + metric + "&");
      const std::size_t next = body.find("MetricData.member." + std::to_string(i + 1) + ".MetricName");
      if (at == std::string::npos) continue;
      const std::string_view one = std::string_view(body).substr(at, next - at);
      if (one.find("Value=" + check + "&") == std::string_view::npos) continue;
      const std::string_view rest = one.substr(one.find(member + "Value=") + member.size() + 6);
      return std::string(rest.substr(0, rest.find('&')));
    }
    return std::string("none");
  };
  EXPECT_EQ(value("tcp_check_up", "open"), "1");
  EXPECT_NE(value("tcp_check_connect_ms", "open"), "none");
  EXPECT_EQ(value("tcp_check_up", "shut"), "0");
  EXPECT_EQ(value("tcp_check_connect_ms", "shut"), "none");
  EXPECT_EQ(value("http_check_up", "page"), "1");
  EXPECT_EQ(value("http_check_status", "page"), "200");
  EXPECT_EQ(value("http_check_up", "moved"), "0");
  EXPECT_NE(log().find("check shut is down: connecting"), std::string::npos) << log();
  EXPECT_NE(log().find("check moved is down: status 200"), std::string::npos) << log();
}

TEST_F(AgentTest, a_check_of_a_path_is_also_this_places_view_of_it) {
  Settings settings;
  settings.vantage = "office";
  settings.checks = {{.name = "router", .url = "tcp" + cloud_.url().substr(4), .path = "tokyo-dx"}};
  const auto made = agent(settings);
  made->check();
  ASSERT_TRUE(made->send());
  std::string own, of_path;
  for (const Cloud::Call& call : cloud_.calls()) {
    (call.body.find("Namespace=Kaden%2FProbe") == std::string::npos ? own : of_path) += call.body;
  }
  EXPECT_NE(own.find("MetricName=tcp_check_up"), std::string::npos) << own;
  EXPECT_EQ(own.find("tokyo-dx"), std::string::npos);
  for (const char* part : {"MetricName=Loss", "MetricName=RoundTripTime", "MetricName=Up", "Name=Path",
                           "Value=tokyo-dx", "Name=Probe", "Value=router", "Name=Vantage", "Value=office"})
    EXPECT_NE(of_path.find(part), std::string::npos) << part << " in " << of_path;
  EXPECT_EQ(of_path.find("Name=host"), std::string::npos) << "a path does not care which machine it was";
  EXPECT_GT(of_path.find("MetricName=Up"), of_path.find("MetricName=Loss")) << "Up completes the round";
}

TEST_F(AgentTest, follows_a_log_file_into_a_stream_it_creates) {
  const Folder folder;
  std::ofstream file(folder / "app.log");
  file << "first \"line\"\n" << std::flush;
  Settings settings;
  settings.state_folder = folder / "state";
  settings.logs_url = cloud_.url();
  settings.logs = {{.path = folder / "*.log", .group = "/guest/app", .stream = "{host}/{file}"}};
  const std::string first =
      R"({"logGroupName":"/guest/app","logStreamName":"web-01/app.log","logEvents":[{"timestamp":1787540645000,"message":"first \"line\""}]})";
  cloud_.need_a_stream();
  const auto logged = [&] {
    std::vector<Cloud::Call> out;
    for (Cloud::Call& call : cloud_.calls()) {
      if (call.operation != "PutMetricData") out.push_back(std::move(call));
    }
    return out;
  };
  {
    const auto made = agent(settings);
    const Running running(*made);
    ASSERT_TRUE(wait_until([&] { return logged().size() >= 4; })) << log();
    const auto calls = logged();
    EXPECT_EQ(calls[0].body, first);
    EXPECT_EQ(calls[1].operation, "CreateLogGroup");
    EXPECT_EQ(calls[1].body, R"({"logGroupName":"/guest/app"})");
    EXPECT_EQ(calls[2].body, R"({"logGroupName":"/guest/app","logStreamName":"web-01/app.log"})");
    EXPECT_EQ(calls[3].body, first) << log();
  }
  file << "second\n" << std::flush;
  const auto made = agent(settings);
  const Running running(*made);
  ASSERT_TRUE(wait_until([&] { return logged().size() >= 5; })) << log();
  EXPECT_NE(logged()[4].body.find(R"("message":"second"}]})"), std::string::npos) << logged()[4].body;
  EXPECT_EQ(logged()[4].body.find("first"), std::string::npos) << "the position was kept";
}

} // namespace
} // namespace kaden::agent
