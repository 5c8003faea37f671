#include <array>

#include "kaden/limits/cloudwatch_api.h"
#include "kaden/smithy_entity.h"

namespace kaden::smithy {

namespace {

constexpr std::array<std::string_view, 5> known_keys = {"Type", "ResourceType", "Identifier", "Name",
                                                        "Environment"};
constexpr std::array<std::string_view, 5> known_types = {"Service", "RemoteService", "Resource",
                                                         "AWS::Resource", "AWS::Service"};

bool is_one_of(const auto& all, std::string_view text) {
  for (const auto one : all) {
    if (one == text) return true;
  }
  return false;
}

std::string shown(std::string_view text) {
  return std::string(cut_utf8(text, 100));
}

/// What is wrong with the lengths of a map's keys and values; empty: nothing.
std::string misfit(const Map& map, std::size_t key_bytes_max) {
  for (const Entry& entry : map) {
    const std::string* value = entry.value.if_text();
    if (entry.name.empty() || entry.name.size() > key_bytes_max) {
      return "the key " + shown(entry.name) + " must be 1 to " + std::to_string(key_bytes_max) +
             " characters long";
    }
    if (value == nullptr || value->empty() || value->size() > limits::entity_value_bytes_max) {
      return "the value of " + shown(entry.name) + " must be 1 to " +
             std::to_string(limits::entity_value_bytes_max) + " characters long";
    }
  }
  return {};
}

} // namespace

const Shape* entity_shape(Model& model, const EntityNames& names) {
  const Shape* texts = model.map(&text_shape);
  return model.structure(
      {{std::string(names.key_attributes), texts}, {std::string(names.attributes), texts}});
}

std::optional<EntityFault> check_entity(const Value* entity, const EntityNames& names) {
  if (entity == nullptr) return std::nullopt;
  const std::string key_name(names.key_attributes);
  const Map& keys = entity->map(names.key_attributes);
  if (keys.size() < limits::entity_keys_min || keys.size() > limits::entity_keys_max) {
    return EntityFault{keys.empty() ? "MissingRequiredFields" : "InvalidKeyAttributes",
                       key_name + " must have 2 to 4 entries"};
  }
  if (auto wrong = misfit(keys, limits::entity_key_bytes_max); !wrong.empty()) {
    return EntityFault{"InvalidKeyAttributes", key_name + ": " + wrong};
  }
  const std::string* type = nullptr;
  for (const Entry& entry : keys) {
    if (!is_one_of(known_keys, entry.name)) {
      return EntityFault{"InvalidKeyAttributes",
                         key_name + ": there is no key attribute " + shown(entry.name)};
    }
    if (entry.name == "Type") type = entry.value.if_text();
  }
  if (type == nullptr) return EntityFault{"MissingRequiredFields", key_name + ": Type is required"};
  if (!is_one_of(known_types, *type)) {
    return EntityFault{"InvalidTypeValue", key_name + ": there is no entity of Type " + shown(*type)};
  }
  const Map& attributes = entity->map(names.attributes);
  if (attributes.size() > limits::entity_attributes_max) {
    return EntityFault{"InvalidAttributes", std::string(names.attributes) + " must have at most 10 entries"};
  }
  if (auto wrong = misfit(attributes, limits::entity_attribute_bytes_max); !wrong.empty()) {
    return EntityFault{"InvalidAttributes", std::string(names.attributes) + ": " + wrong};
  }
  return std::nullopt;
}

} // namespace kaden::smithy
