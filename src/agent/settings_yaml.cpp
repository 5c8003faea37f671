#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <utility>

#include "kaden/agent_settings.h"
#include "kaden/limits/agent.h"
#include "kaden/limits/configuration.h"
#include "kaden/limits/metrics.h"

namespace kaden::agent {

namespace {

/// Gathers mistakes, and where each key stands.
class Mistakes {
 public:
  Mistakes(std::string file, ReadSettings& into) : file_(std::move(file)), into_(into) {}
  void add(const YAML::Mark& mark, const std::string& key, const std::string& why) {
    into_.mistakes.push_back({key, why, place_of(mark)});
  }
  void note(const YAML::Mark& mark, const std::string& key) { into_.places.emplace(key, place_of(mark)); }

 private:
  std::string place_of(const YAML::Mark& mark) const {
    return file_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
  }

  std::string file_;
  ReadSettings& into_;
};

/// The keys of one map: each is asked for once, and what nobody asked for is a mistake.
class Map {
 public:
  Map(const YAML::Node& node, std::string path, Mistakes& mistakes)
      : node_(node), path_(std::move(path)), mistakes_(mistakes) {
    mistakes_.note(node_.Mark(), path_);
    if (!node_.IsMap()) wrong(node_, "", "a map is needed");
  }
  ~Map() {
    if (!node_.IsMap()) return;
    std::set<std::string> seen;
    for (const auto& entry : node_) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (known_.count(key) == 0) {
        mistakes_.add(entry.first.Mark(), joined(key), "there is no such key");
      } else if (!seen.insert(key).second) {
        mistakes_.add(entry.first.Mark(), joined(key), "it stands twice");
      }
    }
  }
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  YAML::Node child(const std::string& key) {
    known_.insert(key);
    if (!node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
    YAML::Node found = std::as_const(node_)[key];
    if (found.IsDefined()) mistakes_.note(found.Mark(), joined(key));
    return found;
  }
  void text(const std::string& key, std::string& out) {
    const YAML::Node node = child(key);
    if (!node.IsDefined()) return;
    if (!node.IsScalar() || node.Scalar().size() > limits::pattern_bytes_max * 4 ||
        !is_valid_utf8(node.Scalar()) ||
        node.Scalar().find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos) {
      return wrong(node, key, "one line of text is needed");
    }
    out = node.Scalar();
  }
  void number(const std::string& key, std::int64_t least, std::int64_t most, std::int64_t& out) {
    const YAML::Node node = child(key);
    if (!node.IsDefined()) return;
    const auto number = node.IsScalar() ? parse_int(node.Scalar()) : std::nullopt;
    if (!number || *number < least || *number > most) {
      return wrong(node, key,
                   "a number from " + std::to_string(least) + " to " + std::to_string(most) + " is needed");
    }
    out = *number;
  }
  void period(const std::string& key, std::int64_t most, Millis& out) {
    std::int64_t value = out.count() / 1'000;
    number(key, 1, most, value);
    out = seconds(value);
  }
  void missing(const std::string& key, const std::string& why) {
    mistakes_.add(node_.Mark(), joined(key), why);
  }
  void flag(const std::string& key, bool& out) {
    const YAML::Node node = child(key);
    if (node.IsDefined()) read_flag(node, key, out);
  }
  void texts(const std::string& key, std::vector<std::string>& out) {
    const YAML::Node node = child(key);
    if (!node.IsDefined()) return;
    if (!node.IsSequence() || node.size() > 100)
      return wrong(node, key, "a list of at most 100 texts is needed");
    out.clear();
    for (const auto& item : node) {
      if (!item.IsScalar() || item.Scalar().size() > limits::pattern_bytes_max)
        return wrong(item, key, "a text is needed");
      out.push_back(item.Scalar());
    }
  }
  /// A list of maps.
  template <class Take>
  void maps(const std::string& key, std::size_t most, Take take) {
    const YAML::Node node = child(key);
    if (!node.IsDefined()) return;
    if (!node.IsSequence() || node.size() > most)
      return wrong(node, key, "a list of at most " + std::to_string(most) + " is needed");
    std::size_t i = 0;
    for (const YAML::Node& item : node) {
      Map map(item, joined(key) + "[" + std::to_string(i++) + "]", mistakes_);
      take(map);
    }
  }
  /// `key: true`, `key: false`, or a map with more, which means true.
  template <class Take>
  void group(const std::string& key, bool& on, Take take) {
    const YAML::Node node = child(key);
    if (!node.IsDefined()) return;
    if (node.IsScalar()) return read_flag(node, key, on);
    on = true;
    Map map(node, joined(key), mistakes_);
    take(map);
  }
  template <class Take>
  void map(const std::string& key, Take take) {
    const YAML::Node node = child(key);
    if (!node.IsDefined()) return;
    Map map(node, joined(key), mistakes_);
    take(map);
  }
  /// Here stands what is called `key` elsewhere.
  void note(const std::string& key) { mistakes_.note(node_.Mark(), key); }
  void wrong(const YAML::Node& node, const std::string& key, const std::string& why) {
    mistakes_.add(node.Mark(), joined(key), why);
  }

 private:
  std::string joined(const std::string& key) const {
    return path_.empty() || key.empty() ? path_ + key : path_ + "." + key;
  }
  void read_flag(const YAML::Node& node, const std::string& key, bool& out) {
    const std::string word = node.IsScalar() ? node.Scalar() : "";
    if (word != "true" && word != "false") return wrong(node, key, "true or false is needed");
    out = word == "true";
  }

  YAML::Node node_;
  std::string path_;
  Mistakes& mistakes_;
  std::set<std::string> known_;
};

void read_metrics(Map& map, Settings& settings) {
  Groups& groups = settings.groups;
  map.group("cpu", groups.cpu, [&](Map& cpu) {
    cpu.flag("total", groups.cpu);
    cpu.flag("per_core", groups.per_core);
  });
  map.flag("load", groups.load);
  map.flag("memory", groups.memory);
  map.flag("swap", groups.swap);
  map.group("disk", groups.disk, [&](Map& disk) {
    disk.texts("include", groups.mounts_include);
    disk.texts("exclude", groups.mounts_exclude);
  });
  map.group("diskio", groups.diskio, [&](Map& diskio) { diskio.texts("devices", groups.devices); });
  map.group("net", groups.net, [&](Map& net) { net.texts("interfaces", groups.interfaces); });
  map.flag("netstat", groups.netstat);
  map.flag("processes", groups.processes);
  map.flag("uptime", groups.uptime);
}

void read_watched(Map& map, Settings& settings) {
  map.maps("procstat", limits::watched_max, [&](Map& item) {
    std::string exe;
    std::string pattern;
    std::string pid_file;
    item.text("exe", exe);
    item.text("pattern", pattern);
    item.text("pid_file", pid_file);
    if (exe.empty() && pattern.empty() && pid_file.empty())
      item.missing("exe", "exe, pattern or pid_file is needed");
    const auto watch = [&](Watched::By by, std::string what) {
      if (what.empty()) return;
      item.note("procstat[" + std::to_string(settings.watched.size()) + "]");
      settings.watched.push_back({by, std::move(what)});
    };
    watch(Watched::By::exe, std::move(exe));
    watch(Watched::By::pattern, std::move(pattern));
    watch(Watched::By::pid_file, std::move(pid_file));
  });
}

void read_checks(Map& map, Settings& settings) {
  map.maps("checks", limits::agent_checks_max, [&](Map& item) {
    Check check;
    item.text("name", check.name);
    item.text("url", check.url);
    item.text("ca_file", check.ca_file);
    item.period("timeout_s", 60, check.patience);
    std::int64_t least = check.status_min;
    std::int64_t most = check.status_max;
    item.number("status_min", 100, 599, least);
    item.number("status_max", 100, 599, most);
    std::int64_t packets = check.packets;
    item.number("packets", 1, limits::probe_packets_max, packets);
    check.packets = static_cast<int>(packets);
    item.text("expect", check.expect);
    item.text("path", check.path);
    check.status_min = static_cast<int>(least);
    check.status_max = static_cast<int>(most);
    settings.checks.push_back(std::move(check));
  });
}

void read_encoding(Map& item, LogFiles& files) {
  std::string name;
  item.text("encoding", name);
  const YAML::Node node = item.child("encoding");
  if (!node.IsDefined() || !node.IsScalar() || node.Scalar() != name) return;
  if (const auto encoding = tail::parse_encoding(name)) {
    files.encoding = *encoding;
    return;
  }
  std::string all;
  for (const std::string_view each : tail::encoding_names())
    all += (all.empty() ? "" : ", ") + std::string(each);
  item.wrong(node, "encoding", "'" + name + "' is not known; one of these is needed: " + all);
}

void read_logs(Map& map, Settings& settings) {
  map.map("logs", [&](Map& logs) {
    logs.text("url", settings.logs_url);
    logs.maps("files", limits::log_rules_max, [&](Map& item) {
      LogFiles files;
      std::string from = "start";
      item.text("path", files.path);
      item.texts("exclude", files.exclude);
      item.text("group", files.group);
      item.text("stream", files.stream);
      item.text("multi_line_start", files.multi_line_start);
      read_encoding(item, files);
      item.text("from", from);
      if (from != "start" && from != "end") item.wrong(item.child("from"), "from", "start or end is needed");
      files.from_end = from == "end";
      settings.logs.push_back(std::move(files));
    });
  });
}

void read_all(Map& map, Settings& settings) {
  map.text("url", settings.url);
  map.text("region", settings.region);
  map.text("ca_file", settings.ca_file);
  map.text("host", settings.host);
  map.text("vantage", settings.vantage);
  map.period("interval_s", 3'600, settings.interval);
  map.map("keys", [&](Map& keys) {
    keys.text("credentials_file", settings.keys.credentials_file);
    keys.text("profile", settings.keys.profile);
    keys.text("access_key_id", settings.keys.access_key_id);
    keys.text("secret_file", settings.keys.secret_file);
    keys.text("session_token_file", settings.keys.session_token_file);
  });
  map.map("metrics", [&](Map& metrics) { read_metrics(metrics, settings); });
  read_watched(map, settings);
  read_checks(map, settings);
  read_logs(map, settings);
  // Kaden takes both at one address; at AWS they are two services.
  const bool is_aws = settings.url.find(".amazonaws.com") != std::string::npos;
  if (settings.logs_url.empty() && !settings.logs.empty() && !is_aws) settings.logs_url = settings.url;
  map.text("state_folder", settings.state_folder);
  map.map("spool", [&](Map& spool) {
    auto bytes = static_cast<std::int64_t>(settings.spool_bytes_max);
    spool.number("bytes_max", static_cast<std::int64_t>(limits::spool_bytes_min),
                 static_cast<std::int64_t>(limits::spool_bytes_most), bytes);
    settings.spool_bytes_max = static_cast<std::size_t>(bytes);
    spool.period("age_max_s", 14 * 86'400, settings.spool_age_max);
  });
}

} // namespace

ReadSettings read_settings_file(std::string_view yaml, const std::string& name) {
  ReadSettings read;
  read.places.emplace("", name);
  if (yaml.size() > limits::agent_config_bytes_max) {
    read.mistakes.push_back({"", "the file is too large", name});
    return read;
  }
  Mistakes mistakes(name, read);
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (root.IsNull()) return read;
    Map map(root, "", mistakes);
    read_all(map, read.settings);
  } catch (const YAML::Exception& thrown) {
    mistakes.add(thrown.mark, "", thrown.msg);
  }
  return read;
}

void ReadSettings::add(std::vector<SettingsMistake> found) {
  for (SettingsMistake& mistake : found) {
    const auto is_told = [&](const SettingsMistake& other) { return other.key == mistake.key; };
    if (std::any_of(mistakes.begin(), mistakes.end(), is_told)) continue;
    // The key itself, else the map it is missing in.
    auto place = places.find(mistake.key);
    for (std::string above = mistake.key; place == places.end() && !above.empty();) {
      const std::size_t dot = above.rfind('.');
      above.resize(dot == std::string::npos ? 0 : dot);
      place = places.find(above);
    }
    if (place != places.end()) mistake.place = place->second;
    mistakes.push_back(std::move(mistake));
  }
}

std::string ReadSettings::text() const {
  std::string all;
  std::size_t count = 0;
  for (const SettingsMistake& mistake : mistakes) {
    if (++count > limits::config_errors_max) break;
    all += all.empty() ? "" : "\n";
    for (const std::string* part : {&mistake.place, &mistake.key}) {
      if (!part->empty()) all += *part + ": ";
    }
    all += mistake.why;
  }
  return all;
}

Result<Settings> read_settings(std::string_view yaml, const std::string& name) {
  ReadSettings read = read_settings_file(yaml, name);
  if (!read.mistakes.empty()) return fail(Fault::invalid, read.text());
  return std::move(read.settings);
}

} // namespace kaden::agent
