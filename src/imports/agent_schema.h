/// agent_schema.h - what an amazon-cloudwatch-agent's configuration may hold: the members of each section
/// with the kinds of their values (its translator/config/schema.json) and the measurements of its plugins
/// (its registered_metrics.go). Room: imports, inside. Threads: constants; any. Errors: none.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace kaden::imports {

enum class Kind : std::uint8_t {
  any,              ///< not looked at
  text,             ///< not empty
  any_text,         ///< may be empty
  interval,         ///< seconds, 1 to 172,800
  interval_or_zero, ///< the same, or 0
  count,            ///< a whole number above 0
  event_id,         ///< 0 to 65,535
  flag,
  texts,      ///< a list of texts
  event_ids,  ///< a list of them, each once
  dimensions, ///< a list of lists of texts, each once
  map,        ///< names and texts
  section,
  filled_section, ///< with a member at least
  sections,       ///< a list of sections
  some_sections,  ///< the same, one at least
  own_sections,   ///< the same, one at least and each once
  measurements,   ///< a list of names or of sections {name, rename, unit}, each once
  names,          ///< a list of names, each once
  retention,      ///< days that CloudWatch Logs knows
  word,           ///< one of Key::words
  words,          ///< a list of them
};

struct Key {
  std::string_view name;
  Kind kind = Kind::any;
  std::string_view words = {}; ///< with a blank between
  bool is_needed = false;
};

/// What the agent does with members that the schema does not name.
enum class Others : std::uint8_t {
  refused,
  ignored, ///< a slip of the pen, then
  fine,    ///< other versions or systems know them
};

struct Shape {
  std::string_view path; ///< every index as []
  Others others = Others::ignored;
  std::vector<Key> keys;
  std::vector<std::string_view> one_of; ///< one of these at least must be there
  const Key* find(std::string_view name) const;
};

inline constexpr std::string_view collected_path = "metrics.metrics_collected";

/// Null for a section that is not looked into. A plugin that has no shape of its own has the basic one.
const Shape* shape_of(std::string_view path);
/// The plugins of Linux and macOS, and statsd and the like. Performance objects of Windows may have any name;
/// they begin with a capital letter.
const std::vector<std::string_view>& plugins();
bool is_windows_object(std::string_view plugin);
/// Without the plugin's name before them; empty for a plugin whose measurements are not known.
const std::vector<std::string_view>& measurements_of(std::string_view plugin);
/// The days a log group may keep its events; -1 is for ever.
const std::vector<std::int64_t>& retention_days();

} // namespace kaden::imports
