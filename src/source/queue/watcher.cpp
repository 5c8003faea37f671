#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/aws.h"
#include "kaden/limits/queues.h"
#include "kaden/outbox.h"
#include "kaden/queue_source.h"
#include "kaden/readability.h"
#include "kaden/url.h"

namespace kaden::queue {

namespace {

using source::Looked;

constexpr const char* record_kind = "source_state";
constexpr const char* source_name = "queue";

struct Message {
  std::string id, receipt, body;
};

/// {"Messages": [{"MessageId", "ReceiptHandle", "Body", ...}]}; empty: {}.
Result<std::vector<Message>> messages_of(std::string_view body) {
  std::vector<Message> found;
  if (trim(body).empty()) return found;
  const auto value = parse_json(body);
  if (!value || !value->is_object()) return fail(Fault::invalid, "SQS's answer is no JSON object");
  const Fields fields(value->get_object(), "");
  const auto list = fields.array("Messages");
  if (!list) return tl::unexpected<Error>(list.error());
  if (*list == nullptr) return found;
  for (const json::value& each : **list) {
    if (!each.is_object()) return fail(Fault::invalid, "Messages[]: SQS's message is no object");
    const Fields member(each.get_object(), "Messages[]");
    auto receipt = member.text("ReceiptHandle", limits::aws_answer_bytes_max);
    auto text = member.text("Body", limits::aws_answer_bytes_max);
    if (!receipt) return tl::unexpected<Error>(receipt.error());
    if (!text) return tl::unexpected<Error>(text.error());
    found.push_back({member.text_or("MessageId", limits::aws_answer_bytes_max, "").value_or(""),
                     std::move(*receipt), std::move(*text)});
  }
  return found;
}

/// What became of the messages of one answer; shared with those who settle them, who may be late.
class Table {
 public:
  explicit Table(std::size_t count) : settled_(count), open_(count) {}

  void settle(std::size_t index, Settled how) {
    const std::lock_guard lock(mutex_);
    if (settled_.at(index)) return;
    settled_.at(index) = how;
    --open_;
    changed_.notify_all();
  }
  /// Those that nobody settled in time are for later.
  std::vector<Settled> wait(const runtime::Clock& clock, Millis most, const std::atomic<bool>& cancelled) {
    const SteadyTime until = clock.steady() + most;
    std::unique_lock lock(mutex_);
    while (open_ > 0 && clock.steady() < until && !cancelled)
      changed_.wait_for(lock, std::chrono::milliseconds(200));
    std::vector<Settled> out;
    out.reserve(settled_.size());
    for (const auto& one : settled_) out.push_back(one.value_or(Settled::later));
    return out;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<Settled>> settled_;
  std::size_t open_;
};

std::string braces(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '{' ? "{{" : c == '}' ? "}}" : std::string(1, c);
  return out;
}

class QueueWatcher final : public source::Watcher {
 public:
  QueueWatcher(Settings settings, const Ports& ports)
      : settings_(std::move(settings)),
        ports_(ports),
        key_(std::string(source_name) + "/" + settings_.name),
        outbox_(key_, ports.intake, ports.records),
        readability_(settings_.unreadable_after) {}

  const std::string& source() const override { return source_; }
  const std::string& name() const override { return settings_.name; }

  Looked look(const std::atomic<bool>& cancelled) override {
    Looked looked;
    if (!outbox_.tell(looked)) return looked;
    if (!is_restored_) {
      if (const auto restored = restore(); !restored) {
        looked.trouble = restored.error();
        if (restored.error().fault != Fault::corrupt) return looked;
      }
    }
    const auto trouble = read(cancelled);
    if (cancelled) return looked; // what the cancelling broke off says nothing of the queue
    looked.again_in =
        trouble ? std::exchange(retry_, std::min(retry_ * 2, limits::queue_retry_max)) : Millis(0);
    if (!trouble) retry_ = limits::queue_retry;
    if (trouble) looked.trouble = trouble;
    judge(trouble, looked);
    looked.counts = counts_;
    return looked;
  }

 private:
  aws::Call call_of(const char* operation, json::object body, const std::atomic<bool>& cancelled) const {
    aws::Call call;
    call.headers = {{"Content-Type", "application/x-amz-json-1.0"},
                    {"X-Amz-Target", std::string("AmazonSQS.") + operation},
                    {"x-amzn-query-mode", "true"}};
    body.emplace("QueueUrl", settings_.url);
    call.body = to_text(json::value(std::move(body)));
    call.patience = limits::queue_patience;
    call.cancelled = &cancelled;
    return call;
  }

  static Error error_of(const char* doing, const aws::Failure& failure) {
    const bool is_ours =
        failure.kind == aws::FailureKind::refused || failure.kind == aws::FailureKind::credentials;
    return {is_ours ? Fault::denied : Fault::unavailable, std::string(doing) + ": " + to_text(failure)};
  }

  /// What is wrong, or nothing.
  std::optional<Error> read(const std::atomic<bool>& cancelled) {
    const auto answer =
        ports_.client.send(call_of("ReceiveMessage",
                                   {{"MaxNumberOfMessages", limits::queue_receive_max},
                                    {"WaitTimeSeconds", limits::queue_wait.count() / 1'000},
                                    {"VisibilityTimeout", limits::queue_visibility.count() / 1'000}},
                                   cancelled));
    if (!answer) return error_of("reading the queue", answer.error());
    const auto messages = messages_of(answer->body);
    if (!messages) return messages.error();
    if (messages->empty()) return std::nullopt;
    counts_["messages"] += messages->size();
    const auto table = std::make_shared<Table>(messages->size());
    for (std::size_t i = 0; i < messages->size(); ++i) {
      ports_.take(messages->at(i).body, [table, i](Settled how) { table->settle(i, how); });
    }
    return put_away(*messages, table->wait(ports_.clock, limits::queue_settle_max, cancelled), cancelled);
  }

  /// What is stored is deleted; what cannot be read comes again, but not at once.
  std::optional<Error> put_away(const std::vector<Message>& messages, const std::vector<Settled>& settled,
                                const std::atomic<bool>& cancelled) {
    json::array stored, odd;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      json::object entry{{"Id", std::to_string(i)}, {"ReceiptHandle", messages[i].receipt}};
      switch (settled[i]) {
        case Settled::stored:
          stored.emplace_back(std::move(entry));
          break;
        case Settled::odd:
          entry.emplace("VisibilityTimeout", limits::queue_odd_again.count() / 1'000);
          odd.emplace_back(std::move(entry));
          break;
        case Settled::later:
          ++counts_["later"];
          break;
      }
    }
    counts_["deleted"] += stored.size();
    counts_["unreadable"] += odd.size();
    std::optional<Error> trouble;
    if (!stored.empty())
      trouble = change("DeleteMessageBatch", "deleting messages", std::move(stored), cancelled);
    if (!odd.empty()) {
      auto more = change("ChangeMessageVisibilityBatch", "putting messages aside", std::move(odd), cancelled);
      if (!trouble) trouble = std::move(more);
    }
    return trouble;
  }

  /// What fails comes again and is no news then.
  std::optional<Error> change(const char* operation, const char* doing, json::array entries,
                              const std::atomic<bool>& cancelled) {
    const auto answer = ports_.client.send(call_of(operation, {{"Entries", std::move(entries)}}, cancelled));
    if (!answer) return error_of(doing, answer.error());
    const auto value = parse_json(answer->body);
    const auto* object = value ? value->if_object() : nullptr;
    const auto* failed = object == nullptr ? nullptr : object->if_contains("Failed");
    if (failed == nullptr || !failed->is_array() || failed->get_array().empty()) return std::nullopt;
    const json::value& first = failed->get_array().front();
    const auto* code = first.is_object() ? first.get_object().if_contains("Code") : nullptr;
    return Error{
        Fault::unavailable,
        fmt::format("{}: {} of them failed, the first with {}", doing, failed->get_array().size(),
                    code != nullptr && code->is_string() ? std::string_view(code->get_string()) : "?")};
  }

  void judge(const std::optional<Error>& trouble, Looked& looked) {
    const WallTime now = ports_.clock.wall();
    const auto began = readability_.failing_since();
    const auto change = trouble ? readability_.failed(now) : readability_.read();
    std::string state = to_text(readability_.save());
    std::vector<source::Untold> news;
    if (change != Readability::Change::none) {
      const bool is_over = change == Readability::Change::readable;
      news.push_back(
          {event_of(is_over, is_over ? began.value_or(now) : readability_.failing_since().value_or(now),
                    trouble ? trouble->message : "it is read again")});
    }
    std::vector<source::Outbox::Change> changes;
    if (state != saved_) changes.push_back({record_kind, key_, state});
    if (const auto stored = outbox_.store(std::move(changes), std::move(news)); !stored) {
      is_restored_ = false; // as it is stored
      looked.trouble = stored.error();
      return;
    }
    saved_ = std::move(state);
    outbox_.tell(looked);
  }

  AlarmEvent event_of(bool is_over, WallTime began, std::string_view reason) const {
    AlarmEvent event;
    event.source = source_name;
    event.event_id =
        fmt::format("{}/{}/{}", settings_.name, is_over ? "readable" : "unreadable", to_iso8601(began));
    event.alarm = settings_.name + ": the queue cannot be read";
    event.state = is_over ? AlarmState::ok : AlarmState::alarm;
    event.severity = settings_.unreadable;
    event.reason = cut_utf8(reason, limits::reason_bytes_max);
    event.labels = {{"queue", settings_.name}, {"title", event.alarm}};
    const std::string spoken = braces(settings_.spoken_name.empty() ? settings_.name : settings_.spoken_name);
    event.say = {{Language::ja, "{severity}アラームです。AWSのキュー、" + spoken +
                                    "を読み取れません。AWSのアラームが届きません。"},
                 {Language::en, "Kaden, {severity} alarm. The AWS queue " + spoken +
                                    " cannot be read. Alarms from AWS do not arrive."}};
    return event;
  }

  Result<void> restore() {
    const auto stored = ports_.records.all(record_kind);
    if (!stored) return fail_while("reading what is known of the queue", stored.error());
    is_restored_ = true;
    readability_ = Readability(settings_.unreadable_after);
    saved_.clear();
    const auto found = stored->find(key_);
    if (found == stored->end()) return {};
    saved_ = found->second;
    const auto value = parse_json(found->second);
    const auto restored = value ? readability_.restore(*value) : Result<void>(tl::unexpected(value.error()));
    if (restored) return {};
    readability_ = Readability(settings_.unreadable_after);
    return fail(Fault::corrupt, "begun anew: " + restored.error().message);
  }

  // Config
  const std::string source_ = source_name;
  const Settings settings_;
  const Ports ports_;
  const std::string key_;
  // State
  source::Outbox outbox_;
  Readability readability_;
  bool is_restored_ = false;
  std::string saved_;
  Millis retry_ = limits::queue_retry;
  std::map<std::string, std::uint64_t> counts_{
      {"messages", 0}, {"deleted", 0}, {"later", 0}, {"unreadable", 0}};
};

} // namespace

std::string region_of_queue(std::string_view url) {
  const auto parsed = http::parse_url(url);
  if (!parsed) return "";
  const auto parts = split(parsed->host, '.');
  constexpr std::size_t parts_min = 4; // sqs.REGION.amazonaws.com
  if (parts.size() < parts_min) return "";
  if (parts[0] == "sqs" || parts[0] == "sqs-fips") return std::string(parts[1]);
  return parts[1] == "queue" ? std::string(parts[0]) : ""; // the old REGION.queue.amazonaws.com
}

std::unique_ptr<source::Watcher> watch_queue(Settings settings, const Ports& ports) {
  return std::make_unique<QueueWatcher>(std::move(settings), ports);
}

} // namespace kaden::queue
