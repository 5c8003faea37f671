#include "config_codec.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "clean.h"

#include "kaden/limits/engine.h"

namespace kaden::incident {

namespace {

constexpr std::size_t name_bytes_max = free_text_bytes_max;
constexpr std::size_t items_max = 100'000; // of any list; config_bytes_max bounds the whole

std::string item_path(const Fields& fields, std::string_view name, std::size_t i) {
  return fmt::format("{}[{}]", fields.path_of(name), i);
}

/// Reads each object of a list with `read(value, path)`.
template <class Item, class Read>
Result<std::vector<Item>> read_list(const Fields& fields, std::string_view name, Read read) {
  std::vector<Item> out;
  const auto list = fields.array(name);
  if (!list) return tl::unexpected(list.error());
  if (*list == nullptr) return out;
  if ((*list)->size() > items_max) return fail(Fault::invalid, fields.path_of(name) + ": too many");
  for (const json::value& value : **list) {
    const std::string path = item_path(fields, name, out.size());
    if (!value.is_object()) return fail(Fault::invalid, path + ": must be an object");
    auto item = read(value, path);
    if (!item) return tl::unexpected(item.error());
    out.push_back(std::move(*item));
  }
  return out;
}

template <class Texts>
json::array list_of(const Texts& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

json::value to_json(const Level& level) {
  return json::object{{"people", list_of(level.people)}, {"wait_ms", level.wait.count()}};
}
json::value to_json(const Redial& redial) {
  return json::object{{"wait_ms", redial.wait.count()}, {"most", redial.most}};
}
json::value to_json(const Route& route) {
  json::object out;
  if (!route.sources.empty()) out["sources"] = list_of(route.sources);
  if (!route.severities.empty()) {
    json::array severities;
    for (const Severity severity : route.severities) severities.emplace_back(kaden::to_text(severity));
    out["severities"] = std::move(severities);
  }
  if (!route.labels.empty()) {
    json::object labels;
    for (const auto& [name, glob] : route.labels) labels[name] = glob;
    out["labels"] = std::move(labels);
  }
  if (!route.policy.empty()) out["policy"] = route.policy;
  if (!route.group_by.empty()) out["group_by"] = list_of(route.group_by);
  return out;
}

template <class Items>
json::array list_of_json(const Items& items) {
  json::array out;
  for (const auto& item : items) out.push_back(to_json(item));
  return out;
}

Result<Millis> read_wait(const Fields& fields, std::string_view name) {
  const auto ms = fields.integer(name, 0, policy_wait_max.count());
  if (!ms) return tl::unexpected(ms.error());
  return Millis(*ms);
}

Result<ContactMethod> method_from_json(const json::value& value, const std::string& path) {
  const Fields fields(value.get_object(), path);
  if (auto known = fields.only({"carrier", "address"}); !known) return tl::unexpected(known.error());
  auto carrier = fields.text("carrier", name_bytes_max);
  if (!carrier) return tl::unexpected(carrier.error());
  auto address = fields.text("address", name_bytes_max);
  if (!address) return tl::unexpected(address.error());
  return ContactMethod{std::move(*carrier), std::move(*address)};
}

Result<Level> level_from_json(const json::value& value, const std::string& path) {
  const Fields fields(value.get_object(), path);
  if (auto known = fields.only({"people", "wait_ms"}); !known) return tl::unexpected(known.error());
  auto people = read_texts(fields, "people", items_max, name_bytes_max);
  if (!people) return tl::unexpected(people.error());
  const auto wait = read_wait(fields, "wait_ms");
  if (!wait) return tl::unexpected(wait.error());
  return Level{std::move(*people), *wait};
}

Result<void> read_redial(const Fields& policy, std::string_view name, Redial& redial) {
  const auto object = policy.object(name);
  if (!object) return tl::unexpected(object.error());
  if (*object == nullptr) return fail(Fault::invalid, policy.path_of(name) + ": is missing");
  const Fields fields(**object, policy.path_of(name));
  if (auto known = fields.only({"wait_ms", "most"}); !known) return tl::unexpected(known.error());
  const auto wait = read_wait(fields, "wait_ms");
  if (!wait) return tl::unexpected(wait.error());
  const auto most = fields.integer("most", 0, limits::redials_max);
  if (!most) return tl::unexpected(most.error());
  redial = {*wait, static_cast<int>(*most)};
  return {};
}

Result<Route> route_from_json(const json::value& value, const std::string& path) {
  const Fields fields(value.get_object(), path);
  if (auto known = fields.only({"sources", "severities", "labels", "policy", "group_by"}); !known) {
    return tl::unexpected(known.error());
  }
  Route route;
  auto sources = read_texts(fields, "sources", items_max, name_bytes_max);
  if (!sources) return tl::unexpected(sources.error());
  route.sources = std::move(*sources);
  const auto severities = read_texts(fields, "severities", items_max, name_bytes_max);
  if (!severities) return tl::unexpected(severities.error());
  for (const std::string& text : *severities) {
    const auto severity = parse_severity(text);
    if (!severity) return fail(Fault::invalid, fields.path_of("severities") + ": unknown severity");
    route.severities.push_back(*severity);
  }
  auto labels = fields.text_map("labels", items_max, name_bytes_max);
  if (!labels) return tl::unexpected(labels.error());
  route.labels = std::move(*labels);
  auto policy = fields.text_or("policy", name_bytes_max, "");
  if (!policy) return tl::unexpected(policy.error());
  route.policy = std::move(*policy);
  auto group_by = read_texts(fields, "group_by", items_max, name_bytes_max);
  if (!group_by) return tl::unexpected(group_by.error());
  route.group_by = std::move(*group_by);
  return route;
}

} // namespace

Result<std::vector<std::string>> read_texts(const Fields& fields, std::string_view name,
                                            std::size_t count_max, std::size_t bytes_max) {
  std::vector<std::string> out;
  const auto list = fields.array(name);
  if (!list) return tl::unexpected(list.error());
  if (*list == nullptr) return out;
  if ((*list)->size() > count_max) return fail(Fault::invalid, fields.path_of(name) + ": too many");
  for (const json::value& value : **list) {
    const json::string* text = value.if_string();
    if (text == nullptr || text->size() > bytes_max) {
      return fail(Fault::invalid, item_path(fields, name, out.size()) + ": must be text of a fitting length");
    }
    out.emplace_back(text->data(), text->size());
  }
  return out;
}

json::value to_json(const ContactMethod& method) {
  return json::object{{"carrier", method.carrier}, {"address", method.address}};
}

json::value to_json(const Person& person) {
  return json::object{{"id", person.id},
                      {"name", person.name},
                      {"language", kaden::to_text(person.language)},
                      {"methods", list_of_json(person.methods)}};
}

Result<Person> person_from_json(const json::value& value, const std::string& path) {
  if (!value.is_object()) return fail(Fault::invalid, path + ": must be an object");
  const Fields fields(value.get_object(), path);
  if (auto known = fields.only({"id", "name", "language", "methods"}); !known)
    return tl::unexpected(known.error());
  Person person;
  auto id = fields.text("id", name_bytes_max);
  if (!id) return tl::unexpected(id.error());
  person.id = std::move(*id);
  auto name = fields.text_or("name", name_bytes_max, "");
  if (!name) return tl::unexpected(name.error());
  person.name = std::move(*name);
  const auto language = fields.text("language", 16);
  if (!language) return tl::unexpected(language.error());
  const auto parsed = parse_language(*language);
  if (!parsed) return fail(Fault::invalid, fields.path_of("language") + ": must be ja or en");
  person.language = *parsed;
  auto methods = read_list<ContactMethod>(fields, "methods", method_from_json);
  if (!methods) return tl::unexpected(methods.error());
  person.methods = std::move(*methods);
  return person;
}

json::value to_json(const Policy& policy) {
  return json::object{{"id", policy.id},
                      {"levels", list_of_json(policy.levels)},
                      {"rounds", policy.rounds},
                      {"busy", to_json(policy.busy)},
                      {"no_answer", to_json(policy.no_answer)},
                      {"no_key", to_json(policy.no_key)},
                      {"carrier_failed", to_json(policy.carrier_failed)},
                      {"ring_ms_max", policy.ring_max.count()},
                      {"last_resort", list_of(policy.last_resort)}};
}

Result<Policy> policy_from_json(const json::value& value, const std::string& path) {
  if (!value.is_object()) return fail(Fault::invalid, path + ": must be an object");
  const Fields fields(value.get_object(), path);
  if (auto known = fields.only({"id", "levels", "rounds", "busy", "no_answer", "no_key", "carrier_failed",
                                "ring_ms_max", "last_resort"});
      !known) {
    return tl::unexpected(known.error());
  }
  Policy policy;
  auto id = fields.text("id", name_bytes_max);
  if (!id) return tl::unexpected(id.error());
  policy.id = std::move(*id);
  auto levels = read_list<Level>(fields, "levels", level_from_json);
  if (!levels) return tl::unexpected(levels.error());
  policy.levels = std::move(*levels);
  const auto rounds = fields.integer("rounds", 1, limits::rounds_max);
  if (!rounds) return tl::unexpected(rounds.error());
  policy.rounds = static_cast<int>(*rounds);
  if (auto read = read_redial(fields, "busy", policy.busy); !read) return tl::unexpected(read.error());
  if (auto read = read_redial(fields, "no_answer", policy.no_answer); !read)
    return tl::unexpected(read.error());
  if (auto read = read_redial(fields, "no_key", policy.no_key); !read) return tl::unexpected(read.error());
  if (auto read = read_redial(fields, "carrier_failed", policy.carrier_failed); !read) {
    return tl::unexpected(read.error());
  }
  const auto ring_max = read_wait(fields, "ring_ms_max");
  if (!ring_max) return tl::unexpected(ring_max.error());
  policy.ring_max = *ring_max;
  auto last_resort = read_texts(fields, "last_resort", items_max, name_bytes_max);
  if (!last_resort) return tl::unexpected(last_resort.error());
  policy.last_resort = std::move(*last_resort);
  return policy;
}

json::value to_json(const Config& config) {
  json::object out{{"version", config.version},
                   {"people", list_of_json(config.people)},
                   {"policies", list_of_json(config.policies)},
                   {"routes", list_of_json(config.routes)}};
  if (config.triage != Triage()) out["triage"] = to_json(config.triage);
  return out;
}

Result<Config> config_from_json(const json::value& value, const std::string& path) {
  if (!value.is_object()) return fail(Fault::invalid, path + ": must be an object");
  const Fields fields(value.get_object(), path);
  if (auto known = fields.only({"version", "people", "policies", "routes", "triage"}); !known) {
    return tl::unexpected(known.error());
  }
  Config config;
  auto version = fields.text("version", name_bytes_max);
  if (!version) return tl::unexpected(version.error());
  config.version = std::move(*version);
  auto people = read_list<Person>(fields, "people", person_from_json);
  if (!people) return tl::unexpected(people.error());
  config.people = std::move(*people);
  auto policies = read_list<Policy>(fields, "policies", policy_from_json);
  if (!policies) return tl::unexpected(policies.error());
  config.policies = std::move(*policies);
  auto routes = read_list<Route>(fields, "routes", route_from_json);
  if (!routes) return tl::unexpected(routes.error());
  config.routes = std::move(*routes);
  const auto triage = fields.object("triage");
  if (!triage) return tl::unexpected(triage.error());
  if (*triage != nullptr) {
    auto read = triage_from_json(**triage, fields.path_of("triage"));
    if (!read) return tl::unexpected(read.error());
    config.triage = std::move(*read);
  }
  return config;
}

} // namespace kaden::incident
