#include "kaden/agent.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "delivery.h"
#include "kaden/http.h"
#include "kaden/sigv4.h"
#include "metric.h"
#include "source_folder.h"

namespace kaden::agent {
namespace {

const std::string proc_folder = source_folder() + "/src/agent/testdata/proc";

std::string text_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::map<std::string, double> values_of(const std::vector<Datum>& data) {
  std::map<std::string, double> values;
  for (const Datum& datum : data) values[datum.name] = datum.value;
  return values;
}

// /proc

TEST(ProcText, cpu_times) {
  const auto times = parse_cpu_times(text_of(proc_folder + "/stat"));
  ASSERT_TRUE(times);
  EXPECT_EQ(*times, (CpuTimes{364'627, 10, 41'794, 479'433, 3'013, 5, 230, 288, 100, 7}));
  EXPECT_EQ(parse_cpu_times("cpu 1 2 3 4\n").value(), (CpuTimes{1, 2, 3, 4}));
  EXPECT_EQ(parse_cpu_times("cpu  1 2 3 4 5 6 7 8 9 10 11 12").value().guest_nice, 10U);
  for (const char* bad : {"", "cpu0 1 2 3 4\n", "cpu 1 2 3\n", "cpu 1 2 3 x\n", "cpu 1 -2 3 4\n", "cpu\n",
                          "cpu 1 2 3 99999999999999999999\n", "intr 5\n"}) {
    EXPECT_FALSE(parse_cpu_times(bad)) << bad;
  }
}

TEST(ProcText, memory) {
  const auto memory = parse_memory(text_of(proc_folder + "/meminfo"));
  ASSERT_TRUE(memory);
  constexpr std::uint64_t kb = 1'024;
  EXPECT_EQ(*memory, (Memory{24'684'084 * kb, 18'515'112 * kb, 20'600'672 * kb, 5'792 * kb, 2'263'180 * kb}));
  EXPECT_EQ(parse_memory("MemTotal: 10 kB\nMemFree: 4 kB\nCached: 2 kB\n").value().available, 6 * kb)
      << "as kernels before 3.14 leave it to the reader";
  EXPECT_EQ(parse_memory("MemTotal: 10 kB\nMemFree: 4 kB\nMemAvailable: 0 kB\n").value().available, 0U);
  for (const char* bad : {"", "MemTotal: x kB\n", "MemTotal:\n", "MemFree: 1 kB\n", "MemTotal: -1 kB\n",
                          "MemTotal: 0 kB", "MemTotal: 9223372036854775807 kB"}) {
    EXPECT_FALSE(parse_memory(bad)) << bad;
  }
}

std::vector<std::string> chosen_paths(const std::vector<std::string>& include,
                                      const std::vector<std::string>& exclude) {
  std::vector<std::string> paths;
  for (const Mount& mount :
       choose_mounts(parse_mounts(text_of(proc_folder + "/self/mounts")), {include, exclude})) {
    paths.push_back(mount.device + " " + mount.path + " " + mount.type);
  }
  return paths;
}

TEST(ProcText, mounts_are_the_disks) {
  using Paths = std::vector<std::string>;
  EXPECT_EQ(chosen_paths({}, {}),
            (Paths{"/dev/sda2 / ext4", "/dev/sda1 /boot/efi vfat", "/dev/mapper/vg-data /data xfs",
                   "/dev/sdb1 /mnt/with blank ext4", "/dev/sdd1 /covered btrfs"}));
  EXPECT_EQ(chosen_paths({}, {"/mnt/*", "/boot*", "/covered"}),
            (Paths{"/dev/sda2 / ext4", "/dev/mapper/vg-data /data xfs"}));
  EXPECT_EQ(chosen_paths({"/mnt/*"}, {"/mnt/share"}),
            (Paths{"/dev/sdb1 /mnt/with blank ext4", "nas-01:/export /mnt/nas nfs4"}));
  const auto container =
      parse_mounts("overlay / overlay rw 0 0\n\nnonsense\ntmpfs /run tmpfs\na\\08b /x\\1z ext4");
  EXPECT_EQ(choose_mounts(container, {{}, {}}),
            (std::vector<Mount>{{"overlay", "/", "overlay"}, {"a\\08b", "/x\\1z", "ext4"}}));
  std::string many;
  for (int i = 0; i < 500; ++i)
    many += "/dev/d" + std::to_string(i) + " /m" + std::to_string(i) + " ext4 rw 0 0\n";
  EXPECT_EQ(choose_mounts(parse_mounts(many), {{}, {}}).size(), limits::mounts_max);
}

// Metrics

TEST(Metric, cpu_shares) {
  //                     user nice sys idle iow irq soft steal guest gnice
  const CpuTimes before{1'000, 50, 500, 8'000, 100, 10, 20, 30, 200, 5};
  const CpuTimes after{1'040, 60, 520, 8'100, 110, 12, 24, 34, 210, 8};
  auto values = values_of(cpu_data(before, after));
  const double total = 40 + 10 + 20 + 100 + 10 + 2 + 4 + 4;
  const std::map<std::string, double> ticks = {
      {"cpu_usage_active", 90}, {"cpu_usage_idle", 100},    {"cpu_usage_user", 30},
      {"cpu_usage_nice", 7},    {"cpu_usage_system", 20},   {"cpu_usage_iowait", 10},
      {"cpu_usage_irq", 2},     {"cpu_usage_softirq", 4},   {"cpu_usage_steal", 4},
      {"cpu_usage_guest", 10},  {"cpu_usage_guest_nice", 3}};
  ASSERT_EQ(values.size(), ticks.size());
  for (const auto& [name, count] : ticks) EXPECT_DOUBLE_EQ(values.at(name), 100 * count / total) << name;
  for (const Datum& datum : cpu_data(before, after)) {
    EXPECT_EQ(datum.unit, "Percent");
    EXPECT_EQ(datum.dimensions, (std::vector<std::pair<std::string, std::string>>{{"cpu", "cpu-total"}}));
  }
}

TEST(Metric, cpu_needs_time_to_pass) {
  const CpuTimes times{1'000, 50, 500, 8'000, 100, 10, 20, 30, 200, 5};
  EXPECT_TRUE(cpu_data(times, times).empty());
  EXPECT_TRUE(cpu_data(times, {10, 0, 5, 80}).empty()) << "the machine restarted";
  CpuTimes odd = times;
  odd.idle += 100;
  odd.iowait -= 50; // Linux lets this counter fall
  const auto values = values_of(cpu_data(times, odd));
  EXPECT_EQ(values.at("cpu_usage_idle"), 100);
  EXPECT_EQ(values.at("cpu_usage_iowait"), 0);
  EXPECT_EQ(values.at("cpu_usage_active"), 0);
}

TEST(Metric, memory_as_the_cloudwatch_agent_counts_it) {
  const auto values = values_of(memory_data({1'000, 300, 600, 50, 250}));
  EXPECT_EQ(values, (std::map<std::string, double>{{"mem_available", 600},
                                                   {"mem_available_percent", 60},
                                                   {"mem_buffered", 50},
                                                   {"mem_cached", 250},
                                                   {"mem_free", 300},
                                                   {"mem_total", 1'000},
                                                   {"mem_used", 400},
                                                   {"mem_used_percent", 40}}));
  EXPECT_EQ(values_of(memory_data({100, 90, 0, 90, 90})).at("mem_used"), 0) << "never below zero";
}

TEST(Metric, disk_as_df_counts_it) {
  const Mount mount{"/dev/mapper/vg-data", "/data", "xfs"};
  const auto data = disk_data(mount, {1'000, 400, 300, 64, 60});
  EXPECT_EQ(values_of(data), (std::map<std::string, double>{{"disk_free", 300},
                                                            {"disk_inodes_free", 60},
                                                            {"disk_inodes_total", 64},
                                                            {"disk_total", 1'000},
                                                            {"disk_used", 600},
                                                            {"disk_used_percent", 100 * 600.0 / 900}}));
  EXPECT_EQ(data.front().dimensions,
            (std::vector<std::pair<std::string, std::string>>{
                {"device", "mapper/vg-data"}, {"fstype", "xfs"}, {"path", "/data"}}));
  EXPECT_TRUE(disk_data(mount, {}).empty());
}

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
    EXPECT_LT(body.size(), limits::http_body_bytes_max);
    EXPECT_NE(body.find("CWAgent&MetricData.member.1.MetricName"), std::string::npos);
  }
  EXPECT_EQ(dimension_value("/\xe6\x9e\xb6\n"), "/????");
  EXPECT_EQ(dimension_value(""), "?");
  EXPECT_EQ(dimension_value("  "), "?");
  EXPECT_EQ(dimension_value(std::string(3'000, 'a')).size(), 1'024U);
}

// Delivery

TEST(Delivery, endpoints) {
  struct Case {
    const char *url, *normal, *host, *target;
  };
  for (const Case& tried : std::vector<Case>{
           {"http://127.0.0.1:8080", "http://127.0.0.1:8080/", "127.0.0.1:8080", "/"},
           {"https://Monitoring.Example:443/", "https://monitoring.example/", "monitoring.example", "/"},
           {"http://a:80/base", "http://a/base", "a", "/base"},
           {"HTTPS://[::1]:8443/", "https://[::1]:8443/", "[::1]:8443", "/"},
           {"http://a:443", "http://a:443/", "a:443", "/"}}) {
    const auto endpoint = parse_endpoint(tried.url);
    ASSERT_TRUE(endpoint) << tried.url;
    EXPECT_EQ(endpoint->url, tried.normal);
    EXPECT_EQ(endpoint->host, tried.host);
    EXPECT_EQ(endpoint->target, tried.target);
  }
  for (const char* bad :
       {"", "a", "ftp://a", "http://", "http:///x", "http://:80", "http://u@a", "http://a/?x", "http://a/#x",
        "http://a b", "http://a\r\nX: y", "http://\xe6\x9e\xb6"}) {
    EXPECT_FALSE(parse_endpoint(bad)) << bad;
  }
}

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
  std::vector<http::Request> seen() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void take(http::Request request, const http::Reply& reply) {
    std::lock_guard lock(mutex_);
    seen_.push_back(std::move(request));
    reply(response_);
  }
  mutable std::mutex mutex_;
  http::Response response_{200, {}, "<PutMetricDataResponse/>"};
  std::vector<http::Request> seen_;
  http::Server server_;
};

class AgentTest : public testing::Test {
 protected:
  std::unique_ptr<Agent> agent(Settings settings = {}) {
    settings.url = settings.url.empty() ? cloud_.url() : settings.url;
    settings.access_key_id = "AKIDEXAMPLE";
    settings.secret = "not-so-secret-0123";
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

TEST_F(AgentTest, sends_this_machine_signed) {
  const auto made = agent({.interval = seconds(10)});
  ASSERT_TRUE(made->run_once());
  for (int i = 0;
       i < 100 && made->unsent() == 0 && metrics_in(cloud_.seen().back().body).count("cpu_usage_active") == 0;
       ++i) {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(20)); // the kernel counts CPU time in ticks of 10 ms
    ASSERT_TRUE(made->run_once());
  }
  const auto seen = cloud_.seen();
  EXPECT_EQ(metrics_in(seen.front().body).count("cpu_usage_active"), 0U) << "a difference needs two readings";
  EXPECT_EQ(metrics_in(seen.front().body).count("mem_used_percent"), 1U);
  const http::Request& last = seen.back();
  EXPECT_EQ(metrics_in(last.body).count("cpu_usage_active"), 1U);
  EXPECT_EQ(metrics_in(last.body).count("disk_used_percent"), 1U);
  EXPECT_NE(last.body.find("Timestamp=2026-08-24T03%3A04%3A05Z"), std::string::npos);
  EXPECT_NE(last.body.find("StorageResolution=1"), std::string::npos);
  const auto verified =
      sigv4::verify({last.method, last.target, last.headers, last.body},
                    [](std::string_view) { return std::optional<std::string>("not-so-secret-0123"); },
                    {"monitoring", clock_.wall(), seconds(300)});
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(*verified, "AKIDEXAMPLE");
  EXPECT_EQ(log(), "");
}

TEST_F(AgentTest, keeps_the_newest_while_the_server_is_away_and_sends_them_with_their_times) {
  const auto made = agent({.interval = seconds(10), .unsent_max = 3});
  cloud_.answer_with(aws_error(400, "Throttling"));
  for (int i = 0; i < 5; ++i) {
    const auto sent = made->run_once();
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().fault, Fault::unavailable);
    clock_.advance(seconds(10));
  }
  EXPECT_EQ(made->unsent(), 3U);
  EXPECT_NE(log().find("1 of the oldest requests were dropped so far"), std::string::npos) << log();
  const std::size_t before = cloud_.seen().size();
  cloud_.answer_with({200, {}, ""});
  ASSERT_TRUE(made->send());
  const auto seen = cloud_.seen();
  ASSERT_EQ(seen.size(), before + 3);
  EXPECT_NE(seen[before].body.find("03%3A04%3A25Z"), std::string::npos);
  EXPECT_NE(seen[before + 1].body.find("03%3A04%3A35Z"), std::string::npos);
  EXPECT_NE(seen[before + 2].body.find("03%3A04%3A45Z"), std::string::npos);
  EXPECT_EQ(made->unsent(), 0U);
}

TEST_F(AgentTest, drops_what_is_refused_for_good) {
  const auto made = agent();
  cloud_.answer_with(aws_error(400, "InvalidParameterValue"));
  EXPECT_TRUE(made->run_once());
  EXPECT_EQ(made->unsent(), 0U);
  EXPECT_NE(log().find("refused for good"), std::string::npos);
  EXPECT_EQ(log().find("not-so-secret"), std::string::npos);
}

TEST_F(AgentTest, tells_what_it_cannot_read_and_sends_the_rest) {
  const auto folder = std::filesystem::temp_directory_path() / ("kaden-agent-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(proc_folder + "/meminfo", folder / "meminfo");
  const auto made = agent({.proc_folder = folder});
  ASSERT_TRUE(made->run_once());
  ASSERT_TRUE(made->run_once());
  EXPECT_EQ(metrics_in(cloud_.seen().back().body).size(), 8U);
  EXPECT_NE(log().find("CPU: reading "), std::string::npos) << log();
  EXPECT_EQ(log().find("CPU"), log().rfind("CPU")) << "said once";
  std::filesystem::remove_all(folder);
}

TEST_F(AgentTest, runs_until_it_is_stopped) {
  const auto made = agent({.interval = seconds(1)});
  std::atomic<bool> stop = false;
  std::thread running([&] { made->run(stop); });
  for (int i = 0; i < 500 && cloud_.seen().empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  for (std::size_t wanted = 2; wanted <= 4; ++wanted) {
    if (wanted == 4) clock_.step_wall(-seconds(3'600));
    for (int i = 0; i < 500 && cloud_.seen().size() < wanted; ++i) {
      clock_.advance(Millis(200));
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_GE(cloud_.seen().size(), wanted);
  }
  stop = true;
  running.join();
}

TEST(AgentSettings, are_checked) {
  const runtime::SystemClock clock;
  const Settings right{.url = "http://a", .access_key_id = "AK", .secret = "s"};
  struct Case {
    std::function<void(Settings&)> spoil;
    const char* says;
  };
  const std::vector<Case> table = {
      {[](Settings&) {}, ""},
      {[](Settings& settings) { settings.url = "a"; }, "url: "},
      {[](Settings& settings) { settings.region = ""; }, "region: "},
      {[](Settings& settings) { settings.access_key_id = "a b"; }, "access_key_id: "},
      {[](Settings& settings) { settings.secret = ""; }, "secret: "},
      {[](Settings& settings) { settings.interval = Millis(999); }, "interval: "},
      {[](Settings& settings) { settings.interval = seconds(3'601); }, "interval: "},
      {[](Settings& settings) { settings.unsent_max = 0; }, "unsent_max: "},
  };
  for (const Case& tried : table) {
    Settings settings = right;
    tried.spoil(settings);
    const auto made = Agent::create(settings, clock, [](const std::string&) {});
    const std::string message = made ? "" : made.error().message;
    EXPECT_EQ(message.substr(0, std::string(tried.says).size()), tried.says);
    EXPECT_EQ(made.has_value(), std::string(tried.says).empty());
  }
}

} // namespace
} // namespace kaden::agent
