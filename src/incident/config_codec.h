/// incident/config_codec.h - the engine's configuration and its parts as JSON, as the journal holds them.
/// Room: incident. Threads: values; any. Errors: Fault::invalid with the field's path.
#pragma once

#include "kaden/incident.h"

namespace kaden::incident {

json::value to_json(const Config& config);
Result<Config> config_from_json(const json::value& value, const std::string& path);

json::value to_json(const Person& person);
Result<Person> person_from_json(const json::value& value, const std::string& path);
json::value to_json(const Policy& policy);
Result<Policy> policy_from_json(const json::value& value, const std::string& path);

json::value to_json(const ContactMethod& method);

json::value to_json(const Triage& triage);
Result<Triage> triage_from_json(const json::object& object, const std::string& path);
/// {"ja": "...", "en": "..."}
json::value to_json(const SpokenText& text);

/// The texts of a list; absent gives an empty one.
Result<std::vector<std::string>> read_texts(const Fields& fields, std::string_view name,
                                            std::size_t count_max, std::size_t bytes_max);

} // namespace kaden::incident
