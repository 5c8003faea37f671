#include "webhooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/webhooks.h"

namespace kaden::app {

using webhook::Format;

namespace {

constexpr std::string_view hooks_path = "/hooks/";
constexpr std::string_view pagerduty_path = "/v2/enqueue";
constexpr std::string_view opsgenie_path = "/v2/alerts";
constexpr std::string_view bearer = "Bearer ";
constexpr std::string_view genie_key = "GenieKey ";
constexpr std::string_view basic = "Basic ";
constexpr int denied_status = 403;

int status_of(const Error& error) {
  return http::error_response(error).status;
}

http::Response response_of(const webhook::Answer& answer) {
  http::Response response = http::json_response(answer.status, answer.body);
  if (answer.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (answer.status == 429 || answer.status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

/// RFC 4648; "" for anything else.
std::string from_base64(std::string_view text) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (const char c : text) {
    const std::size_t digit = digits.find(c);
    if (digit == std::string_view::npos) return "";
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> count) & 0xff);
  }
  return out;
}

/// The query's `token`, decoded, and the query without it.
struct Query {
  std::string token;
  std::string rest;
};
Query read_query(std::string_view query) {
  Query out;
  if (query.empty()) return out;
  for (const std::string_view part : split(query, '&')) {
    if (part.starts_with("token=")) {
      out.token = percent_decode(part.substr(6), true).value_or("");
    } else {
      out.rest += (out.rest.empty() ? "" : "&") + std::string(part);
    }
  }
  return out;
}

/// Wherever a sender can put one: senders differ in what they can set.
std::string token_of(const http::Request& request) {
  if (const std::string* own = http::find_header(request.headers, "X-Kaden-Token"))
    return std::string(trim(*own));
  if (const std::string* header = http::find_header(request.headers, "Authorization")) {
    const std::string_view text = trim(*header);
    if (starts_with_no_case(text, bearer)) return std::string(trim(text.substr(bearer.size())));
    if (starts_with_no_case(text, genie_key)) return std::string(trim(text.substr(genie_key.size())));
    if (starts_with_no_case(text, basic)) {
      const std::string pair = from_base64(trim(text.substr(basic.size())));
      const std::size_t colon = pair.find(':');
      return colon == std::string::npos ? "" : pair.substr(colon + 1);
    }
  }
  return read_query(request.query).token;
}

} // namespace

struct Webhooks::Hook {
  config::Webhook config;
  Sha256 digest{}; ///< of the token; the token itself is needed nowhere
  // Under the mutex of Webhooks
  double allowance = 0; ///< requests that may come at once
  SteadyTime allowance_at{};
  std::atomic<std::uint64_t> accepted{0}, refused{0}, limited{0}, failed{0}, events{0}, old{0};
};

/// Where a request wants to go.
struct Webhooks::Target {
  HookPtr hook;                    ///< null: found by its token
  Format format = Format::generic; ///< of the answer, while the hook is not known
  std::string call;                ///< see webhook::Delivery
  bool is_known = true;            ///< false: there is no such webhook
};

/// A reading, and what is noted of its alarm.
struct Webhooks::Known {
  webhook::Reading reading;
  Noted noted;
};

struct Webhooks::Job {
  HookPtr hook;
  webhook::Delivery delivery;
  http::Reply reply; ///< null: a replay answers by itself
  WallTime at{};
  std::int64_t number = 0; ///< in the store; 0: it is not kept
};

Webhooks::Webhooks(Parts parts) : parts_(std::move(parts)), trust_(parts_.fetch) {
  auto opened = HookStore::open(parts_.store_path);
  if (opened) {
    store_ = std::move(*opened);
  } else {
    store_trouble_ = "webhooks' bodies are not kept until a restart: " + opened.error().message;
  }
  worker_ = std::make_unique<runtime::Worker>(parts_.clock, "kaden-webhooks");
  sns_worker_ = std::make_unique<runtime::Worker>(parts_.clock, "kaden-sns");
}

Webhooks::~Webhooks() = default;

void Webhooks::set(const std::vector<config::Webhook>& hooks) {
  std::vector<HookPtr> fresh;
  std::lock_guard lock(mutex_);
  for (const config::Webhook& wanted : hooks) {
    const auto known = std::find_if(hooks_.begin(), hooks_.end(),
                                    [&](const HookPtr& hook) { return hook->config == wanted; });
    if (known != hooks_.end()) {
      fresh.push_back(*known);
      continue;
    }
    auto hook = std::make_shared<Hook>();
    hook->config = wanted;
    hook->digest = sha256(wanted.token);
    hook->allowance = static_cast<double>(wanted.requests_per_second);
    hook->allowance_at = parts_.clock.steady();
    fresh.push_back(std::move(hook));
  }
  hooks_ = std::move(fresh);
}

std::optional<Webhooks::Target> Webhooks::find(const http::Request& request) const {
  Target target;
  std::string_view path = request.path;
  std::string rest = read_query(request.query).rest;
  if (!rest.empty()) rest = "?" + rest;
  if (path == pagerduty_path) {
    target.format = Format::pagerduty;
    return target;
  }
  if (path == opsgenie_path || path.starts_with(std::string(opsgenie_path) + "/")) {
    target.format = Format::opsgenie;
    target.call = std::string(path) + rest;
    return target;
  }
  if (!path.starts_with(hooks_path)) return std::nullopt;
  path.remove_prefix(hooks_path.size());
  const std::string_view name = path.substr(0, path.find('/'));
  std::lock_guard lock(mutex_);
  const auto found = std::find_if(hooks_.begin(), hooks_.end(),
                                  [&](const HookPtr& hook) { return hook->config.name == name; });
  target.is_known = found != hooks_.end();
  if (!target.is_known) return target;
  target.hook = *found;
  target.format = target.hook->config.rules.format;
  path.remove_prefix(name.size());
  if (target.format == Format::opsgenie) target.call = std::string(path) + rest;
  // A tool that is given our URL as PagerDuty's base adds the path.
  const bool is_whole = path.empty() || path == "/" || target.format == Format::opsgenie ||
                        (target.format == Format::pagerduty && path == pagerduty_path);
  target.is_known =
      is_whole && target.format != Format::sqs; // a queue's: nobody posts, and there is no token
  return target;
}

Webhooks::HookPtr Webhooks::admit(const Target& target, const http::Request& request,
                                  std::string& token) const {
  token = target.format == Format::pagerduty ? webhook::token_in(target.format, request.body) : "";
  if (token.empty()) token = token_of(request);
  const Sha256 digest = sha256(token);
  std::vector<HookPtr> candidates;
  if (target.hook) {
    candidates.push_back(target.hook);
  } else {
    std::lock_guard lock(mutex_);
    candidates = hooks_;
  }
  // Each is compared, in constant time, so that the time tells nothing about which one was nearly right.
  HookPtr admitted;
  for (const HookPtr& hook : candidates) {
    const bool asks_for_none = hook->config.token.empty() && target.hook != nullptr;
    const bool is_right = !token.empty() && equal_constant_time(as_view(hook->digest), as_view(digest));
    if (hook->config.rules.format == target.format && (asks_for_none || is_right)) admitted = hook;
  }
  return admitted;
}

bool Webhooks::takes_one_more(Hook& hook) {
  std::lock_guard lock(mutex_);
  const SteadyTime now = parts_.clock.steady();
  const auto rate = static_cast<double>(hook.config.requests_per_second);
  const double earned = static_cast<double>((now - hook.allowance_at).count()) / 1'000 * rate;
  hook.allowance = std::min(rate, hook.allowance + earned);
  hook.allowance_at = now;
  if (hook.allowance < 1) return false;
  hook.allowance -= 1;
  return true;
}

bool Webhooks::handle(http::Request& request, const http::Reply& reply) {
  auto target = find(request);
  if (!target) return false;
  const auto refuse = [&](int status, const std::string& message) {
    reply(response_of(webhook::refused(target->format, status, message)));
    return true;
  };
  if (!target->is_known) return refuse(404, "there is no such webhook");
  const bool is_changing = request.method == "PUT" && target->format == Format::opsgenie;
  if (request.method != "POST" && !is_changing) return refuse(405, "only POST is allowed here");
  // Before the body is looked into for a token.
  if (request.body.size() > limits::webhook_body_bytes_max) {
    return refuse(413, fmt::format("the body is over {} bytes long", limits::webhook_body_bytes_max));
  }
  std::string token;
  const HookPtr hook = admit(*target, request, token);
  if (!hook) {
    ++strangers_;
    const std::string_view name = target->hook ? target->hook->config.name : to_text(target->format);
    tell(fmt::format("webhook {}: no token or a wrong one, from {}", name, request.peer));
    return refuse(401, "send the token of this webhook");
  }
  if (!takes_one_more(*hook)) {
    ++hook->limited;
    return refuse(429, fmt::format("over {} requests in a second", hook->config.requests_per_second));
  }
  auto job = std::make_shared<Job>();
  job->hook = hook;
  // What SNS signed stays as it is until it was verified; our token does not stand in it.
  const bool is_signed = target->format == Format::sns;
  job->delivery = {
      std::move(target->call),
      is_signed ? std::move(request.body) : webhook::without_token(target->format, request.body, token)};
  job->reply = reply;
  job->at = parts_.clock.wall();
  runtime::Worker& worker = is_signed ? *sns_worker_ : *worker_;
  const bool has_room = ++waiting_ <= limits::webhook_waiting_max;
  if (has_room && worker.post([this, job] {
        --waiting_;
        process(job);
      })) {
    return true;
  }
  --waiting_;
  ++hook->failed;
  return refuse(503, "too much waits already; the same again, soon");
}

void Webhooks::deliver(const std::string& name, std::string body,
                       const std::function<void(int status)>& settle) {
  auto job = std::make_shared<Job>();
  {
    std::lock_guard lock(mutex_);
    for (const HookPtr& hook : hooks_) {
      if (hook->config.name == name && hook->config.queue) job->hook = hook;
    }
  }
  if (!job->hook) return settle(503); // the configuration is changing
  job->delivery = {"", std::move(body)};
  job->reply = [settle](const http::Response& response) { settle(response.status); };
  job->at = parts_.clock.wall();
  const bool has_room = ++waiting_ <= limits::webhook_waiting_max;
  if (has_room && worker_->post([this, job] {
        --waiting_;
        process(job);
      })) {
    return;
  }
  --waiting_;
  ++job->hook->failed;
  settle(503);
}

std::optional<http::Response> Webhooks::refused(const http::Request& head, int status) const {
  const auto target = find(head);
  if (!target) return std::nullopt;
  return response_of(webhook::refused(target->format, status,
                                      status == 413 ? "the body is too long" : "the body came too slowly"));
}

Result<void> Webhooks::believe(const Job& job) {
  if (job.hook->config.rules.format != Format::sns) return {};
  const auto message = webhook::parse_sns_message(job.delivery.body);
  // Whoever has no token and no signature is nobody: not a sender whose words may be mended and replayed.
  if (!message) return fail(Fault::denied, message.error().message);
  const config::Sns& sns = job.hook->config.sns;
  auto checked = trust_.check(sns, *message, job.at, parts_.clock.steady());
  if (!checked || message->type != webhook::SnsType::subscription_confirmation) return checked;
  return trust_.confirm(sns, *message);
}

// Kept first, so that also what cannot be read is there to be looked at.
void Webhooks::process(const std::shared_ptr<Job>& job) {
  const Format format = job->hook->config.rules.format;
  if (store_) {
    Kept kept;
    kept.webhook = job->hook->config.name;
    kept.at = job->at;
    kept.call = job->delivery.call;
    // What confirms a subscription is signed, and is not for whoever looks at it later.
    const std::string& body = job->delivery.body;
    kept.body = webhook::without_token(format, body, webhook::token_in(format, body));
    // Denied until it is believed, so that a kill in between leaves nothing that a replay would believe.
    if (format == Format::sns) {
      kept.status = denied_status;
      kept.outcome = "its signature was not verified yet";
    }
    const auto number = store_->keep(kept);
    note_store(number ? nullptr : &number.error());
    job->number = number.value_or(0);
  }
  const auto refuse = [&](const Error& error) {
    answer(job, webhook::refused(format, status_of(error), error.message), error.message, 0);
  };
  if (const auto believed = believe(*job); !believed) return refuse(believed.error());
  auto read = webhook::read(job->hook->config.rules, job->delivery);
  if (!read) return refuse(read.error());
  const std::string request_id = fmt::format("{}/{}", job->hook->config.name, job->number);
  const webhook::Answer good = webhook::accepted(format, *read, request_id);
  const std::string note = read->note;
  std::size_t old = 0;
  auto settled = settle_ids(std::move(*read), old);
  if (!settled) return refuse(settled.error());
  std::vector<AlarmEvent>& events = *settled;
  job->hook->old += old;
  const std::size_t count = events.size();
  const std::string outcome = old > 0 ? fmt::format("{} older than what was known already", old) : note;
  if (events.empty()) return answer(job, good, outcome, 0);
  const auto taken = parts_.submit(std::move(events), [=, this](const Result<void>& stored) {
    if (stored) return answer(job, good, outcome, count);
    answer(job, webhook::refused(format, status_of(stored.error()), stored.error().message),
           stored.error().message, 0);
  });
  if (!taken) refuse(taken.error());
}

Result<std::vector<AlarmEvent>> Webhooks::settle_ids(webhook::Read read, std::size_t& old) {
  std::vector<Known> news;
  const WallTime now = parts_.clock.wall();
  for (webhook::Reading& reading : read.readings) {
    Noted noted{now};
    const AlarmEvent& event = reading.event;
    if (store_ && (reading.is_timeless || reading.changed_at)) {
      const auto found = store_->note(event.source, event.alarm, event.state, reading.changed_at, now);
      note_store(found ? nullptr : &found.error());
      noted = found.value_or(noted);
    }
    if (noted.is_old) {
      ++old;
    } else {
      news.push_back({std::move(reading), noted});
    }
  }
  if (const auto settled = settle_left(news, now); !settled) return tl::unexpected(settled.error());
  std::vector<AlarmEvent> events;
  events.reserve(news.size());
  for (Known& each : news) {
    if (each.reading.is_timeless) put_since(each.reading.event, each.noted.since);
    events.push_back(std::move(each.reading.event));
  }
  return events;
}

// What a person resolved, and its sender reports again, is news: at once where only the words tell reports
// apart, as PagerDuty has it; later where the sender repeats its reports by the clock.
Result<void> Webhooks::settle_left(std::vector<Known>& news, WallTime now) {
  std::vector<Known*> asked;
  std::vector<AlarmEvent> events;
  std::map<std::string, Known*> first;                 // of this delivery, in the alarm's newest state
  std::vector<std::pair<Known*, const Known*>> others; // the same again, and what it repeats
  for (Known& each : news) {
    const AlarmEvent& event = each.reading.event;
    const bool is_same = each.reading.is_timeless && each.noted.is_same;
    const auto before = first.find(event.alarm);
    if (is_same && before != first.end()) {
      others.emplace_back(&each, before->second);
      continue;
    }
    first[event.alarm] = &each;
    if (event.state != AlarmState::alarm || !(is_same || each.reading.is_repeated)) continue;
    asked.push_back(&each);
    events.push_back(event);
  }
  if (asked.empty()) return {};
  const auto standings = parts_.ask(std::move(events));
  if (!standings) return tl::unexpected(standings.error());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const incident::Standing& standing = standings->at(i);
    AlarmEvent& event = asked[i]->reading.event;
    if (standing.is_held) continue;
    if (asked[i]->reading.is_timeless) {
      asked[i]->noted.since = store_->note_anew(event.source, event.alarm, now).value_or(now);
    } else if (standing.is_known && standing.left_by && now - standing.left_at >= limits::webhook_left_min) {
      put_since(event, standing.left_at);
    }
  }
  for (const auto& [other, leader] : others) other->noted.since = leader->noted.since;
  return {};
}

std::optional<webhook::Rules> Webhooks::rules_now(const std::string& name) const {
  std::lock_guard lock(mutex_);
  for (const HookPtr& hook : hooks_) {
    if (hook->config.name == name) return hook->config.rules;
  }
  return std::nullopt;
}

/// Called on any thread; the store's file is only touched on a worker's.
void Webhooks::answer(const std::shared_ptr<Job>& job, const webhook::Answer& answer,
                      const std::string& outcome, std::size_t events) {
  const int status = answer.status;
  job->hook->events += events;
  if (status >= 300) {
    tell(fmt::format("webhook {}: answered {}: {}", job->hook->config.name, status, outcome));
  }
  ++(status < 300 ? job->hook->accepted : status < 500 ? job->hook->refused : job->hook->failed);
  // Before the answer, so that whoever was answered and looks at once sees what became of it.
  if (job->number != 0) {
    worker_->post([this, job, status, outcome, events] {
      const auto settled = store_->settle(job->number, status, outcome, static_cast<std::int64_t>(events));
      note_store(settled ? nullptr : &settled.error());
    });
  }
  job->reply(response_of(answer));
}

void Webhooks::tell(const std::string& line) {
  if (!parts_.notice) return;
  constexpr Millis same_again = seconds(60);
  {
    std::lock_guard lock(mutex_);
    const SteadyTime now = parts_.clock.steady();
    if (line == told_ && now - told_at_ < same_again) return;
    told_ = line;
    told_at_ = now;
  }
  parts_.notice(line);
}

void Webhooks::note_store(const Error* error) {
  std::lock_guard lock(mutex_);
  store_trouble_ = error == nullptr ? "" : "webhooks' bodies cannot be kept: " + error->message;
}

std::string Webhooks::trouble() const {
  std::lock_guard lock(mutex_);
  return store_trouble_;
}

void Webhooks::add_metrics(std::vector<api::Metric>& out) const {
  api::Metric deliveries{"kaden_webhook_deliveries_total",
                         "Deliveries of webhooks, by what became of them.",
                         api::MetricKind::counter,
                         {},
                         {}};
  api::Metric events{"kaden_webhook_events_total",
                     "Alarm events that came out of a webhook's deliveries.",
                     api::MetricKind::counter,
                     {},
                     {}};
  std::lock_guard lock(mutex_);
  for (const HookPtr& hook : hooks_) {
    const std::string& name = hook->config.name;
    const auto add = [&](const char* outcome, std::uint64_t count) {
      deliveries.samples.push_back({{{"webhook", name}, {"outcome", outcome}}, static_cast<double>(count)});
    };
    add("accepted", hook->accepted);
    add("refused", hook->refused);
    add("limited", hook->limited);
    add("failed", hook->failed);
    events.samples.push_back({{{"webhook", name}}, static_cast<double>(hook->events)});
  }
  out.push_back(std::move(deliveries));
  out.push_back(std::move(events));
  out.push_back(api::counter("kaden_webhook_strangers_total",
                             "Requests to webhooks with no token or a wrong one.", strangers_));
  out.push_back(api::gauge("kaden_webhook_store_healthy", "1 when webhooks' bodies can be kept.",
                           store_trouble_.empty() ? 1 : 0));
}

} // namespace kaden::app
