// An endpoint in a small world of its own. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>

#include "kaden/cloudwatch.h"
#include "kaden/sigv4.h"

namespace kaden::cloudwatch {

inline const WallTime noon = parse_iso8601("2026-11-23T12:00:00Z").value();

/// Records whose Nth commit fails, once, and whose commits can be held back.
class FaultyRecords final : public journal::Records {
 public:
  explicit FaultyRecords(journal::Records& inner) : inner_(inner) {}
  Result<void> apply(std::span<const Change> changes) override {
    {
      std::unique_lock lock(mutex_);
      released_.wait(lock, [this] { return !held_; });
    }
    if (++commits_ == fail_at_) return fail(Fault::unavailable, "the disk is full");
    return inner_.apply(changes);
  }
  Result<std::map<std::string, std::string>> all(const std::string& kind) const override {
    return inner_.all(kind);
  }
  void fail_at(int commit) { fail_at_ = commit; }
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    released_.notify_all();
  }
  int commits() const { return commits_; }

 private:
  journal::Records& inner_;
  std::atomic<int> commits_{0};
  std::atomic<int> fail_at_{0};
  std::mutex mutex_;
  std::condition_variable released_;
  bool held_ = false;
};

inline alarm::Rule rule(const std::string& name) {
  alarm::Rule made;
  made.name = name;
  made.metric = "cpu_usage_active";
  made.condition.period = seconds(10);
  made.condition.threshold = 80;
  return made;
}

/// An endpoint with a clock, records that outlive it, and a sink whose answers the test gives.
class Town {
 public:
  explicit Town(std::vector<alarm::Rule> rules = {}) : rules_(std::move(rules)) { start(); }

  void start() {
    Settings settings;
    settings.access_keys = keys_;
    settings.allow_unsigned_on_loopback = true;
    auto opened = Endpoint::open(
        settings, rules_, faulty_, clock_,
        [this](AlarmEvent event, std::function<void(bool)> told) {
          const bool wanted = !refuse_;
          events_.push_back(event.alarm + " " + std::string(to_text(event.state)));
          last_ = std::move(event);
          if (hold_) {
            held_.push_back(std::move(told));
          } else {
            told(wanted);
          }
        },
        [this](const alarm::Datum& datum, const std::string&) { observed_ += datum.metric.name + " "; });
    ASSERT_TRUE(opened) << opened.error().message;
    endpoint_ = std::move(*opened);
  }
  void restart() {
    endpoint_.reset();
    held_.clear();
    start();
  }

  static http::Request request(std::string body) {
    http::Request made;
    made.method = "POST";
    made.target = made.path = "/";
    made.headers = {{"Host", "kaden.example"},
                    {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
    made.body = std::move(body);
    made.peer_is_loopback = true;
    return made;
  }
  /// The same operation in a protocol; `body` is a form, JSON, or CBOR.
  static http::Request request(smithy::Protocol protocol, const std::string& operation, std::string body) {
    http::Request made = request(std::move(body));
    const std::string service = "GraniteServiceVersion20100801";
    if (protocol == smithy::Protocol::cbor) {
      made.target = made.path = "/service/" + service + "/operation/" + operation;
      made.headers = {{"Host", "kaden.example"},
                      {"smithy-protocol", "rpc-v2-cbor"},
                      {"Content-Type", "application/cbor"}};
    } else if (protocol == smithy::Protocol::json_1_0) {
      made.headers = {{"Host", "kaden.example"},
                      {"Content-Type", "application/x-amz-json-1.0"},
                      {"X-Amz-Target", service + "." + operation}};
    }
    return made;
  }
  /// Signed, from elsewhere.
  http::Request signed_by(const sigv4::Credentials& key, http::Request made, Millis late = Millis(0)) const {
    made.peer = "10.0.0.9";
    made.peer_is_loopback = false;
    sigv4::sign(made.method, made.target, made.headers, made.body, key, "ap-northeast-1", "monitoring",
                clock_.wall() - late);
    return made;
  }
  http::Response send(const http::Request& made) {
    std::promise<http::Response> answered;
    endpoint_->handle(made, [&](http::Response response) { answered.set_value(std::move(response)); });
    return answered.get_future().get();
  }
  int call(const std::string& body) { return send(request(body)).status; }
  std::string text(const std::string& body) { return send(request(body)).body; }

  /// All are asked before the first commit is through; the statuses, in their order.
  std::vector<int> call_at_once(const std::vector<std::string>& bodies) {
    std::vector<std::promise<int>> answers(bodies.size());
    faulty_.hold(true);
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      endpoint_->handle(request(bodies[i]), [answer = &answers[i]](const http::Response& response) {
        answer->set_value(response.status);
      });
    }
    faulty_.hold(false);
    std::vector<int> statuses;
    for (auto& answer : answers) statuses.push_back(answer.get_future().get());
    return statuses;
  }
  static std::string alarm_form(const std::string& name) {
    return "Action=PutMetricAlarm&AlarmName=" + name +
           "&MetricName=m&Namespace=R&Statistic=Average&Period=60&EvaluationPeriods=1&Threshold=1&"
           "ComparisonOperator=GreaterThanThreshold";
  }
  int put_alarm(const std::string& name, const std::string& more = "") {
    return call(
        "Action=PutMetricAlarm&AlarmName=" + name +
        "&MetricName=cpu_usage_active&Namespace=CWAgent&Statistic=Average&Period=10&EvaluationPeriods=1&"
        "Threshold=80&ComparisonOperator=GreaterThanThreshold&Dimensions.member.1.Name=host&"
        "Dimensions.member.1.Value=web-01" +
        more);
  }
  int put_hourly_alarm(const std::string& name, int hours, const std::string& statistic = "Average",
                       int threshold = 80) {
    return call("Action=PutMetricAlarm&AlarmName=" + name +
                "&MetricName=cpu_usage_active&Namespace=CWAgent&Statistic=" + statistic +
                "&Period=3600&EvaluationPeriods=" + std::to_string(hours) +
                "&Threshold=" + std::to_string(threshold) +
                "&ComparisonOperator=GreaterThanThreshold&Dimensions.member.1.Name=host&"
                "Dimensions.member.1.Value=web-01");
  }
  int set_state(const std::string& name, const std::string& state) {
    return call("Action=SetAlarmState&AlarmName=" + name + "&StateValue=" + state + "&StateReason=drill");
  }
  int put_cpu(double value) {
    return call(
        "Action=PutMetricData&Namespace=CWAgent&MetricData.member.1.MetricName=cpu_usage_active&MetricData."
        "member.1."
        "StorageResolution=1&MetricData.member.1.Dimensions.member.1.Name=host&MetricData.member.1."
        "Dimensions.member.1."
        "Value=web-01&MetricData.member.1.Value=" +
        kaden::to_text(value));
  }
  /// Lets a period pass, evaluates, and waits until everything asked for before is stored.
  void pass_ten_seconds() {
    clock_.advance(seconds(10));
    endpoint_->evaluate(clock_.wall());
    settle();
  }
  /// Each refused name goes through the record writer, in order; a change takes it twice (told, then the next
  /// one).
  void settle() {
    for (int i = 0; i < 4; ++i) call("Action=DeleteAlarms&AlarmNames.member.1=no-such-alarm");
  }
  std::string state_of(const std::string& name) {
    const std::string xml = text("Action=DescribeAlarms&AlarmNames.member.1=" + name);
    const std::size_t at = xml.find("<StateValue>");
    return at == std::string::npos ? "none" : xml.substr(at + 12, xml.find('<', at + 12) - at - 12);
  }
  std::string take_events() {
    std::string out;
    for (const auto& event : events_) out += event + "; ";
    events_.clear();
    return out;
  }

  runtime::ManualClock clock_{noon};
  std::unique_ptr<journal::Records> stored_ = journal::open_records_in_memory();
  FaultyRecords faulty_{*stored_};
  std::vector<alarm::Rule> rules_;
  std::vector<AccessKey> keys_{{"AKIDKADEN", "secret"}};
  std::vector<std::string> events_;
  AlarmEvent last_;
  bool refuse_ = false;
  bool hold_ = false;
  std::deque<std::function<void(bool)>> held_;
  std::string observed_;
  std::unique_ptr<Endpoint> endpoint_;
};

/// The Code of an error in XML.
inline std::string code_of(const std::string& xml) {
  const std::size_t at = xml.find("<Code>");
  return at == std::string::npos
             ? ""
             : xml.substr(at + 6, xml.find('<', at) == at ? xml.find("</Code>") - at - 6 : 0);
}

} // namespace kaden::cloudwatch
