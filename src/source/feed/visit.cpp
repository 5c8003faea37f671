#include "visit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kaden/http_date.h"
#include "kaden/limits/provider_status.h"

namespace kaden::source {

namespace {

constexpr std::size_t header_bytes_max = 1'024; // an ETag longer than this is not sent back
constexpr std::string_view accepted =
    "application/json, application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5";

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string header_of(const http::Response& response, std::string_view name) {
  const std::string* value = http::find_header(response.headers, name);
  return value == nullptr || value->size() > header_bytes_max ? "" : *value;
}

tl::unexpected<Refusal> refuse(Error error) {
  return tl::unexpected<Refusal>(Refusal{std::move(error), std::nullopt});
}

http::ClientRequest request_of(const Visitor& visitor, const std::string& url, const Validators& validators) {
  const StatusPageSettings& settings = visitor.settings;
  http::ClientRequest request;
  request.url = url;
  request.headers = {{"User-Agent", settings.user_agent}, {"Accept", std::string(accepted)}};
  if (validators.url == url) {
    if (!validators.etag.empty()) request.headers.emplace_back("If-None-Match", validators.etag);
    if (!validators.last_modified.empty())
      request.headers.emplace_back("If-Modified-Since", validators.last_modified);
  }
  request.ca_file = settings.ca_file;
  request.certificate_pin = settings.certificate_pin;
  request.response_bytes_max = limits::status_page_bytes_max;
  request.accept_compressed = true;
  request.cancelled = &visitor.cancelled;
  return request;
}

/// What an answer that is no redirect is worth.
tl::expected<Visit, Refusal> judge(const Visitor& visitor, const http::Url& at, http::Response response,
                                   const Validators& asked) {
  Visit visit;
  visit.url = at.text;
  const std::string etag = header_of(response, "ETag");
  const std::string last_modified = header_of(response, "Last-Modified");
  if (response.status == 304) {
    if (asked.url != at.text || asked.empty())
      return refuse({Fault::invalid, "the page answered 304 (not modified) to a question without condition"});
    visit.is_unchanged = true;
    visit.validators = asked;
    if (!etag.empty()) visit.validators.etag = etag;
    if (!last_modified.empty()) visit.validators.last_modified = last_modified;
    return visit;
  }
  if (response.status != 200) {
    Refusal refusal{{Fault::unavailable, fmt::format("the page answered HTTP status {}", response.status)},
                    std::nullopt};
    if (response.status == 429 || response.status == 503)
      refusal.retry_after = parse_retry_after(header_of(response, "Retry-After"), visitor.clock.wall());
    return tl::unexpected(std::move(refusal));
  }
  visit.body = std::move(response.body);
  visit.validators = {at.text, etag, last_modified};
  return visit;
}

} // namespace

std::optional<Millis> parse_retry_after(std::string_view text, WallTime now) {
  text = trim(text);
  constexpr std::size_t digits_max = 9; // thirty years; more is cut there
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos)
    return seconds(*parse_int(text.substr(0, digits_max)));
  const auto at = parse_http_date(text);
  if (!at) return std::nullopt;
  return std::max(Millis(0), *at - now);
}

Result<http::Url> next_hop(const http::Url& start, const http::Url& from, std::string_view location,
                           bool allow_plain) {
  const auto refused = [](std::string_view why) {
    return fail(Fault::denied, fmt::format("the page's redirect is not followed: {}", why));
  };
  auto to = http::resolve_url(from, trim(location));
  if (!to) return refused(to.error().message);
  if (to->scheme != "https" && to->scheme != "http") return refused("it leads to " + to->scheme);
  if (to->has_user) return refused("it holds a user's name");
  if (from.scheme == "https" && to->scheme == "http") return refused("it leads from https to http");
  // TLS proves a name; an address that is written out proves nothing, so it must be as near as the
  // configured.
  if (to->kind == http::HostKind::nowhere || (to->host != start.host && to->kind > start.kind))
    return refused(fmt::format("it leads to {}, an address inside", to->host));
  if (to->scheme == "http" && to->kind != http::HostKind::loopback && !allow_plain)
    return refused("it leads to http");
  return to;
}

tl::expected<Visit, Refusal> visit(const Visitor& visitor, const std::string& url,
                                   const Validators& validators) {
  const auto start = http::parse_url(url);
  if (!start) return refuse(start.error());
  const SteadyTime deadline = visitor.clock.steady() + visitor.settings.timeout;
  http::Url at = *start;
  for (int hop = 0; hop <= limits::status_redirects_max; ++hop) {
    auto request = request_of(visitor, at.text, validators);
    request.patience = deadline - visitor.clock.steady();
    // Without TLS a name proves nothing either: it may resolve to an address inside.
    if (at.scheme == "http" && at.host != start->host) request.nearest = start->kind;
    if (request.patience <= Millis(0)) return refuse({Fault::timeout, "the page's redirects took too long"});
    auto response = visitor.fetch(request);
    if (!response) return refuse(response.error());
    if (!is_redirect(response->status)) return judge(visitor, at, std::move(*response), validators);
    const std::string* location = http::find_header(response->headers, "Location");
    if (location == nullptr) return refuse({Fault::invalid, "the page's redirect leads nowhere"});
    auto next = next_hop(*start, at, *location, visitor.settings.allow_plain);
    if (!next) return refuse(next.error());
    at = std::move(*next);
  }
  return refuse(
      {Fault::invalid, fmt::format("the page redirects more than {} times", limits::status_redirects_max)});
}

} // namespace kaden::source
