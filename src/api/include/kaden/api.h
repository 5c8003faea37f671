/// kaden/api.h - REST under /api/v1, /healthz and /metrics. Room: api. Uses: base, runtime, script, incident,
/// writer, http. Threads: handle() on the HTTP server's threads, replies from the writer's thread or a
/// worker's; never blocks. Errors: {"error":{"fault","message"}}; 400 names the field, 401 no or wrong token,
/// 403 not allowed, 404, 409, 413, 503 when the journal refuses or the mailbox is full (nothing was stored
/// then). docs/api.md lists the calls.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/http.h"
#include "kaden/incident.h"
#include "kaden/metrics.h"
#include "kaden/runtime.h"
#include "kaden/script.h"
#include "kaden/timeline_feed.h"
#include "kaden/writer.h"

namespace kaden::api {

enum class May : std::uint8_t {
  events, ///< POST events
  read,   ///< incidents, calls, timeline, sources, metrics
  act,    ///< acknowledge, resolve, place test calls, say, check
};

struct Token {
  std::string name; ///< who acts, in the record: "ops"
  Sha256 digest{};  ///< of the bearer token; the token itself is not kept
  std::vector<May> may;
};

/// A part that can be in trouble.
enum class Part : std::uint8_t {
  journal,  ///< what is accepted cannot be stored
  carrier,  ///< calls do not leave, or are refused by the trunk
  speech,   ///< sentences cannot be spoken
  alarms,   ///< changes of alarms do not become durable events
  clock,    ///< the wall clock cannot be right
  metrics,  ///< datapoints cannot be stored: their history has a hole
  logs,     ///< log events cannot be stored: alarms on them do not hear of new ones
  webhooks, ///< what webhooks receive cannot be kept; its alarms are taken
  chat,     ///< messages are not taken
  triage,   ///< the model gives no verdicts: severities are the rules'
  mail,     ///< mails cannot be kept; their alarms are taken
};
inline constexpr std::array parts = {Part::journal, Part::carrier, Part::speech, Part::alarms,
                                     Part::clock,   Part::metrics, Part::logs,   Part::webhooks,
                                     Part::chat,    Part::triage,  Part::mail};
std::string_view to_text(Part part);

struct Trouble {
  Part part = Part::journal;
  std::string reason;       ///< one sentence
  bool calls_suffer = true; ///< people are not called as they should be: /healthz gives 503
};

/// A call under /api/v1 that another room answers; who may is decided here.
struct Call {
  std::string_view method;
  std::string_view pattern; ///< "webhooks/deliveries/#": '#' stands for one number
  May may = May::read;
  std::function<void(const http::Request&, const std::string& number, const http::Reply&)> run;
};

/// What the API asks of other rooms; set by app.
struct Services {
  /// Renders and gives a WAV file's bytes; answers on any thread.
  std::function<void(script::Utterance, std::function<void(Result<std::string>)>)> speak;
  /// The errors of a configuration text; empty when it would load. Reads no file.
  std::function<std::vector<std::string>(std::string)> check_config;
  /// What is watched from outside, as GET sources answers. Must not block.
  std::function<json::value()> sources;
  /// More for /metrics, asked for at each scrape.
  std::function<std::vector<Metric>()> more_metrics;
  /// What is wrong beside the journal, asked for at each look at /healthz. Must not block.
  std::function<std::vector<Trouble>()> troubles;
  std::vector<Call> more_calls;
};

class Api {
 public:
  Api(writer::Writer& writer, TimelineFeed& feed, const runtime::Clock& clock, std::vector<Token> tokens,
      Services services);
  /// True when the path is the API's own; then reply is called exactly once.
  bool handle(http::Request& request, http::Reply& reply);
  /// At run time, for requests from now on.
  void set_tokens(std::vector<Token> tokens);

 private:
  using Method = void (Api::*)(const http::Request&, const std::string& who, const std::string& id,
                               const http::Reply&);
  struct Route {
    std::string_view method;
    std::string_view pattern; ///< '#' stands for one number
    May may;
    Method run;
  };
  static const std::vector<Route>& routes();

  void route(const http::Request& request, const http::Reply& reply);
  /// The token's name, or nothing with the reply sent.
  std::optional<std::string> admit(const http::Request& request, May may, const http::Reply& reply) const;
  std::vector<Trouble> troubles() const;
  void health(const http::Reply& reply);
  void metrics(const http::Request& request, const http::Reply& reply);

  void post_events(const http::Request&, const std::string& who, const std::string& id, const http::Reply&);
  void get_incidents(const http::Request&, const std::string& who, const std::string& id, const http::Reply&);
  void get_incident(const http::Request&, const std::string& who, const std::string& id, const http::Reply&);
  void acknowledge(const http::Request&, const std::string& who, const std::string& id, const http::Reply&);
  void resolve(const http::Request&, const std::string& who, const std::string& id, const http::Reply&);
  void get_calls(const http::Request&, const std::string& who, const std::string& id, const http::Reply&);
  void post_call(const http::Request&, const std::string& who, const std::string& id, const http::Reply&);
  void get_timeline(const http::Request&, const std::string& who, const std::string& id, const http::Reply&);
  void get_sources(const http::Request&, const std::string& who, const std::string& id, const http::Reply&);
  void post_say(const http::Request&, const std::string& who, const std::string& id, const http::Reply&);
  void post_check(const http::Request&, const std::string& who, const std::string& id, const http::Reply&);
  void act_on_incident(bool resolving, const std::string& who, const std::string& id,
                       const http::Reply& reply);

  // Borrowed
  writer::Writer& writer_;
  TimelineFeed& feed_;
  const runtime::Clock& clock_;
  // Owned
  const Services services_;
  // State, under the mutex
  mutable std::mutex mutex_;
  std::shared_ptr<const std::vector<Token>> tokens_; // replaced as a whole
};

} // namespace kaden::api
