#include "mail_commands.h"

#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "kaden/config.h"
#include "kaden/runtime.h"
#include "mails.h"
#include "secret.h"

namespace kaden::app {

namespace {

bool is_japanese(const RemoteSettings& remote) {
  return remote.language == Language::ja;
}

/// What was read, and why each rule does or does not fit.
void print_mail(const json::object& mail) {
  for (const std::string_view name : {"number", "at", "listener", "status", "outcome", "envelope", "from",
                                      "subject", "date", "message_id", "attachments", "notes"}) {
    const std::string text = text_of(mail, name);
    if (!text.empty() && text != "[]") fmt::print("{}: {}\n", name, text);
  }
  const auto rules = Fields(mail, "").array("rules");
  if (rules && *rules != nullptr) {
    for (const json::value& each : **rules) {
      if (each.is_object())
        fmt::print("rule {}: {}\n", text_of(each.get_object(), "rule"), text_of(each.get_object(), "why"));
    }
  }
  fmt::print("\n{}\n", text_of(mail, "text"));
}

void print_events(const json::object& answer) {
  const auto events = Fields(answer, "").array("events");
  if (!events || *events == nullptr) return;
  for (const json::value& event : **events) fmt::print("{}\n", kaden::to_text(event));
}

std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}

Result<config::MailListener> listener_of(const config::Settings& settings, const std::string& name) {
  std::string known;
  for (const config::MailListener& each : settings.sources.mail) {
    if (each.id == name || (name.empty() && settings.sources.mail.size() == 1)) return each;
    known += (known.empty() ? "" : ", ") + each.id;
  }
  if (known.empty()) return fail(Fault::not_found, "the configuration has no sources.mail");
  if (name.empty()) return fail(Fault::not_found, "say whose rules, --listener: there are " + known);
  return fail(Fault::not_found, fmt::format("no mail listener is called {}; there are: {}", name, known));
}

} // namespace

int list_mails(const RemoteSettings& remote, const std::string& listener, int most) {
  http::Client client;
  std::string path = fmt::format("/api/v1/mails?limit={}", most);
  if (!listener.empty()) path += "&listener=" + listener;
  const auto answer = ask(client, remote, "GET", path);
  if (!answer) return report(answer.error());
  if (remote.json || !answer->is_object()) {
    fmt::print("{}\n", kaden::to_text(*answer));
    return 0;
  }
  const auto list = Fields(answer->get_object(), "").array("mails");
  if (!list) return report(list.error());
  if (*list == nullptr || (*list)->empty()) {
    fmt::print("{}\n", is_japanese(remote) ? "メールは届いていません。" : "No mail has come.");
    return 0;
  }
  constexpr const char* row = "{:>6}  {:<24}  {:<12}  {:>6}  {}\n";
  fmt::print(row, "number", "at", "listener", "status",
             is_japanese(remote) ? "差出人 / 件名 / 結果" : "from / subject / outcome");
  for (const json::value& each : **list) {
    if (!each.is_object()) continue;
    const json::object& mail = each.get_object();
    fmt::print(row, text_of(mail, "number"), text_of(mail, "at"), text_of(mail, "listener"),
               text_of(mail, "status"), text_of(mail, "from"));
    fmt::print("        {}\n        {}\n", text_of(mail, "subject"), text_of(mail, "outcome"));
  }
  return 0;
}

int show_mail(const RemoteSettings& remote, std::uint64_t number, bool as_source) {
  http::Client client;
  const auto answer = ask(client, remote, "GET", fmt::format("/api/v1/mails/{}", number));
  if (!answer) return report(answer.error());
  if (!answer->is_object()) return report({Fault::invalid, "the answer is not an object"});
  const json::object& mail = answer->get_object();
  if (as_source) {
    const std::string hex = text_of(mail, "source_hex");
    std::cout << (hex.empty() ? text_of(mail, "source") : from_hex(hex));
  } else if (remote.json) {
    fmt::print("{}\n", kaden::to_text(*answer));
  } else {
    print_mail(mail);
  }
  return 0;
}

int replay_mail(const RemoteSettings& remote, const MailReplayOptions& options) {
  json::object body{{"dry_run", options.dry_run}};
  if (!options.rules.empty()) {
    const auto rules = read_text_file(options.rules);
    if (!rules) return report(rules.error());
    body.emplace("rules", *rules);
  }
  http::Client client;
  const auto answer = ask(client, remote, "POST", fmt::format("/api/v1/mails/{}/replay", options.number),
                          kaden::to_text(body));
  if (!answer) return report(answer.error());
  if (remote.json || !answer->is_object()) {
    fmt::print("{}\n", kaden::to_text(*answer));
    return 0;
  }
  print_events(answer->get_object());
  fmt::print("{}\n", text_of(answer->get_object(), "outcome"));
  return 0;
}

int try_mail(const MailTryOptions& options) {
  const auto settings = config::load(options.config, config::process_environment());
  if (!settings) return report(settings.error());
  const auto listener = listener_of(*settings, options.listener);
  if (!listener) return report(listener.error());
  const auto source = options.file == "-"
                          ? Result<std::string>(std::string(std::istreambuf_iterator<char>(std::cin), {}))
                          : read_text_file(options.file);
  if (!source) return report(source.error());
  const mime::Mail mail = mime::read(*source);
  const runtime::SystemClock clock;
  // A file has no envelope: the address that is written in the mail stands for it.
  const auto judged = mailrules::judge(listener->rules, mail, mail.from_address, clock.wall());
  print_mail(explained(listener->rules, mail, mail.from_address));
  if (judged.event) fmt::print("{}\n", kaden::to_text(kaden::to_json(*judged.event)));
  fmt::print("{}\n", judged.words);
  return judged.rule.empty() ? 1 : 0;
}

} // namespace kaden::app
