#include "agent_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "json_places.h"

#include "kaden/near_word.h"

namespace kaden::imports {

namespace {

struct Unsupported {
  std::string_view path;
  PartTrouble trouble;
};
constexpr std::array<Unsupported, 6> unsupported = {
    {{"traces", PartTrouble::traces},
     {"opentelemetry", PartTrouble::traces},
     {"logs.logs_collected.application_signals", PartTrouble::traces},
     {"logs.metrics_collected", PartTrouble::embedded},
     {"metrics.metrics_destinations.amp", PartTrouble::amp},
     {"metrics.metrics_collected.prometheus", PartTrouble::amp}}};

bool contains(const auto& list, const auto& wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

std::string item_of(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

bool is_text(const json::value& value, std::size_t bytes_min) {
  return value.is_string() && value.get_string().size() >= bytes_min;
}

/// The agent takes 60.0 for 60.
std::optional<std::int64_t> whole_of(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  constexpr double most = 1e15;
  if (!value.is_double() || !(std::abs(value.get_double()) <= most)) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(value.get_double());
  return static_cast<double>(whole) == value.get_double() ? std::optional(whole) : std::nullopt;
}

bool is_whole(const json::value& value, std::int64_t least, std::int64_t most) {
  const auto whole = whole_of(value);
  return whole && *whole >= least && *whole <= most;
}

bool is_word(const json::value& value, std::string_view words) {
  return value.is_string() && contains(split(words, ' '), std::string_view(value.get_string()));
}

/// Whether one value that is no list of Kind's is of the kind.
bool fits(const json::value& value, Kind kind, std::string_view words) {
  constexpr std::int64_t interval_s_max = 172'800, event_id_max = 65'535, count_max = 2'147'483'647;
  const auto* object = value.if_object();
  switch (kind) {
    case Kind::any:
      return true;
    case Kind::text:
      return is_text(value, 1);
    case Kind::any_text:
      return is_text(value, 0);
    case Kind::interval:
      return is_whole(value, 1, interval_s_max);
    case Kind::interval_or_zero:
      return is_whole(value, 0, interval_s_max);
    case Kind::count:
      return is_whole(value, 1, count_max);
    case Kind::event_id:
      return is_whole(value, 0, event_id_max);
    case Kind::flag:
      return value.is_bool();
    case Kind::map:
    case Kind::section:
      return object != nullptr;
    case Kind::filled_section:
      return object != nullptr && !object->empty();
    case Kind::retention: {
      const auto days = whole_of(value);
      return days && contains(retention_days(), *days);
    }
    case Kind::word:
      return is_word(value, words);
    case Kind::some_sections:
    case Kind::own_sections:
      return value.is_array() && !value.get_array().empty();
    case Kind::texts:
    case Kind::event_ids:
    case Kind::dimensions:
    case Kind::sections:
    case Kind::measurements:
    case Kind::names:
    case Kind::words:
      return value.is_array();
  }
  return true;
}

/// Of what kind the items of such a list are.
Kind item_kind_of(Kind kind) {
  switch (kind) {
    case Kind::texts:
    case Kind::names:
    case Kind::map:
      return Kind::text;
    case Kind::event_ids:
      return Kind::event_id;
    case Kind::dimensions:
      return Kind::texts;
    case Kind::sections:
    case Kind::some_sections:
    case Kind::own_sections:
      return Kind::section;
    case Kind::words:
      return Kind::word;
    case Kind::any:
    case Kind::text:
    case Kind::any_text:
    case Kind::interval:
    case Kind::interval_or_zero:
    case Kind::count:
    case Kind::event_id:
    case Kind::flag:
    case Kind::section:
    case Kind::filled_section:
    case Kind::measurements: // of two kinds: looked at one by one
    case Kind::retention:
    case Kind::word:
      break;
  }
  return Kind::any;
}

bool is_each_once(Kind kind) {
  return kind == Kind::event_ids || kind == Kind::dimensions || kind == Kind::own_sections ||
         kind == Kind::measurements || kind == Kind::names;
}

/// As CreateLogGroup takes it once the agent has put something in the place of {hostname} and the like.
bool is_group_name(std::string_view text) {
  constexpr std::size_t bytes_max = 512;
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t end = text[i] == '{' ? text.find('}', i) : std::string_view::npos;
    if (end != std::string_view::npos) {
      i = end;
      plain += 'x';
    } else {
      plain += text[i];
    }
  }
  return plain.size() <= bytes_max && std::all_of(plain.begin(), plain.end(), [](char one) {
           return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') ||
                  std::string_view(".-_/#").find(one) != std::string_view::npos;
         });
}

std::vector<std::string_view> names_of(const Shape& shape) {
  std::vector<std::string_view> names;
  for (const Key& key : shape.keys) names.push_back(key.name);
  return names;
}

class Walk {
 public:
  std::vector<OddPart> found;

  /// `shape` is `path` with every index as [].
  void look(const json::value& value, const std::string& path, const std::string& shape) {
    if (const auto* list = value.if_array()) {
      for (std::size_t i = 0; i < list->size(); ++i) look((*list)[i], item_of(path, i), shape + "[]");
      return;
    }
    const auto* object = value.if_object();
    if (object == nullptr) return;
    const Shape* known = shape_of(shape);
    if (known != nullptr) look_at_needs(*object, *known, path);
    const auto dot = path.empty() ? "" : ".";
    for (const auto& entry : *object) {
      const std::string name(entry.key());
      const std::string place = fmt::format("{}{}{}", path, dot, name);
      const std::string form = fmt::format("{}{}{}", shape, dot, name);
      if (shape == collected_path) {
        look_at_plugin(entry.value(), name, place);
      } else if (known != nullptr) {
        look_at_member(entry.value(), *known, name, place);
      }
      look_at_support(place, form);
      look_at_value(entry.value(), name, place, form);
      look(entry.value(), place, form);
    }
  }

 private:
  void note(std::string path, PartTrouble trouble, Kind wanted = Kind::any, std::string_view words = {},
            std::string_view near = {}) {
    found.push_back({std::move(path), trouble, wanted, std::string(words), std::string(near), 0});
  }

  void look_at_support(const std::string& path, const std::string& shape) {
    const auto odd = std::find_if(unsupported.begin(), unsupported.end(),
                                  [&](const Unsupported& one) { return one.path == shape; });
    if (odd != unsupported.end()) note(path, odd->trouble);
  }

  /// What the agent takes and the endpoint does not.
  void look_at_value(const json::value& value, std::string_view name, const std::string& path,
                     std::string_view shape) {
    const auto* held = value.if_string();
    const std::string_view text = held == nullptr ? std::string_view() : std::string_view(*held);
    if (shape == "metrics.namespace" && text.starts_with("AWS/"))
      note(path, PartTrouble::reserved, Kind::any, text);
    if (!shape.starts_with("logs.logs_collected.")) return;
    if (name == "log_group_name" && !text.empty() && !is_group_name(text))
      note(path, PartTrouble::group_name, Kind::any, text);
    const auto days = name == "retention_in_days" ? whole_of(value) : std::nullopt;
    if (days && *days > 0) note(path, PartTrouble::retention);
  }

  void look_at_needs(const json::object& object, const Shape& shape, const std::string& path) {
    for (const Key& key : shape.keys) {
      if (key.is_needed && !object.contains(key.name)) note(path, PartTrouble::missing, Kind::any, key.name);
    }
    const auto is_there = [&](std::string_view name) { return object.contains(name); };
    if (shape.one_of.empty() || std::any_of(shape.one_of.begin(), shape.one_of.end(), is_there)) return;
    note(path, PartTrouble::missing, Kind::any, fmt::format("{}", fmt::join(shape.one_of, " / ")));
  }

  void look_at_plugin(const json::value& value, const std::string& name, const std::string& path) {
    if (!is_windows_object(name) && !contains(plugins(), std::string_view(name)))
      note(path, PartTrouble::unknown, Kind::any, {}, near_word(name, plugins()));
    if (name == "procstat") {
      check(value, {name, Kind::some_sections}, path);
    } else if (name != "jmx" && name != "otlp") { // these two may be lists
      check(value, {name, Kind::section}, path);
    }
    const bool is_list = value.is_array();
    for (std::size_t i = 0; i < (is_list ? value.get_array().size() : 1); ++i) {
      look_at_measurements(is_list ? value.get_array()[i] : value, name, is_list ? item_of(path, i) : path);
    }
  }

  void look_at_member(const json::value& value, const Shape& shape, const std::string& name,
                      const std::string& path) {
    if (const Key* key = shape.find(name)) return check(value, *key, path);
    if (shape.others == Others::fine) return;
    note(path, shape.others == Others::refused ? PartTrouble::refused : PartTrouble::unknown, Kind::any, {},
         near_word(name, names_of(shape)));
  }

  void check(const json::value& value, const Key& key, const std::string& path) {
    if (!fits(value, key.kind, key.words)) return note(path, PartTrouble::wrong_kind, key.kind, key.words);
    const Kind item_kind = item_kind_of(key.kind);
    if (key.kind == Kind::map) {
      for (const auto& entry : value.get_object())
        check(entry.value(), {entry.key(), item_kind}, path + "." + std::string(entry.key()));
    }
    if (!value.is_array() || key.kind == Kind::any) return;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      const json::value& item = value.get_array()[i];
      if (key.kind == Kind::measurements) {
        check_measurement(item, item_of(path, i));
      } else {
        check(item, {key.name, item_kind, key.words}, item_of(path, i));
      }
      if (is_each_once(key.kind) && !seen.insert(kaden::to_text(item)).second)
        note(item_of(path, i), PartTrouble::twice);
    }
  }

  void check_measurement(const json::value& item, const std::string& path) {
    const auto* object = item.if_object();
    if (object == nullptr) {
      if (!is_text(item, 1)) note(path, PartTrouble::wrong_kind, Kind::measurements);
      return;
    }
    if (!object->contains("name")) note(path, PartTrouble::missing, Kind::any, "name");
    for (const auto& entry : *object) {
      const std::string at = path + "." + std::string(entry.key());
      const bool is_known = entry.key() == "name" || entry.key() == "rename" || entry.key() == "unit";
      if (!is_known) {
        note(at, PartTrouble::unknown);
      } else if (!is_text(entry.value(), 1)) {
        note(at, PartTrouble::wrong_kind, Kind::text);
      }
    }
  }

  /// `section` is the plugin's, or one of procstat's.
  void look_at_measurements(const json::value& section, const std::string& plugin, const std::string& path) {
    const auto& known = measurements_of(plugin);
    const auto* object = section.if_object();
    const auto* list = object == nullptr ? nullptr : object->if_contains("measurement");
    if (known.empty() || list == nullptr || !list->is_array()) return;
    for (std::size_t i = 0; i < list->get_array().size(); ++i) {
      const json::value& item = list->get_array()[i];
      const auto* named = item.is_object() ? item.get_object().if_contains("name") : &item;
      if (named == nullptr || !is_text(*named, 1)) continue;
      std::string_view name = trim(named->get_string());
      const std::string prefix = plugin + "_";
      if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
      // Volumes of EC2 have many more of their own.
      const bool is_volume =
          plugin == "diskio" && (name.starts_with("ebs_") || name.starts_with("instance_store_"));
      if (is_volume || contains(known, name)) continue;
      note(item_of(path + ".measurement", i), PartTrouble::measurement, Kind::any,
           std::string_view(named->get_string()), near_word(name, known));
    }
  }
};

} // namespace

bool is_mistake(PartTrouble trouble) {
  switch (trouble) {
    case PartTrouble::refused:
    case PartTrouble::wrong_kind:
    case PartTrouble::missing:
    case PartTrouble::twice:
      return true;
    case PartTrouble::unknown:
    case PartTrouble::measurement:
    case PartTrouble::traces:
    case PartTrouble::embedded:
    case PartTrouble::amp:
    case PartTrouble::reserved:
    case PartTrouble::group_name:
    case PartTrouble::retention:
      break;
  }
  return false;
}

std::vector<OddPart> odd_parts(std::string_view text, const json::object& top) {
  Walk walk;
  walk.look(json::value(top), "", "");
  if (walk.found.empty()) return {};
  const JsonPlaces places(text);
  for (OddPart& part : walk.found) part.line = places.line_of(part.path);
  std::stable_sort(walk.found.begin(), walk.found.end(),
                   [](const OddPart& a, const OddPart& b) { return a.line < b.line; });
  return std::move(walk.found);
}

} // namespace kaden::imports
