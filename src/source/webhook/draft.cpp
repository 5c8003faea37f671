#include "draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/webhooks.h"

namespace kaden::webhook {
namespace {

constexpr std::size_t digest_digits = 16; // 64 bits: enough among the alarms of one sender

/// The names under which tools tell the machine, the most exact first.
constexpr std::array<std::string_view, 16> usual_machine_labels{
    "machine",    "host",       "hostname",     "host.name",
    "nodename",   "node",       "vm",           "vm_name",
    "server",     "instance",   "device",       "pod",
    "InstanceId", "InstanceID", "LoadBalancer", "DBInstanceIdentifier"};

struct Word {
  std::string_view word;
  Severity severity;
};
constexpr std::array<Word, 34> usual_words{{
    {"critical", Severity::critical},
    {"crit", Severity::critical},
    {"page", Severity::critical},
    {"fatal", Severity::critical},
    {"emergency", Severity::critical},
    {"emerg", Severity::critical},
    {"alert", Severity::critical},
    {"disaster", Severity::critical},
    {"p1", Severity::critical},
    {"sev1", Severity::critical},
    {"blocker", Severity::critical},
    {"error", Severity::error},
    {"err", Severity::error},
    {"high", Severity::error},
    {"major", Severity::error},
    {"p2", Severity::error},
    {"sev2", Severity::error},
    {"warning", Severity::warning},
    {"warn", Severity::warning},
    {"average", Severity::warning},
    {"minor", Severity::warning},
    {"medium", Severity::warning},
    {"moderate", Severity::warning},
    {"p3", Severity::warning},
    {"sev3", Severity::warning},
    {"info", Severity::info},
    {"information", Severity::info},
    {"informational", Severity::info},
    {"notice", Severity::info},
    {"low", Severity::info},
    {"p4", Severity::info},
    {"p5", Severity::info},
    {"none", Severity::info},
    {"debug", Severity::info},
}};

std::string digest_of(std::string_view text) {
  return sha256_hex(text).substr(0, digest_digits);
}

/// On one line, without what has no sound and no place in a log.
std::string cleaned(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  return std::string(trim(out));
}

/// A text that tells things apart keeps doing so when it is too long.
std::string fitted(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  return std::string(cut_utf8(text, bytes_max - digest_digits - 1)) + "~" + digest_of(text);
}

/// A name that templates and routes can write.
std::string label_name(std::string_view name) {
  std::string out = cleaned(name);
  for (char& c : out) {
    if (c == '{' || c == '}') c = '_';
  }
  return std::string(cut_utf8(out, limits::webhook_label_name_bytes_max));
}

/// Puts labels in and counts what did not fit.
class Labels {
 public:
  void put(std::string_view name, std::string_view value, std::size_t most = limits::webhook_labels_max) {
    const std::string clean_value = cleaned(value);
    if (clean_value.empty()) return; // as Prometheus has it: the same as no label
    const std::string clean_name = label_name(name);
    if (clean_name.empty() || clean_name == "cut" || labels_.contains(clean_name) || labels_.size() >= most) {
      const auto known = labels_.find(clean_name);
      if (known == labels_.end() || known->second != clean_value) ++cut_;
      return;
    }
    labels_.emplace(clean_name, fit(clean_value, limits::label_bytes_max));
  }
  std::string fit(const std::string& text, std::size_t bytes_max) {
    if (text.size() > bytes_max) ++cut_;
    return std::string(cut_utf8(text, bytes_max));
  }
  std::map<std::string, std::string> take() {
    if (cut_ > 0) labels_["cut"] = std::to_string(cut_);
    return std::move(labels_);
  }

 private:
  std::map<std::string, std::string> labels_;
  std::size_t cut_ = 0;
};

/// "web-01:9100" is web-01 and the port of its exporter; an IPv6 address keeps its colons.
std::string_view without_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return text;
  const std::string_view port = text.substr(colon + 1);
  const bool is_port = !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
  const bool is_ipv6 = text.find(':') != colon && text[colon - 1] != ']';
  return is_port && !is_ipv6 ? text.substr(0, colon) : text;
}

std::string machine_of(const Rules& rules, const Draft& draft) {
  if (!draft.machine.empty()) return std::string(without_port(draft.machine));
  const auto value_of = [&](std::string_view name) -> std::string {
    for (const auto& [label, value] : draft.labels) {
      if (label == name && !value.empty()) return std::string(without_port(value));
    }
    return "";
  };
  if (!rules.machine_labels.empty()) {
    for (const std::string& name : rules.machine_labels) {
      if (auto found = value_of(name); !found.empty()) return found;
    }
    return "";
  }
  for (const std::string_view name : usual_machine_labels) {
    if (auto found = value_of(name); !found.empty()) return found;
  }
  return "";
}

/// As the built-in sentence, with the title in the place of the alarm's name, which may be a sender's key.
SpokenText say_of(bool has_machine, bool title_is_name) {
  const std::string title = title_is_name ? "{title:name}" : "{title}";
  return {{Language::ja,
           std::string("{severity}アラームです。") + (has_machine ? "{machine}、" : "") + title + "。"},
          {Language::en,
           std::string("Kaden, {severity} alarm. ") + (has_machine ? "{machine}, " : "") + title + "."}};
}

std::string content_id(const Draft& draft, const AlarmEvent& event) {
  std::string content;
  const auto add = [&](std::string_view part) { content += fmt::format("{}:{}", part.size(), part); };
  for (const std::string_view part :
       {std::string_view(draft.key), kaden::to_text(event.state), kaden::to_text(event.severity),
        std::string_view(draft.machine), std::string_view(draft.title), std::string_view(draft.reason)}) {
    add(part);
  }
  for (const auto& [name, value] : draft.labels) {
    add(name);
    add(value);
  }
  return sha256_hex(content).substr(0, 2 * digest_digits);
}

} // namespace

std::optional<Severity> severity_of(const Rules& rules, std::string_view word) {
  const std::string lower = to_lower(trim(word));
  if (const auto own = rules.severities.find(lower); own != rules.severities.end()) return own->second;
  const auto usual = std::find_if(usual_words.begin(), usual_words.end(),
                                  [&](const Word& each) { return each.word == lower; });
  return usual == usual_words.end() ? std::nullopt : std::optional(usual->severity);
}

Reading finish(const Rules& rules, const Draft& draft) {
  Reading reading;
  AlarmEvent& event = reading.event;
  Labels labels;
  event.source = rules.source;
  const std::string key = cleaned(draft.key);
  const std::string name = cleaned(draft.name);
  event.alarm = fitted(name.empty() || name == key ? key : name + " " + key, limits::alarm_name_bytes_max);
  if (event.alarm.empty()) event.alarm = "unnamed"; // a key of nothing but control characters
  event.state = draft.state;
  event.severity = draft.certain.value_or(severity_of(rules, draft.severity).value_or(rules.severity));
  event.machine = labels.fit(cleaned(machine_of(rules, draft)), limits::machine_bytes_max);
  event.reason = labels.fit(cleaned(draft.reason), limits::reason_bytes_max);
  // Ours first: the sentence needs the title.
  const std::string title = cleaned(draft.title);
  labels.put("title", title.empty() ? (name.empty() ? key : name) : title);
  for (const auto& [label, value] : draft.labels) labels.put(label, value, limits::webhook_labels_max + 1);
  event.labels = labels.take();
  event.say = say_of(!event.machine.empty(), draft.title_is_name || title.empty());
  const std::string id = cleaned(draft.id);
  reading.is_timeless = id.empty();
  event.event_id = reading.is_timeless ? content_id(draft, event) : fitted(id, limits::event_id_bytes_max);
  reading.changed_at = draft.changed_at;
  reading.is_repeated = draft.is_repeated;
  return reading;
}

namespace {

/// Compact JSON whose numbers a person can read: 95.3 and not 9.53E1.
void write(const json::value& value, std::string& out) {
  if (value.is_double()) {
    out += kaden::to_text(value.get_double());
  } else if (const auto* array = value.if_array()) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ',';
      write((*array)[i], out);
    }
    out += ']';
  } else if (const auto* object = value.if_object()) {
    out += '{';
    bool is_first = true;
    for (const auto& [name, member] : *object) {
      if (!is_first) out += ',';
      is_first = false;
      out += kaden::to_text(json::value(name)) + ':';
      write(member, out);
    }
    out += '}';
  } else {
    out += kaden::to_text(value);
  }
}

} // namespace

std::string text_of(const json::value& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return std::string(std::string_view(value.get_string()));
  std::string out;
  write(value, out);
  return out;
}

std::string member(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found == nullptr ? "" : text_of(*found);
}

Result<json::value> object_in(std::string_view body) {
  auto value = parse_json(body);
  if (!value) return tl::unexpected(value.error());
  if (!value->is_object()) return fail(Fault::invalid, "the body must be a JSON object");
  return value;
}

void add_members(Draft& draft, const json::object* object, std::string_view prefix) {
  if (object == nullptr) return;
  for (const auto& [name, value] : *object) {
    draft.labels.emplace_back(std::string(prefix) + std::string(std::string_view(name)), text_of(value));
  }
}

} // namespace kaden::webhook
