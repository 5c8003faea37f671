// The command line against a Kaden that answers what the test says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "kaden/app.h"
#include "kaden/http.h"
#include "metrics.h"
#include "remote.h"
#include "source_folder.h"
#include "sources.h"

namespace kaden::app {
namespace {

using testing::HasSubstr;

class CommandsTest : public testing::Test {
 protected:
  CommandsTest()
      : server_({}, [this](const http::Request& request, const http::Reply& reply) {
          std::lock_guard lock(mutex_);
          asked_ = request.method + " " + request.target + " " + request.body;
          const std::string* header = http::find_header(request.headers, "Authorization");
          bearer_ = header == nullptr ? "" : *header;
          http::Response response = http::text_response(status_, answer_);
          reply(std::move(response));
        }) {
    EXPECT_TRUE(server_.start());
    token_ =
        testing::TempDir() + "kaden_commands_token_" + std::to_string(getpid()); // tests run side by side
    std::ofstream(token_) << " secret-token\n";
    url_ = "http://127.0.0.1:" + std::to_string(server_.port());
  }
  ~CommandsTest() override { std::filesystem::remove(token_); }

  /// The exit code; what was printed is in out_ and err_.
  int run(std::vector<std::string> words, bool with_server = true) {
    words.insert(words.begin(), "kaden");
    if (with_server) {
      for (const auto& word : {std::string("--url"), url_, std::string("--token-file"), token_}) {
        words.push_back(word);
      }
    }
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = app::main(static_cast<int>(argv.size()), argv.data());
    std::fflush(stdout);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return code;
  }
  std::string asked() {
    std::lock_guard lock(mutex_);
    return asked_;
  }

  std::mutex mutex_;
  int status_ = 200;
  std::string answer_ = "{}";
  std::string asked_, bearer_;
  std::string out_, err_, token_, url_;
  http::Server server_; // last: its handler uses the others
};

TEST_F(CommandsTest, EachCommandAsksItsOwnQuestion) {
  const struct {
    std::vector<std::string> words;
    const char* asked;
  } cases[] = {
      {{"incidents"}, "GET /api/v1/incidents?limit=20 "},
      {{"incidents", "--state", "triggered", "--limit", "5"},
       "GET /api/v1/incidents?limit=5&state=triggered "},
      {{"incidents", "7"}, "GET /api/v1/incidents/7 "},
      {{"ack", "7"}, "POST /api/v1/incidents/7/ack "},
      {{"resolve", "7"}, "POST /api/v1/incidents/7/resolve "},
      {{"sources"}, "GET /api/v1/sources "},
      {{"timeline", "--after", "3.1"}, "GET /api/v1/timeline?after=3.1&limit=1000&wait_s=0 "},
      {{"call", "sato", "--request-id", "r1", "--text", "x"},
       R"(POST /api/v1/calls {"person":"sato","request_id":"r1","text":"x"})"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(run(one.words), 0) << one.asked << err_;
    EXPECT_EQ(asked(), one.asked);
    EXPECT_EQ(bearer_, "Bearer secret-token");
  }
}

TEST_F(CommandsTest, SourcesAreATableInBothLanguages) {
  answer_ = R"({"sources":[
    {"source":"status","name":"vmware","readable":true,"looked_at":"2026-08-24T01:31:12Z",
     "read_at":"2026-08-24T01:31:12Z","looks":3,"failures":1,"events":2,"trouble":""},
    {"source":"status","name":"aws","readable":false,"looked_at":"2026-08-24T01:31:12Z","read_at":null,
     "looks":3,"failures":3,"events":0,"trouble":"the page answered HTTP status 500"},
    {"source":"status","name":"new","readable":null,"looked_at":null,"read_at":null,"looks":0,"failures":0,
     "events":0,"trouble":""}]})";
  ASSERT_EQ(run({"sources", "--lang", "en"}), 0) << err_;
  EXPECT_EQ(
      out_,
      "source    name                  state       last read                 events  trouble\n"
      "status    vmware                ok          2026-08-24T01:31:12Z           2\n"
      "status    aws                   trouble                                    0  the page answered HTTP "
      "status 500\n"
      "status    new                   not yet                                    0\n");
  ASSERT_EQ(run({"sources", "--lang", "ja"}), 0) << err_;
  EXPECT_THAT(
      out_,
      HasSubstr("ソース    名前                  状態        最後に読めた時刻            通知  問題\n"));
  EXPECT_THAT(out_, HasSubstr("vmware                正常 "));
  ASSERT_EQ(run({"sources", "--json"}), 0);
  EXPECT_EQ(parse_json(out_).value(), parse_json(answer_).value());
  answer_ = R"({"sources":[]})";
  ASSERT_EQ(run({"sources", "--lang", "en"}), 0);
  EXPECT_EQ(out_, "Nothing is watched.\n");
  answer_ = R"({"sources":5})";
  EXPECT_EQ(run({"sources"}), 1);
}

TEST_F(CommandsTest, ErrorsAreOneSentenceAndAnExitCode) {
  status_ = 404;
  answer_ = R"({"error":{"fault":"not_found","message":"there is no incident 7"}})";
  EXPECT_EQ(run({"ack", "7"}), 1);
  EXPECT_EQ(err_, "kaden: there is no incident 7\n");
  answer_ = "<html>";
  EXPECT_EQ(run({"ack", "7"}), 1);
  EXPECT_EQ(err_, "kaden: HTTP status 404\n");
  status_ = 200;
  answer_ = R"({"incidents":5})";
  EXPECT_EQ(run({"incidents"}), 1);
  EXPECT_THAT(err_, HasSubstr("incidents"));
  EXPECT_EQ(run({"incidents", "--url", "http://127.0.0.1:1", "--token-file", token_}, false), 2);
  EXPECT_THAT(err_, HasSubstr("127.0.0.1:1"));
  EXPECT_EQ(run({"incidents", "--url", url_, "--token-file", "/nonexistent"}, false), 1);
  EXPECT_THAT(err_, HasSubstr("/nonexistent"));
}

TEST_F(CommandsTest, WrongWordsAreRefusedBeforeAnythingIsAsked) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"incidents", "--state", "open"},
                                                {"incidents", "--limit", "0"},
                                                {"ack"},
                                                {"ack", "x"},
                                                {"call"},
                                                {"nothing"},
                                                {"say", "x", "--lang", "fr"},
                                                {"alarms"},
                                                {"alarms", "test"},
                                                {"import"},
                                                {"import", "cloudwatch-alarms"},
                                                {"import", "cloudwatch-alarms", "x.json", "--requests-only"},
                                                {"incidents", "--color", "blue"}}) {
    EXPECT_NE(run(words, false), 0) << testing::PrintToString(words);
  }
  EXPECT_EQ(asked(), "");
  EXPECT_EQ(run({"say", "{x", "-o", "/nonexistent/x.wav"}, false), 1);
  EXPECT_THAT(err_, HasSubstr("kaden: "));
  EXPECT_EQ(run({"check", "/nonexistent.yaml"}, false), 1);
  EXPECT_EQ(run({"journal", "verify", "--store", "/nonexistent"}, false), 1);
  EXPECT_EQ(run({"journal", "print", "--store", "/nonexistent"}, false), 1);
  EXPECT_EQ(run({"phone", "--plan", "sato=fly@3"}, false), 1);
  EXPECT_EQ(run({"alarms", "test", "x", "--from", "-6h", "--config", "/nonexistent.yaml"}, false), 1);
  EXPECT_THAT(err_, HasSubstr("/nonexistent.yaml"));
  EXPECT_EQ(run({"import", "cloudwatch-alarms", "/nonexistent.json"}, false), 1);
  EXPECT_EQ(run({"import", "cloudwatch-agent", "/nonexistent.json"}, false), 1);
}

TEST_F(CommandsTest, ImportsWriteAScriptForItsOwnerAndCountWhatIsWrong) {
  const auto folder =
      std::filesystem::path(testing::TempDir()) / ("kaden_import_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const std::string alarms = folder / "alarms.json", script = folder / "script",
                    agent = folder / "agent.json";
  std::ofstream(alarms)
      << R"({"MetricAlarms": [], "CompositeAlarms": [{"AlarmName": "c", "AlarmRule": "NOT ALARM(a) "}]})";
  EXPECT_EQ(run({"import", "cloudwatch-alarms", alarms, "--requests", script, "--lang", "en"}, false), 0);
  EXPECT_EQ(err_, "0 alarms became 0 rules; 1 are in " + script + "; 0 are neither, see the comments.\n");
  EXPECT_THAT(out_, HasSubstr("alarms: []\n"));
  EXPECT_EQ(std::filesystem::status(script).permissions(), std::filesystem::perms::owner_all);
  EXPECT_GT(std::filesystem::file_size(script), 0U);
  EXPECT_EQ(run({"import", "cloudwatch-alarms", alarms, "--requests", script, "--requests-only"}, false), 0);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(run({"import", "cloudwatch-alarms", alarms, "--requests", folder}, false), 1);
  EXPECT_THAT(err_, HasSubstr("cannot be written"));

  std::ofstream(agent) << R"({"agent": {"region": "x", "debug": 1}})";
  EXPECT_EQ(run({"import", "cloudwatch-agent", agent, "--lang", "en"}, false), 1);
  EXPECT_EQ(err_, "1 mistakes, with which the agent does not start; 1 warnings.\n");
  std::ofstream(agent) << R"({"agent": {"region": "x", "debug": true}})";
  EXPECT_EQ(run({"import", "cloudwatch-agent", agent, "--lang", "en"}, false), 0);
  EXPECT_EQ(err_, "0 mistakes, with which the agent does not start; 1 warnings.\n");
  std::filesystem::remove_all(folder);
}

TEST(TimelineLine, IsForPeople) {
  const json::object entry{{"at", "2026-11-23T06:43:30.125Z"},
                           {"incident", 17},
                           {"what", "acknowledged"},
                           {"person", "sato"},
                           {"why", "by_key"},
                           {"detail", ""}};
  EXPECT_THAT(timeline_line(entry, Language::en, false), HasSubstr("06:43:30"));
  EXPECT_THAT(timeline_line(entry, Language::en, false), HasSubstr("acknowledged"));
  EXPECT_THAT(timeline_line(entry, Language::ja, false), HasSubstr("対応受付"));
  EXPECT_NO_THROW(static_cast<void>(timeline_line({}, Language::en, true)));
}

TEST(TimelineLine, AVerdictHasItsReasonInTheReadersLanguage) {
  const json::object entry{{"at", "2026-11-23T06:43:30.125Z"},
                           {"incident", 17},
                           {"what", "triaged"},
                           {"why", "by_model"},
                           {"detail", "critical (rule: warning)"},
                           {"reason", json::object{{"ja", "停止しています"}, {"en", "it is down"}}}};
  EXPECT_EQ(timeline_line(entry, Language::en, false),
            "06:43:30  severity           #17   critical (rule: warning)  it is down  (by_model)");
  EXPECT_EQ(timeline_line(entry, Language::ja, false),
            "06:43:30  重大度判定         #17   critical (rule: warning)  停止しています  (by_model)");
}

TEST(Metrics, EachNameIsInTheRunbook) {
  std::ifstream file(source_folder() + "/docs/runbook.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  Figures figures;
  figures.sip = carrier::SipCounts{};
  figures.stored = datapoints::Store::Counts{};
  std::vector<api::Metric> all = metrics_of(figures);
  add_metrics({source::Standing{}}, all);
  for (auto& metric : api::metrics_of(incident::Counts{})) all.push_back(std::move(metric));
  for (const auto& metric : all) EXPECT_THAT(page, HasSubstr("`" + metric.name)) << metric.help;
  EXPECT_GT(all.size(), 30U);
}

} // namespace
} // namespace kaden::app
