#include "kaden/api.h"

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
      tokens_(std::move(tokens)),
      services_(std::move(services)) {}

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
  for (const Route& candidate : routes()) {
    std::string id;
    if (!matches(candidate.pattern, path, id)) continue;
    if (candidate.method != request.method) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(candidate.method);
      continue;
    }
    const Token* token = admit(request, candidate.may, reply);
    if (token != nullptr) (this->*candidate.run)(request, token->name, id, reply);
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

const Token* Api::admit(const http::Request& request, May may, const http::Reply& reply) const {
  const std::string bearer = bearer_of(request);
  const Sha256 digest = sha256(bearer);
  // Every token is compared, in constant time, so that the time tells nothing about which one was nearly
  // right.
  const Token* found = nullptr;
  for (const Token& token : tokens_) {
    if (equal_constant_time(as_view(token.digest), as_view(digest)) && !bearer.empty()) found = &token;
  }
  if (found == nullptr) {
    http::Response response = http::error_response(
        {Fault::denied, "send a bearer token that this Kaden knows: Authorization: Bearer ..."});
    response.status = 401;
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    reply(std::move(response));
    return nullptr;
  }
  if (std::find(found->may.begin(), found->may.end(), may) == found->may.end()) {
    reply(http::error_response({Fault::denied, "token \"" + found->name + "\" may not do this"}));
    return nullptr;
  }
  return found;
}

void Api::health(const http::Reply& reply) {
  std::string trouble = services_.trouble ? services_.trouble() : std::string();
  if (!writer_.is_healthy()) trouble = "the journal cannot be written; nothing is accepted";
  reply(http::json_response(trouble.empty() ? 200 : 503,
                            trouble.empty() ? json::object{{"status", "ok"}}
                                            : json::object{{"status", "failing"}, {"reason", trouble}}));
}

} // namespace kaden::api
