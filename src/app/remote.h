/// app/remote.h - the commands that talk to a running Kaden over its REST API. Room: app. Uses: base, http.
/// Threads: the calling thread; blocks. Errors: printed to stderr as one sentence; the value is the exit code
/// (0 done, 1 refused or not found, 2 cannot be reached).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kaden/base.h"
#include "kaden/http.h"

namespace kaden::app {

struct RemoteSettings {
  std::string url = "http://127.0.0.1:8480";
  std::string token_file; ///< the bearer token; empty: the variable KADEN_TOKEN
  std::string ca_file;    ///< trust only this certificate
  Language language = Language::en;
  bool json = false; ///< print the API's answer as it is
  bool color = false;
};

int list_incidents(const RemoteSettings& remote, const std::string& state, int most);
int show_incident(const RemoteSettings& remote, std::uint64_t id);
int acknowledge_incident(const RemoteSettings& remote, std::uint64_t id);
int resolve_incident(const RemoteSettings& remote, std::uint64_t id);
int list_sources(const RemoteSettings& remote);
int place_test_call(const RemoteSettings& remote, const std::string& person, const std::string& text,
                    const std::string& request_id);
struct TimelineOptions {
  bool follow = false; ///< wait for more until interrupted
  std::string after = "0.0";
  std::string until;  ///< with follow: end with 0 when this happened ("resolved", ...)
  int patience_s = 0; ///< with follow: end with 1 after so long; 0: for ever
};
int follow_timeline(const RemoteSettings& remote, const TimelineOptions& options);

/// What webhooks received lately; of all of them when the name is empty.
int list_deliveries(const RemoteSettings& remote, const std::string& webhook, int most);
/// One with its body.
int show_delivery(const RemoteSettings& remote, std::uint64_t number);
struct ReplayOptions {
  std::uint64_t number = 0;
  std::string mapping; ///< a YAML file with one webhook; empty: as it is configured now
  bool dry_run = false;
};
/// Prints the alarm events that came out, one a line.
int replay_delivery(const RemoteSettings& remote, const ReplayOptions& options);

/// One exchange; errors of the API become errors here.
Result<json::value> ask(http::Client& client, const RemoteSettings& remote, const std::string& method,
                        const std::string& path, const std::string& body = {}, Millis patience = seconds(10));
/// A member as text, "" when it is absent or null.
std::string text_of(const json::object& object, std::string_view name);
/// A file's text.
Result<std::string> read_text_file(const std::string& path);

/// One timeline entry as a line for people: "06:43:30  ringing       sato". `entry` is the API's JSON.
std::string timeline_line(const json::object& entry, Language language, bool color);

} // namespace kaden::app
