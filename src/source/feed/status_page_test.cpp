// One page, looked at with answers and times that the test gives.
#include "kaden/status_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <iterator>
#include <map>

#include "kaden/kept_events.h"
#include "kaden/limits/provider_status.h"
#include "source_folder.h"

namespace kaden::source {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* rss_url = "https://status.example.com/history.rss";
constexpr const char* json_url = "https://status.example.com/api/v2/summary.json";
constexpr const char* words_url = "https://status.example.com/api/v2/incidents.json";

std::string sample(const std::string& name) {
  std::ifstream file(source_folder() + "/src/statusfeed/testdata/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

http::Response answer(const std::string& sample_name, http::Headers headers = {}) {
  return {200, std::move(headers), sample(sample_name)};
}
http::Response status(int code, http::Headers headers = {}) {
  return {code, std::move(headers), ""};
}

/// What lies behind each URL; the last answer of a URL stays.
class Web {
 public:
  void put(const std::string& url, Result<http::Response> response) { answers_[url] = {std::move(response)}; }
  void add(const std::string& url, Result<http::Response> response) {
    answers_[url].push_back(std::move(response));
  }
  Fetch fetch() {
    return [this](const http::ClientRequest& request) -> Result<http::Response> {
      asked.push_back(request);
      auto& list = answers_[request.url];
      if (list.empty()) return fail(Fault::unavailable, "nothing at " + request.url);
      Result<http::Response> response = list.front();
      if (list.size() > 1) list.pop_front();
      return response;
    };
  }
  std::vector<std::string> asked_urls() const {
    std::vector<std::string> urls;
    for (const auto& request : asked) urls.push_back(request.url);
    return urls;
  }
  std::string asked_header(const char* name) const {
    const std::string* value = http::find_header(asked.back().headers, name);
    return value == nullptr ? "-" : *value;
  }

  std::vector<http::ClientRequest> asked;

 private:
  std::map<std::string, std::deque<Result<http::Response>>> answers_;
};

class Journal final : public KeptEvents {
 public:
  /// "opened connectivity ALARM", newest last; then forgotten.
  std::vector<std::string> lines() {
    std::vector<std::string> lines;
    for (const AlarmEvent& event : events) {
      const auto stage = event.labels.find("stage");
      lines.push_back(event.labels.at("happening") + " " + std::string(to_text(event.state)) +
                      (stage == event.labels.end() ? "" : " " + stage->second));
    }
    events.clear();
    return lines;
  }
};

/// Records that refuse on command.
class Shelf final : public journal::Records {
 public:
  Result<void> apply(std::span<const Change> changes) override {
    if (is_down) return fail(Fault::unavailable, "no room");
    ++commits;
    return inner_->apply(changes);
  }
  Result<std::map<std::string, std::string>> all(const std::string& kind) const override {
    if (is_unreadable) return fail(Fault::unavailable, "cannot be read");
    return inner_->all(kind);
  }

  bool is_down = false;
  bool is_unreadable = false;
  int commits = 0;

 private:
  std::unique_ptr<Records> inner_ = journal::open_records_in_memory();
};

class StatusPageTest : public testing::Test {
 protected:
  StatusPageTest() {
    settings_.watch.page = "vmware";
    settings_.alarms.spoken_name = "VMware Cloud";
    settings_.url = rss_url;
    settings_.seed = 7;
    begin();
  }

  /// As after a start, in the middle of everything.
  void begin() { page_ = watch_status_page(settings_, clock_, journal_, shelf_, web_.fetch()); }
  Looked look(Millis after = seconds(60)) {
    clock_.advance(after);
    return page_->look(cancelled_);
  }
  std::string trouble(Millis after = seconds(60)) {
    const Looked looked = look(after);
    return looked.trouble ? looked.trouble->message : "";
  }

  runtime::ManualClock clock_{parse_iso8601("2026-08-24T03:25:00Z").value()};
  Web web_;
  Journal journal_;
  Shelf shelf_;
  std::atomic<bool> cancelled_ = false;
  StatusPageSettings settings_;
  std::unique_ptr<Watcher> page_;
};

TEST_F(StatusPageTest, an_incident_from_its_begin_to_its_end_with_a_restart_at_every_step) {
  const struct {
    const char* sample;
    std::vector<std::string> news;
  } steps[] = {
      {"poll-1-investigating.rss", {"opened ALARM investigating"}},
      {"poll-1-investigating.rss", {}},
      {"poll-2-identified.rss", {"updated ALARM identified"}},
      {"poll-3-monitoring.rss", {"updated ALARM monitoring"}},
      {"poll-2-identified.rss", {}}, // a stale copy
      {"poll-4-resolved.rss", {"resolved OK resolved"}},
      {"poll-4-resolved.rss", {}},
  };
  for (const auto& step : steps) {
    for (int time = 0; time < 2; ++time) {
      web_.put(rss_url, answer(step.sample));
      const Looked looked = look();
      EXPECT_FALSE(looked.trouble) << looked.trouble->message;
      const auto lines = journal_.lines();
      EXPECT_EQ(lines, time == 0 ? step.news : std::vector<std::string>{}) << step.sample;
      EXPECT_EQ(looked.reported, lines.size());
      begin();
    }
  }
}

TEST_F(StatusPageTest, asks_as_an_honest_client) {
  settings_.ca_file = "/etc/ca.pem";
  settings_.user_agent = "kaden/1";
  settings_.timeout = seconds(7);
  begin();
  web_.put(rss_url, answer("empty.rss"));
  look();
  const auto& request = web_.asked.at(0);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(web_.asked_header("User-Agent"), "kaden/1");
  EXPECT_EQ(request.ca_file, "/etc/ca.pem");
  EXPECT_EQ(request.patience, seconds(7));
  EXPECT_EQ(request.response_bytes_max, limits::status_page_bytes_max);
  EXPECT_TRUE(request.accept_compressed);
  EXPECT_FALSE(request.allow_link_local);
  EXPECT_EQ(request.cancelled, &cancelled_);
}

TEST_F(StatusPageTest, sends_back_validators_exactly_as_received) {
  web_.put(rss_url, answer("poll-1-investigating.rss", {{"etag", "W/\"odd \\ one-gzip\""},
                                                        {"Last-Modified", "Mon, 24 Aug 2026 01:31:12 GMT"}}));
  look();
  EXPECT_EQ(web_.asked_header("If-None-Match"), "-");
  journal_.events.clear();
  web_.put(rss_url, status(304, {{"ETag", "\"second\""}}));
  EXPECT_EQ(trouble(), "");
  EXPECT_EQ(web_.asked_header("If-None-Match"), "W/\"odd \\ one-gzip\"");
  EXPECT_EQ(web_.asked_header("If-Modified-Since"), "Mon, 24 Aug 2026 01:31:12 GMT");
  EXPECT_EQ(trouble(), "");
  EXPECT_EQ(web_.asked_header("If-None-Match"), "\"second\"");
  EXPECT_EQ(web_.asked_header("If-Modified-Since"), "Mon, 24 Aug 2026 01:31:12 GMT");
  EXPECT_THAT(journal_.lines(), IsEmpty());
  begin();
  web_.put(rss_url, answer("poll-1-investigating.rss"));
  look();
  EXPECT_EQ(web_.asked_header("If-None-Match"), "-") << "the settings may have changed since";
}

TEST_F(StatusPageTest, forgets_validators_when_the_answer_was_of_no_use) {
  const http::Headers bad{{"ETag", "\"bad\""}};
  const std::vector<Result<http::Response>> useless = {
      status(500), http::Response{200, bad, sample("html-error-page.html")}, http::Response{200, bad, ""},
      http::Response{200, bad, sample("hostile-entity.rss")},
      Result<http::Response>(fail(Fault::timeout, "no answer in 20 s"))};
  for (const auto& response : useless) {
    web_.put(rss_url, answer("poll-1-investigating.rss", {{"ETag", "\"good\""}}));
    look();
    web_.put(rss_url, response);
    EXPECT_NE(trouble(), "");
    EXPECT_EQ(web_.asked_header("If-None-Match"), "\"good\"");
    EXPECT_NE(trouble(), "");
    EXPECT_EQ(web_.asked_header("If-None-Match"), "-");
  }
  web_.put(rss_url, status(304));
  EXPECT_THAT(trouble(), HasSubstr("304 (not modified) to a question without condition"));
}

TEST_F(StatusPageTest, what_could_not_be_told_is_told_before_the_next_look) {
  web_.put(rss_url, answer("poll-1-investigating.rss", {{"ETag", "\"one\""}}));
  journal_.is_full = true;
  EXPECT_EQ(trouble(), "the disk is full");
  EXPECT_EQ(look().reported, 0U);
  EXPECT_THAT(web_.asked, SizeIs(1));
  journal_.is_full = false;
  EXPECT_EQ(look().reported, 1U);
  EXPECT_THAT(web_.asked, SizeIs(2));
  EXPECT_THAT(journal_.lines(), ElementsAre("opened ALARM investigating"));
}

TEST_F(StatusPageTest, what_could_not_be_told_before_a_crash_is_told_after_it_with_its_end) {
  web_.put(rss_url, answer("poll-1-investigating.rss"));
  journal_.is_full = true;
  look();
  begin();
  look();
  journal_.is_full = false;
  web_.put(rss_url, answer("poll-4-resolved.rss"));
  begin();
  EXPECT_EQ(look().reported, 2U);
  ASSERT_THAT(journal_.events, SizeIs(2));
  EXPECT_EQ(journal_.events[0].alarm, journal_.events[1].alarm);
  EXPECT_THAT(journal_.lines(), ElementsAre("opened ALARM investigating", "resolved OK resolved"));
}

TEST_F(StatusPageTest, what_could_not_be_remembered_is_not_told_and_news_again_with_the_same_ids) {
  web_.put(rss_url, answer("empty.rss"));
  look();
  web_.put(rss_url, answer("poll-1-investigating.rss", {{"ETag", "\"one\""}}));
  shelf_.is_down = true;
  EXPECT_THAT(trouble(), HasSubstr("no room"));
  EXPECT_THAT(journal_.events, IsEmpty());
  EXPECT_THAT(trouble(), HasSubstr("no room"));
  EXPECT_EQ(web_.asked_header("If-None-Match"), "-") << "a 304 would hide what was not stored";
  shelf_.is_down = false;
  EXPECT_EQ(look().reported, 1U);
  EXPECT_THAT(journal_.lines(), ElementsAre("opened ALARM investigating"));
  begin();
  EXPECT_EQ(look().reported, 0U);
}

TEST_F(StatusPageTest, an_unchanged_page_is_not_stored_again) {
  web_.put(rss_url, answer("poll-1-investigating.rss"));
  look();
  const int commits = shelf_.commits;
  for (int i = 0; i < 5; ++i) look();
  EXPECT_EQ(shelf_.commits, commits);
}

TEST_F(StatusPageTest, a_page_that_cannot_be_read_is_an_alarm_and_its_end_is_told) {
  settings_.watch.unreadable_after = seconds(300);
  begin();
  web_.put(rss_url, answer("empty.rss"));
  look();
  web_.put(rss_url, status(500));
  for (int minute = 0; minute < 5; ++minute) {
    EXPECT_EQ(trouble(), "the page answered HTTP status 500");
    EXPECT_THAT(journal_.lines(), IsEmpty()) << minute;
    begin(); // a restart does not begin the wait anew
  }
  look();
  ASSERT_THAT(journal_.events, SizeIs(1));
  EXPECT_EQ(journal_.events[0].alarm, "vmware:unreadable");
  EXPECT_THAT(journal_.events[0].reason, HasSubstr("HTTP status 500"));
  EXPECT_THAT(journal_.lines(), ElementsAre("unreadable ALARM"));
  begin();
  look();
  EXPECT_THAT(journal_.lines(), IsEmpty());
  web_.put(rss_url, answer("poll-1-investigating.rss"));
  look();
  EXPECT_THAT(journal_.lines(), ElementsAre("readable OK", "opened ALARM investigating"));
}

TEST_F(StatusPageTest, an_alarm_that_could_not_be_stored_is_raised_again) {
  settings_.watch.unreadable_after = seconds(0);
  begin();
  journal_.is_full = true;
  look();
  journal_.is_full = false;
  look();
  EXPECT_THAT(journal_.lines(), ElementsAre("unreadable ALARM"));
}

TEST_F(StatusPageTest, redirects_are_followed_with_the_time_that_is_left) {
  web_.put(rss_url, status(301, {{"Location", "/moved.rss"}}));
  web_.put("https://status.example.com/moved.rss", status(307, {{"Location", "https://cdn.example.net/f"}}));
  web_.put("https://cdn.example.net/f", answer("poll-1-investigating.rss", {{"ETag", "\"cdn\""}}));
  EXPECT_EQ(trouble(), "");
  EXPECT_EQ(look().trouble, std::nullopt);
  // The condition belongs to where the answer came from; the file's URL is asked first each time.
  EXPECT_THAT(web_.asked_urls(), SizeIs(6));
  EXPECT_EQ(web_.asked[3].url, rss_url);
  EXPECT_EQ(http::find_header(web_.asked[3].headers, "If-None-Match"), nullptr);
  EXPECT_EQ(web_.asked_header("If-None-Match"), "\"cdn\"");
}

TEST_F(StatusPageTest, without_tls_a_name_must_not_resolve_to_an_address_inside) {
  settings_.url = "http://status.example.com/history.rss";
  settings_.allow_plain = true;
  begin();
  web_.put(settings_.url, status(301, {{"Location", "/moved.rss"}}));
  web_.put("http://status.example.com/moved.rss", status(301, {{"Location", "http://cdn.example.net/f"}}));
  web_.put("http://cdn.example.net/f", answer("empty.rss"));
  look();
  ASSERT_THAT(web_.asked, SizeIs(3));
  EXPECT_EQ(web_.asked[0].nearest, std::nullopt) << "where the operator pointed";
  EXPECT_EQ(web_.asked[1].nearest, std::nullopt);
  EXPECT_EQ(web_.asked[2].nearest, http::HostKind::name);
}

TEST_F(StatusPageTest, redirects_that_are_not_followed) {
  const struct {
    const char* location;
    const char* trouble;
    std::size_t asked;
  } cases[] = {
      {rss_url, "redirects more than 5 times", 6},
      {"http://status.example.com/history.rss", "from https to http", 1},
      {"https://169.254.169.254/latest/meta-data/", "169.254.169.254, an address inside", 1},
      {"https://127.0.0.1:8480/metrics", "an address inside", 1},
      {"", "is empty", 1},
  };
  for (const auto& one : cases) {
    web_.asked.clear();
    web_.put(rss_url, status(302, {{"Location", one.location}}));
    EXPECT_THAT(trouble(), HasSubstr(one.trouble));
    EXPECT_THAT(web_.asked, SizeIs(one.asked)) << one.location;
  }
  web_.put(rss_url, status(302));
  EXPECT_THAT(trouble(), HasSubstr("leads nowhere"));
}

TEST_F(StatusPageTest, a_page_that_asks_to_be_left_alone_is_and_the_alarm_still_comes) {
  settings_.watch.unreadable_after = seconds(300);
  begin();
  web_.put(rss_url, status(429, {{"Retry-After", "600"}}));
  EXPECT_EQ(trouble(), "the page answered HTTP status 429");
  web_.put(rss_url, answer("empty.rss"));
  for (int minute = 1; minute < 10; ++minute) {
    EXPECT_THAT(trouble(), HasSubstr("HTTP status 429; it asks to be left alone for")) << minute;
    EXPECT_THAT(journal_.lines(), SizeIs(minute == 5 ? 1 : 0)) << minute;
  }
  EXPECT_THAT(web_.asked, SizeIs(1));
  EXPECT_EQ(trouble(), "");
  EXPECT_THAT(journal_.lines(), ElementsAre("readable OK"));
  web_.put(rss_url, status(503, {{"Retry-After", "999999"}}));
  look();
  EXPECT_THAT(trouble(limits::status_retry_after_max - seconds(1)), HasSubstr("left alone for 1 s"));
  web_.put(rss_url, answer("empty.rss"));
  EXPECT_EQ(trouble(seconds(1)), "");
  web_.put(rss_url, status(500, {{"Retry-After", "600"}}));
  look();
  EXPECT_EQ(trouble(), "the page answered HTTP status 500") << "only 429 and 503 have the word";
}

TEST_F(StatusPageTest, the_providers_own_last_words_are_asked_for) {
  settings_.url = json_url;
  begin();
  web_.put(json_url, answer("summary.json"));
  look();
  EXPECT_THAT(journal_.lines(), ElementsAre("opened ALARM monitoring"));
  web_.put(json_url, answer("summary-all-good.json"));
  web_.put(words_url, answer("incidents.json"));
  look();
  ASSERT_THAT(journal_.events, SizeIs(1));
  EXPECT_EQ(journal_.events[0].labels.at("why"), "page_says_over");
  EXPECT_EQ(journal_.events[0].state, AlarmState::ok);
  EXPECT_THAT(web_.asked_urls(), ElementsAre(json_url, json_url, words_url));
  look();
  EXPECT_THAT(web_.asked_urls(), SizeIs(4)) << "once is enough";
}

TEST_F(StatusPageTest, without_last_words_what_left_the_list_is_over_all_the_same) {
  settings_.url = json_url;
  begin();
  web_.put(json_url, answer("summary.json"));
  look();
  journal_.events.clear();
  web_.put(json_url, answer("summary-all-good.json"));
  look();
  ASSERT_THAT(journal_.events, SizeIs(1));
  EXPECT_EQ(journal_.events[0].labels.at("why"), "left_the_list");
  EXPECT_EQ(journal_.events[0].state, AlarmState::ok);
}

TEST_F(StatusPageTest, what_left_a_list_without_a_time_is_over_after_three_whole_answers) {
  settings_.url = json_url;
  begin();
  const auto untimed = [](const char* name) {
    http::Response response = answer(name, {{"ETag", "\"same\""}});
    const std::string member = "\"updated_at\"";
    const std::size_t at = response.body.find(member, response.body.find("\"page\""));
    response.body.replace(at, member.size(), "\"not_updated\"");
    return response;
  };
  web_.put(json_url, untimed("summary.json"));
  look();
  EXPECT_THAT(journal_.lines(), ElementsAre("opened ALARM monitoring"));
  web_.put(json_url, untimed("summary-all-good.json"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(journal_.lines(), IsEmpty());
    look();
    EXPECT_EQ(web_.asked[static_cast<std::size_t>(i) + 1].url, json_url);
    if (i > 0) {
      EXPECT_EQ(web_.asked_header("If-None-Match"), "-") << "a 304 would settle nothing";
    }
  }
  ASSERT_THAT(journal_.events, SizeIs(1));
  EXPECT_EQ(journal_.events[0].labels.at("why"), "left_the_list");
}

TEST_F(StatusPageTest, an_amazon_feed_is_one_incident_of_many_items) {
  settings_.watch.page = "aws-ec2-tokyo";
  settings_.watch.first_age_max = seconds(86'400);
  begin();
  web_.put(rss_url, answer("aws-empty.rss"));
  look();
  const std::string whole = sample("aws-ec2-ap-northeast-1.rss");
  // Items are added at the top: what the feed was before each.
  const auto from_item = [&](int first) {
    std::size_t begin = whole.find("    <item>");
    std::size_t at = begin;
    for (int i = 0; i < first; ++i) at = whole.find("    <item>", at + 1);
    return http::Response{200, {}, whole.substr(0, begin) + whole.substr(at)};
  };
  web_.put(rss_url, from_item(2));
  look();
  web_.put(rss_url, from_item(1));
  look();
  web_.put(rss_url, from_item(0));
  look();
  ASSERT_THAT(journal_.events, SizeIs(3));
  EXPECT_EQ(journal_.events[0].alarm, journal_.events[2].alarm);
  EXPECT_EQ(journal_.events[0].state, AlarmState::alarm);
  EXPECT_EQ(journal_.events[1].state, AlarmState::alarm);
  EXPECT_EQ(journal_.events[2].state, AlarmState::ok);
}

TEST_F(StatusPageTest, a_state_that_cannot_be_read_is_begun_anew_and_said_once) {
  const std::vector<journal::Records::Change> rubbish{{"source_state", "status/vmware", "{}"}};
  ASSERT_TRUE(shelf_.apply(rubbish));
  web_.put(rss_url, answer("poll-1-investigating.rss"));
  EXPECT_THAT(trouble(), HasSubstr("begun anew"));
  EXPECT_THAT(journal_.lines(), ElementsAre("opened ALARM investigating"));
  EXPECT_EQ(trouble(), "");
  begin();
  EXPECT_EQ(trouble(), "");
  EXPECT_THAT(journal_.lines(), IsEmpty());
}

TEST_F(StatusPageTest, without_its_state_nothing_is_judged) {
  web_.put(rss_url, answer("poll-1-investigating.rss"));
  shelf_.is_unreadable = true;
  EXPECT_THAT(trouble(), HasSubstr("cannot be read"));
  EXPECT_THAT(web_.asked, IsEmpty());
  shelf_.is_unreadable = false;
  EXPECT_EQ(trouble(), "");
  EXPECT_THAT(journal_.lines(), ElementsAre("opened ALARM investigating"));
}

TEST_F(StatusPageTest, a_look_that_is_cancelled_says_nothing_of_the_page) {
  settings_.watch.unreadable_after = seconds(0);
  begin();
  cancelled_ = true;
  EXPECT_EQ(trouble(), "");
  EXPECT_THAT(journal_.events, IsEmpty());
  EXPECT_EQ(shelf_.commits, 0);
}

TEST_F(StatusPageTest, pages_do_not_ask_in_step) {
  web_.put(rss_url, answer("empty.rss"));
  const auto pauses = [&](std::uint64_t seed) {
    settings_.seed = seed;
    begin();
    std::vector<Millis> all;
    for (int i = 0; i < 200; ++i) all.push_back(look(seconds(0)).again_in);
    return all;
  };
  const auto first = pauses(1);
  EXPECT_EQ(first, pauses(1)) << "chance comes from the seed";
  EXPECT_NE(first, pauses(2));
  EXPECT_THAT(first, testing::Each(testing::AllOf(testing::Ge(seconds(54)), testing::Le(seconds(66)))));
  EXPECT_LT(*std::min_element(first.begin(), first.end()), seconds(56));
  EXPECT_GT(*std::max_element(first.begin(), first.end()), seconds(64));
}

} // namespace
} // namespace kaden::source
