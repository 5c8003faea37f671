// One question over HTTP: signed for Bedrock, with a key for others.
#include <fmt/format.h>

#include <algorithm>

#include "kaden/triage.h"
#include "kaden/url.h"

namespace kaden::triage {

namespace {

constexpr std::string_view service = "bedrock"; // what signatures name; the host is bedrock-runtime

/// "host[:port]" of a URL, as the client sends it.
std::string host_of(std::string_view url) {
  const std::size_t begin = url.find("//") + 2;
  return std::string(url.substr(begin, url.find_first_of("/?", begin) - begin));
}
/// The path of a base URL: "" of "https://host", "/v1" of "https://host/v1".
std::string path_prefix_of(std::string_view url) {
  const std::size_t slash = url.find('/', url.find("//") + 2);
  return slash == std::string_view::npos ? "" : std::string(url.substr(slash));
}

} // namespace

Asker::Asker(Settings settings, const runtime::Clock& clock, Send send, Pause pause)
    : settings_(std::move(settings)), clock_(clock), send_(std::move(send)), pause_(std::move(pause)) {}

TriageAnswer Asker::ask(std::string_view text, Millis patience, const std::atomic<bool>* cancelled) const {
  const SteadyTime until = clock_.steady() + patience;
  const std::string body = modelapi::question_of(settings_.model, text);
  bool may_pass = false;
  TriageAnswer answer = ask_once(body, patience, cancelled, may_pass);
  const Millis left = until - clock_.steady() - limits::triage_retry_wait;
  if (!may_pass || left < patience / 4 || (cancelled != nullptr && cancelled->load())) return answer;
  pause_(limits::triage_retry_wait);
  return ask_once(body, std::max(until - clock_.steady(), Millis(1)), cancelled, may_pass);
}

TriageAnswer Asker::ask_once(const std::string& body, Millis patience, const std::atomic<bool>* cancelled,
                             bool& may_pass) const {
  may_pass = false;
  const std::string path = modelapi::path_of(settings_.model);
  http::ClientRequest request;
  request.method = "POST";
  request.url = settings_.url + path;
  request.headers = {
      {"Host", host_of(settings_.url)}, {"Content-Type", "application/json"}, {"Accept", "application/json"}};
  request.body = body;
  request.patience = patience;
  request.ca_file = settings_.ca_file;
  request.response_bytes_max = limits::triage_response_bytes_max;
  request.cancelled = cancelled;
  if (!settings_.api_key.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + settings_.api_key);
  } else if (settings_.model.api == modelapi::Api::bedrock) {
    sigv4::sign("POST", path_prefix_of(settings_.url) + path, request.headers, body, settings_.credentials,
                settings_.region, service, clock_.wall());
  }
  const auto response = send_(request);
  if (response) {
    may_pass = modelapi::may_pass(response->status);
    const std::string* error_type = http::find_header(response->headers, "x-amzn-ErrorType");
    return modelapi::answer_of(settings_.model, response->status, error_type, response->body);
  }
  const Error& error = response.error();
  if (error.fault == Fault::timeout)
    return {TriageOutcome::late, {}, {}, "no answer within " + to_words(patience)};
  may_pass = error.fault == Fault::unavailable;
  const bool is_odd = error.fault == Fault::invalid; // of the answer: the request is ours
  return {is_odd ? TriageOutcome::malformed : TriageOutcome::failed, {}, {}, error.message};
}

} // namespace kaden::triage
