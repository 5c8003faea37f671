// One question over HTTP: signed for Bedrock, with a key for others.
#include <fmt/format.h>

#include <algorithm>

#include "kaden/aws_client.h"
#include "kaden/triage.h"
#include "kaden/url.h"

namespace kaden::triage {

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
  request.headers = {{"Host", aws::authority_of(settings_.url)},
                     {"Content-Type", "application/json"},
                     {"Accept", "application/json"}};
  request.body = body;
  request.patience = patience;
  request.ca_file = settings_.ca_file;
  request.response_bytes_max = limits::triage_response_bytes_max;
  request.cancelled = cancelled;
  std::string signer;
  if (!settings_.api_key.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + settings_.api_key);
  } else if (settings_.model.api == modelapi::Api::bedrock) {
    const auto keys = settings_.credentials->get();
    if (!keys) return {TriageOutcome::failed, {}, {}, keys.error().message};
    signer = keys->keys.access_key_id;
    sigv4::sign("POST", aws::base_path_of(settings_.url) + path, request.headers, body, keys->keys,
                settings_.region, aws::bedrock_runtime.signing, clock_.wall());
  }
  const auto response = send_(request);
  if (response) {
    // The next question is signed with newer keys, if there are any.
    if (!signer.empty() && response->status >= 400 &&
        aws::failure_of(*response).kind == aws::FailureKind::credentials)
      settings_.credentials->refuse(signer);
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
