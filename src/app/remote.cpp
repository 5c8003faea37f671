#include "remote.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "kaden/runtime.h"
#include "secret.h"

namespace kaden::app {

namespace {

Result<std::string> token_of(const RemoteSettings& remote) {
  auto token = read_secret(remote.token_file, "KADEN_TOKEN");
  if (token && token->empty()) {
    return fail(Fault::invalid, remote.token_file.empty()
                                    ? "no token: give --token-file FILE or set KADEN_TOKEN"
                                    : "the token file " + remote.token_file + " is empty");
  }
  return token;
}

void print_incident_line(const json::object& incident) {
  fmt::print("{:>6}  {:<12}  {:<8}  {:<20}  {}\n", text_of(incident, "id"), text_of(incident, "state"),
             text_of(incident, "severity"), text_of(incident, "opened_at"), text_of(incident, "title"));
}

void print_source_line(std::string_view source, std::string_view name, std::string_view state,
                       std::string_view read_at, std::string_view events, std::string_view trouble) {
  std::string line =
      fmt::format("{:<8}  {:<20}  {:<10}  {:<24}  {:>6}  {}", source, name, state, read_at, events, trouble);
  fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
}

std::string_view state_of_source(std::string_view readable, bool is_ja) {
  if (readable == "true") return is_ja ? "正常" : "ok";
  if (readable == "false") return is_ja ? "異常" : "trouble";
  return is_ja ? "未確認" : "not yet";
}

int act(const RemoteSettings& remote, std::uint64_t id, const std::string& verb) {
  http::Client client;
  const auto answer = ask(client, remote, "POST", fmt::format("/api/v1/incidents/{}/{}", id, verb));
  if (!answer) return report(answer.error());
  if (remote.json) {
    fmt::print("{}\n", to_text(*answer));
  } else if (answer->is_object()) {
    print_incident_line(answer->get_object());
  }
  return 0;
}

} // namespace

Result<json::value> ask(http::Client& client, const RemoteSettings& remote, const std::string& method,
                        const std::string& path, const std::string& body, Millis patience) {
  const auto token = token_of(remote);
  if (!token) return tl::unexpected(token.error());
  http::ClientRequest request;
  request.method = method;
  request.url = remote.url + path;
  request.headers = {{"Authorization", "Bearer " + *token}};
  if (method == "POST") request.headers.emplace_back("Content-Type", "application/json");
  request.body = body;
  request.patience = patience;
  request.ca_file = remote.ca_file;
  const auto response = client.send(request);
  if (!response) return fail_while("asking Kaden at " + remote.url, response.error());
  auto answer = parse_json(response->body);
  if (response->status / 100 == 2) return answer;
  std::string message = fmt::format("HTTP status {}", response->status);
  if (answer && answer->is_object()) {
    const json::value* error = answer->get_object().if_contains("error");
    if (error != nullptr && error->is_object() && error->get_object().contains("message")) {
      const auto& text = error->get_object().at("message");
      if (text.is_string()) message = std::string(std::string_view(text.get_string()));
    }
  }
  return fail(Fault::invalid, message);
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? std::string(std::string_view(value->get_string())) : to_text(*value);
}

Result<std::string> read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Fault::not_found, "cannot read the file " + path);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

int list_incidents(const RemoteSettings& remote, const std::string& state, int most) {
  http::Client client;
  std::string path = fmt::format("/api/v1/incidents?limit={}", most);
  if (!state.empty()) path += "&state=" + state;
  const auto answer = ask(client, remote, "GET", path);
  if (!answer) return report(answer.error());
  if (remote.json) {
    fmt::print("{}\n", to_text(*answer));
    return 0;
  }
  if (!answer->is_object()) return report({Fault::invalid, "the answer is not an object"});
  const auto list = Fields(answer->get_object(), "").array("incidents");
  if (!list) return report(list.error());
  if (*list == nullptr || (*list)->empty()) {
    fmt::print("{}\n", remote.language == Language::ja ? "インシデントはありません。" : "No incidents.");
    return 0;
  }
  fmt::print("{:>6}  {:<12}  {:<8}  {:<20}  {}\n", "id", "state", "severity", "opened", "title");
  for (const json::value& incident : **list) {
    if (incident.is_object()) print_incident_line(incident.get_object());
  }
  return 0;
}

int show_incident(const RemoteSettings& remote, std::uint64_t id) {
  http::Client client;
  const auto answer = ask(client, remote, "GET", fmt::format("/api/v1/incidents/{}", id));
  if (!answer) return report(answer.error());
  if (remote.json || !answer->is_object()) {
    fmt::print("{}\n", to_text(*answer));
    return 0;
  }
  print_incident_line(answer->get_object());
  const auto timeline = Fields(answer->get_object(), "").array("timeline");
  if (!timeline || *timeline == nullptr) return 0;
  for (const json::value& entry : **timeline) {
    if (entry.is_object())
      fmt::print("{}\n", timeline_line(entry.get_object(), remote.language, remote.color));
  }
  return 0;
}

int acknowledge_incident(const RemoteSettings& remote, std::uint64_t id) {
  return act(remote, id, "ack");
}
int resolve_incident(const RemoteSettings& remote, std::uint64_t id) {
  return act(remote, id, "resolve");
}

int list_sources(const RemoteSettings& remote) {
  http::Client client;
  const auto answer = ask(client, remote, "GET", "/api/v1/sources");
  if (!answer) return report(answer.error());
  if (remote.json) {
    fmt::print("{}\n", to_text(*answer));
    return 0;
  }
  if (!answer->is_object()) return report({Fault::invalid, "the answer is not an object"});
  const auto list = Fields(answer->get_object(), "").array("sources");
  if (!list) return report(list.error());
  const bool is_ja = remote.language == Language::ja;
  if (*list == nullptr || (*list)->empty()) {
    fmt::print("{}\n", is_ja ? "監視しているソースはありません。" : "Nothing is watched.");
    return 0;
  }
  print_source_line(is_ja ? "ソース" : "source", is_ja ? "名前" : "name", is_ja ? "状態" : "state",
                    is_ja ? "最後に読めた時刻" : "last read", is_ja ? "通知" : "events",
                    is_ja ? "問題" : "trouble");
  for (const json::value& source : **list) {
    if (!source.is_object()) continue;
    const json::object& object = source.get_object();
    print_source_line(text_of(object, "source"), text_of(object, "name"),
                      state_of_source(text_of(object, "readable"), is_ja), text_of(object, "read_at"),
                      text_of(object, "events"), text_of(object, "trouble"));
    const json::value* const hint = object.if_contains("hint");
    if (hint == nullptr || !hint->is_object()) continue;
    fmt::print("  {}: {}\n", is_ja ? "ヒント" : "hint", text_of(hint->get_object(), is_ja ? "ja" : "en"));
  }
  return 0;
}

int place_test_call(const RemoteSettings& remote, const std::string& person, const std::string& text,
                    const std::string& request_id) {
  http::Client client;
  json::object body{{"person", person}, {"request_id", request_id}};
  if (!text.empty()) body.emplace("text", text);
  const auto answer = ask(client, remote, "POST", "/api/v1/calls", to_text(body));
  if (!answer) return report(answer.error());
  if (remote.json || !answer->is_object()) {
    fmt::print("{}\n", to_text(*answer));
  } else {
    fmt::print("calling {}; watch it with: kaden incidents {}\n", person,
               text_of(answer->get_object(), "incident"));
  }
  return 0;
}

int list_deliveries(const RemoteSettings& remote, const std::string& webhook, int most) {
  http::Client client;
  std::string path = fmt::format("/api/v1/webhooks/deliveries?limit={}", most);
  if (!webhook.empty()) path += "&webhook=" + webhook;
  const auto answer = ask(client, remote, "GET", path);
  if (!answer) return report(answer.error());
  if (remote.json || !answer->is_object()) {
    fmt::print("{}\n", to_text(*answer));
    return 0;
  }
  const auto list = Fields(answer->get_object(), "").array("deliveries");
  if (!list) return report(list.error());
  if (*list == nullptr || (*list)->empty()) {
    fmt::print("{}\n", remote.language == Language::ja ? "受信はありません。" : "Nothing was received.");
    return 0;
  }
  fmt::print("{:>6}  {:<24}  {:<16}  {:>6}  {:>6}  {}\n", "number", "at", "webhook", "status", "events",
             "outcome");
  for (const json::value& each : **list) {
    if (!each.is_object()) continue;
    const json::object& delivery = each.get_object();
    fmt::print("{:>6}  {:<24}  {:<16}  {:>6}  {:>6}  {}\n", text_of(delivery, "number"),
               text_of(delivery, "at"), text_of(delivery, "webhook"), text_of(delivery, "status"),
               text_of(delivery, "events"), text_of(delivery, "outcome"));
  }
  return 0;
}

int show_delivery(const RemoteSettings& remote, std::uint64_t number) {
  http::Client client;
  const auto answer = ask(client, remote, "GET", fmt::format("/api/v1/webhooks/deliveries/{}", number));
  if (!answer) return report(answer.error());
  if (remote.json || !answer->is_object()) {
    fmt::print("{}\n", to_text(*answer));
    return 0;
  }
  for (const auto& [name, value] : answer->get_object()) {
    if (name != "body") fmt::print("{}: {}\n", std::string_view(name), text_of(answer->get_object(), name));
  }
  fmt::print("\n{}\n", text_of(answer->get_object(), "body"));
  return 0;
}

int replay_delivery(const RemoteSettings& remote, const ReplayOptions& options) {
  json::object body{{"dry_run", options.dry_run}};
  if (!options.mapping.empty()) {
    const auto mapping = read_text_file(options.mapping);
    if (!mapping) return report(mapping.error());
    body.emplace("mapping", *mapping);
  }
  http::Client client;
  const auto answer =
      ask(client, remote, "POST", fmt::format("/api/v1/webhooks/deliveries/{}/replay", options.number),
          to_text(body));
  if (!answer) return report(answer.error());
  if (remote.json || !answer->is_object()) {
    fmt::print("{}\n", to_text(*answer));
    return 0;
  }
  const auto events = Fields(answer->get_object(), "").array("events");
  if (!events) return report(events.error());
  if (*events != nullptr) {
    for (const json::value& event : **events) fmt::print("{}\n", to_text(event));
  }
  for (const std::string_view name : {"older_than_known", "note"}) {
    if (const std::string text = text_of(answer->get_object(), name); !text.empty())
      fmt::print("{}: {}\n", name, text);
  }
  return 0;
}

int follow_timeline(const RemoteSettings& remote, const TimelineOptions& options) {
  http::Client client;
  const runtime::SystemClock clock;
  const SteadyTime start = clock.steady();
  std::string cursor = options.after;
  while (true) {
    const Millis left =
        options.patience_s > 0 ? start + seconds(options.patience_s) - clock.steady() : seconds(3600);
    if (left <= Millis(0)) return 1;
    const std::int64_t wait_s = options.follow ? std::min<std::int64_t>(20, left.count() / 1'000 + 1) : 0;
    const auto answer = ask(client, remote, "GET",
                            fmt::format("/api/v1/timeline?after={}&limit=1000&wait_s={}", cursor, wait_s), {},
                            seconds(wait_s + 10));
    if (!answer) return report(answer.error());
    if (!answer->is_object()) return report({Fault::invalid, "the answer is not an object"});
    const auto list = Fields(answer->get_object(), "").array("timeline");
    if (!list) return report(list.error());
    if (*list == nullptr || (*list)->empty()) {
      if (!options.follow) return 0;
      continue;
    }
    for (const json::value& entry : **list) {
      if (!entry.is_object()) continue;
      fmt::print("{}\n", remote.json ? to_text(entry)
                                     : timeline_line(entry.get_object(), remote.language, remote.color));
      std::fflush(stdout);
      if (!options.until.empty() && text_of(entry.get_object(), "what") == options.until) return 0;
    }
    cursor = text_of(answer->get_object(), "next");
  }
}

} // namespace kaden::app
