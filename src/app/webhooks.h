/// app/webhooks.h - what other tools post to /hooks/NAME, /v2/enqueue (PagerDuty's) and /v2/alerts
/// (Opsgenie's): who may, how often, and how it becomes durable alarm events. Room: app. Uses: config,
/// source/webhook, http, api. Threads: handle() on the HTTP server's, never blocking; the work on two threads
/// of its own, so that a slow answer of AWS delays no other sender. Errors: in the sender's own form: 400
/// names the JSON path, 401 the token, 404, 405, 413, 429 too often, 503 nothing was stored: the same again,
/// soon.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hook_store.h"
#include "kaden/api.h"
#include "kaden/config.h"
#include "kaden/http.h"
#include "kaden/metrics.h"
#include "kaden/runtime.h"
#include "kaden/webhook.h"
#include "kaden/writer.h"
#include "kept_calls.h"
#include "sns_trust.h"

namespace kaden::app {

class Webhooks {
 public:
  struct Parts {
    const runtime::Clock& clock;
    std::string store_path;
    Submit submit;
    Ask ask;
    SnsTrust::Fetch fetch;
    /// The rules of a text, for a replay under another mapping.
    std::function<Result<webhook::Rules>(const std::string&)> parse_rules;
    /// One line for the log when something was refused; the same line at most once a minute. Any thread.
    std::function<void(const std::string&)> notice;
  };
  /// The store may fail to open: then nothing is kept, which trouble() says, and alarms go on.
  explicit Webhooks(Parts parts);
  ~Webhooks();
  Webhooks(const Webhooks&) = delete;
  Webhooks& operator=(const Webhooks&) = delete;

  /// At run time, for requests from now on. Counts of webhooks that stay are kept.
  void set(const std::vector<config::Webhook>& hooks);
  /// True when the path is one of ours; then reply is called exactly once.
  bool handle(http::Request& request, const http::Reply& reply);
  /// A message of a queue (format sqs), kept and read as if it had been posted; who may fill the queue is the
  /// queue's own affair. `settle` is called exactly once, with the HTTP status that a sender would get. Any
  /// thread; does not block.
  void deliver(const std::string& name, std::string body, const std::function<void(int status)>& settle);
  /// The answer to a body that is too long, or too slow, for one of our paths.
  std::optional<http::Response> refused(const http::Request& head, int status) const;
  /// GET webhooks/deliveries, GET webhooks/deliveries/#, POST webhooks/deliveries/#/replay.
  std::vector<api::Call> calls();

  /// Empty while deliveries can be kept.
  std::string trouble() const;
  void add_metrics(std::vector<api::Metric>& out) const;

 private:
  /// One webhook; shared with the work under way.
  struct Hook;
  using HookPtr = std::shared_ptr<Hook>;
  struct Target;
  struct Job;

  std::optional<Target> find(const http::Request& request) const;
  HookPtr admit(const Target& target, const http::Request& request, std::string& token) const;
  bool takes_one_more(Hook& hook);
  void process(const std::shared_ptr<Job>& job);
  Result<void> believe(const Job& job);
  Result<std::vector<AlarmEvent>> settle_ids(webhook::Read read, std::size_t& old);
  struct Known;
  Result<void> settle_left(std::vector<Known>& news, WallTime now);
  void answer(const std::shared_ptr<Job>& job, const webhook::Answer& answer, const std::string& outcome,
              std::size_t events);
  void note_store(const Error* error);
  void tell(const std::string& line);

  // webhook_calls.cpp, on the worker
  void list(const std::string& query, const http::Reply& reply);
  void show(const std::string& number, const http::Reply& reply);
  void replay(const std::string& text, const std::string& number, const http::Reply& reply);
  /// Of the request's mapping, else as the webhook is configured now.
  Result<webhook::Rules> rules_for(const Kept& kept, const json::object& body) const;
  std::optional<webhook::Rules> rules_now(const std::string& name) const;

  // Borrowed and owned parts
  const Parts parts_;
  SnsTrust trust_;
  std::unique_ptr<HookStore> store_; // null: it could not be opened
  // State
  mutable std::mutex mutex_;
  std::vector<HookPtr> hooks_; // replaced as a whole
  std::string store_trouble_;
  std::string told_; // the last line of the log
  SteadyTime told_at_{};
  std::atomic<std::size_t> waiting_{0};     // jobs that no worker has begun
  std::atomic<std::uint64_t> strangers_{0}; // requests with no or a wrong token
  // Owned; last, so that their jobs end first
  std::unique_ptr<runtime::Worker> worker_;
  std::unique_ptr<runtime::Worker> sns_worker_;
};

/// With the configuration's webhooks, into the writer's journal.
std::unique_ptr<Webhooks> open_webhooks(const config::Settings& settings, const runtime::Clock& clock,
                                        writer::Writer& writer,
                                        std::function<void(const std::string&)> notice);

} // namespace kaden::app
