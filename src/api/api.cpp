#include "kaden/api.h"
#include "kaden/limits/calls.h"

#include <algorithm>

namespace kaden::api {

namespace {

constexpr std::string_view prefix = "/api/v1/";

/// Matches "incidents/#/ack" against a path; the number goes to `id`.
bool matches(std::string_view pattern, std::string_view path, std::string& id) {
  const auto wanted = split(pattern, '/');
  const auto given = split(path, '/');
  if (wanted.size() != given.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "#") {
      if (!parse_int(given[i])) return false;
      id = std::string(given[i]);
    } else if (wanted[i] != given[i]) {
      return false;
    }
  }
  return true;
}

std::string bearer_of(const http::Request& request) {
  const std::string* header = http::find_header(request.headers, "Authorization");
  if (header == nullptr || !starts_with_no_case(*header, "Bearer ")) return {};
  return std::string(trim(std::string_view(*header).substr(7)));
}

} // namespace

Api::Api(writer::Writer& writer, TimelineFeed& feed, const runtime::Clock& clock, std::vector<Token> tokens,
         Services services)
    : writer_(writer),
      feed_(feed),
      clock_(clock),
      services_(std::move(services)),
      tokens_(std::make_shared<const std::vector<Token>>(std::move(tokens))) {}

void Api::set_tokens(std::vector<Token> tokens) {
  auto replaced = std::make_shared<const std::vector<Token>>(std::move(tokens));
  std::lock_guard lock(mutex_);
  tokens_ = std::move(replaced);
}

const std::vector<Api::Route>& Api::routes() {
  static const std::vector<Route> table = {
      {"POST", "events", May::events, &Api::post_events},
      {"GET", "incidents", May::read, &Api::get_incidents},
      {"GET", "incidents/#", May::read, &Api::get_incident},
      {"POST", "incidents/#/ack", May::act, &Api::acknowledge},
      {"POST", "incidents/#/resolve", May::act, &Api::resolve},
      {"GET", "calls", May::read, &Api::get_calls},
      {"POST", "calls", May::act, &Api::post_call},
      {"GET", "timeline", May::read, &Api::get_timeline},
      {"GET", "sources", May::read, &Api::get_sources},
      {"POST", "say", May::act, &Api::post_say},
      {"POST", "check", May::act, &Api::post_check},
  };
  return table;
}

bool Api::handle(http::Request& request, http::Reply& reply) {
  if (request.path == "/healthz") {
    health(reply);
    return true;
  }
  if (request.path == "/metrics") {
    metrics(request, reply);
    return true;
  }
  if (!request.path.starts_with(prefix)) return false;
  route(request, reply);
  return true;
}

void Api::route(const http::Request& request, const http::Reply& reply) {
  const std::string_view path = std::string_view(request.path).substr(prefix.size());
  std::string allowed;
  std::string id;
  const auto fits = [&](const auto& candidate) {
    if (!matches(candidate.pattern, path, id)) return false;
    if (candidate.method == request.method) return true;
    allowed += (allowed.empty() ? "" : ", ") + std::string(candidate.method);
    return false;
  };
  for (const Route& candidate : routes()) {
    if (!fits(candidate)) continue;
    const auto who = admit(request, candidate.may, reply);
    if (who) (this->*candidate.run)(request, *who, id, reply);
    return;
  }
  for (const Call& candidate : services_.more_calls) {
    if (!fits(candidate)) continue;
    if (admit(request, candidate.may, reply)) candidate.run(request, id, reply);
    return;
  }
  if (allowed.empty()) {
    reply(http::error_response({Fault::not_found, "there is no " + request.path}));
    return;
  }
  http::Response response = http::error_response({Fault::invalid, "only " + allowed + " is allowed here"});
  response.status = 405;
  response.headers.emplace_back("Allow", allowed);
  reply(std::move(response));
}

std::optional<std::string> Api::admit(const http::Request& request, May may, const http::Reply& reply) const {
  std::shared_ptr<const std::vector<Token>> tokens;
  {
    std::lock_guard lock(mutex_);
    tokens = tokens_;
  }
  const std::string bearer = bearer_of(request);
  const Sha256 digest = sha256(bearer);
  // Every token is compared, in constant time, so that the time tells nothing about which one was nearly
  // right.
  const Token* found = nullptr;
  for (const Token& token : *tokens) {
    if (equal_constant_time(as_view(token.digest), as_view(digest)) && !bearer.empty()) found = &token;
  }
  if (found == nullptr) {
    http::Response response = http::error_response(
        {Fault::denied, "send a bearer token that this Kaden knows: Authorization: Bearer ..."});
    response.status = 401;
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    reply(std::move(response));
    return std::nullopt;
  }
  if (std::find(found->may.begin(), found->may.end(), may) == found->may.end()) {
    reply(http::error_response({Fault::denied, "token \"" + found->name + "\" may not do this"}));
    return std::nullopt;
  }
  return found->name;
}

std::vector<Trouble> Api::troubles() const {
  std::vector<Trouble> all;
  if (!writer_.is_healthy()) {
    all.push_back({Part::journal, "the journal cannot be written; nothing is accepted", true});
  }
  if (const Millis wait = writer_.commit_wait(); wait > limits::verdict_wait_max) {
    all.push_back({Part::journal,
                   "the journal's disk has not answered for " + to_words(wait) + "; nothing is accepted",
                   true});
  }
  if (services_.troubles) {
    for (Trouble& trouble : services_.troubles()) all.push_back(std::move(trouble));
  }
  return all;
}

/// Not by way of the writer: a disk that hangs must not hang this answer.
void Api::health(const http::Reply& reply) {
  const std::vector<Trouble> all = troubles();
  const auto worst =
      std::find_if(all.begin(), all.end(), [](const Trouble& trouble) { return trouble.calls_suffer; });
  const bool fails = worst != all.end();
  json::object answer{{"status", fails ? "failing" : all.empty() ? "ok" : "degraded"}};
  if (fails) answer.emplace("reason", worst->reason);
  json::array list;
  for (const Trouble& trouble : all) {
    list.push_back(json::object{
        {"part", to_text(trouble.part)}, {"reason", trouble.reason}, {"calls_suffer", trouble.calls_suffer}});
  }
  if (!list.empty()) answer.emplace("troubles", std::move(list));
  reply(http::json_response(fails ? 503 : 200, answer));
}

std::string_view to_text(Part part) {
  switch (part) {
    case Part::journal:
      return "journal";
    case Part::carrier:
      return "carrier";
    case Part::speech:
      return "speech";
    case Part::alarms:
      return "alarms";
    case Part::clock:
      return "clock";
    case Part::metrics:
      return "metrics";
    case Part::logs:
      return "logs";
    case Part::webhooks:
      return "webhooks";
    case Part::triage:
      return "triage";
    case Part::chat:
      return "chat";
    case Part::mail:
      return "mail";
  }
  return "";
}

} // namespace kaden::api
