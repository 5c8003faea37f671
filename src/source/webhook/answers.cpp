// What each sender wants to hear, and the tokens that stand in bodies.
#include "draft.h"

namespace kaden::webhook {
namespace {

json::value plain_refusal(const std::string& message) {
  return json::object{{"error", json::object{{"message", message}}}};
}

/// Opsgenie's ids look like this one: "43a29c5c-3dbf-4fa4-9c26-f4f71023e120".
std::string as_uuid(const std::string& text) {
  const std::string hex = sha256_hex(text);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20, 12);
}

/// Where a body holds a token: PagerDuty's is ours, SNS's confirms a subscription.
std::string_view token_member(Format format) {
  if (format == Format::pagerduty) return "routing_key";
  return format == Format::sns ? "Token" : "";
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

} // namespace

Answer accepted(Format format, const Read& read, const std::string& request_id) {
  switch (format) {
    case Format::pagerduty:
      return {202,
              json::object{{"status", "success"}, {"message", "Event processed"}, {"dedup_key", read.key}}};
    case Format::opsgenie:
      return {202, json::object{{"result", "Request will be processed"},
                                {"took", 0.0},
                                {"requestId", as_uuid(request_id)}}};
    case Format::alertmanager:
    case Format::eventbridge:
    case Format::generic:
    case Format::grafana:
    case Format::sns:
    case Format::sqs:
    case Format::zabbix:
      break;
  }
  json::object body{{"accepted", read.readings.size()}};
  if (!read.note.empty()) body.emplace("note", read.note);
  return {200, std::move(body)};
}

Answer refused(Format format, int status, const std::string& message) {
  switch (format) {
    case Format::pagerduty:
      if (status == 429) {
        return {status,
                json::object{
                    {"status", "throttle exceeded"},
                    {"message", "Requests for this service are arriving too quickly.  Please retry later."}}};
      }
      return {status,
              json::object{{"status", status < 500 ? "invalid event" : "server error"},
                           {"message", status < 500 ? "Event object is invalid" : "Event was not stored"},
                           {"errors", json::array{json::value(message)}}}};
    case Format::opsgenie:
      return {status, json::object{{"message", message}, {"took", 0.0}}};
    case Format::eventbridge:
      return {status, plain_refusal(message)};
    case Format::alertmanager:
    case Format::generic:
    case Format::grafana:
    case Format::sns:
    case Format::sqs:
    case Format::zabbix:
      break;
  }
  // These take any 4xx for final, SNS by its contract and Alertmanager by its code: too often is not final.
  return {status == 429 ? 503 : status, plain_refusal(message)};
}

std::string token_in(Format format, std::string_view body) {
  const std::string_view name = token_member(format);
  if (name.empty()) return "";
  const auto object = object_in(body);
  return object ? member(object->get_object(), name) : "";
}

std::string without_token(Format format, std::string_view body, std::string_view token) {
  constexpr std::string_view mark = "[token]";
  std::string out(body);
  if (!token.empty()) replace_all(out, token, mark);
  const std::string_view name = token_member(format);
  if (name.empty()) return out;
  // However it was escaped.
  auto object = object_in(out);
  if (!object) return out;
  json::value* key = object->get_object().if_contains(name);
  if (key == nullptr || (key->is_string() && std::string_view(key->get_string()) == mark)) return out;
  *key = json::string(mark);
  out = kaden::to_text(*object);
  if (!token.empty()) replace_all(out, token, mark);
  return out;
}

} // namespace kaden::webhook
