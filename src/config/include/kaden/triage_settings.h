/// kaden/triage_settings.h - the model that triage asks, as the file says. Room: config. Uses: base,
/// modelapi. Threads: values; any. Errors: none.
#pragma once

#include <string>

#include "kaden/limits/triage.h"
#include "kaden/modelapi.h"

namespace kaden::config {

struct TriageModel {
  modelapi::Model model;
  std::string url;           ///< without '/' at its end
  std::string region;        ///< Bedrock
  std::string access_key_id; ///< Bedrock, signed; empty: api_key, or as section `aws` finds keys
  std::string secret;
  std::string session_token;
  std::string api_key; ///< Authorization: Bearer; empty: none
  std::string ca_file;
  int concurrent = limits::triage_concurrent;
  bool operator==(const TriageModel&) const = default;
};

} // namespace kaden::config
