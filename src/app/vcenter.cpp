#include "vcenter.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "kaden/runtime.h"
#include "secret.h"

namespace kaden::app {

namespace {

/// Those that are asked for; an error names the ones there are.
Result<std::vector<config::Vcenter>> chosen(const config::Settings& settings, const std::string& name) {
  std::vector<config::Vcenter> out;
  std::string known;
  for (const config::Vcenter& each : settings.sources.vcenters) {
    if (name.empty() || each.id == name) out.push_back(each);
    known += (known.empty() ? "" : ", ") + each.id;
  }
  if (!out.empty()) return out;
  if (known.empty()) return fail(Fault::not_found, "the configuration has no sources.vcenters");
  return fail(Fault::not_found, fmt::format("no vCenter is called {}; there are: {}", name, known));
}

} // namespace

std::optional<std::string> pin_of(const std::string& fingerprint) {
  if (fingerprint.empty()) return std::nullopt;
  auto pin = http::parse_certificate_pin(fingerprint);
  require(pin.has_value(), "a certificate's fingerprint was checked when the configuration was read");
  return std::move(*pin);
}

vcenter::Settings settings_of(const config::Vcenter& vcenter) {
  vcenter::Settings settings;
  settings.name = vcenter.id;
  settings.spoken_name = vcenter.name;
  settings.url = vcenter.url;
  settings.user = vcenter.user;
  settings.password = vcenter.password;
  settings.ca_file = vcenter.ca_file;
  settings.acknowledge = vcenter.acknowledge;
  settings.poll = vcenter.poll;
  settings.unreadable_after = vcenter.unreadable_after;
  for (const config::VcenterRule& rule : vcenter.rules) {
    settings.rules.push_back({rule.alarm, rule.entity, rule.yellow, rule.red});
  }
  settings.certificate_pin = pin_of(vcenter.certificate_sha256);
  return settings;
}

int list_vcenter_alarms(const VcenterAlarmsOptions& options) {
  const auto settings = config::load(options.config, config::process_environment());
  if (!settings) return report(settings.error());
  const auto vcenters = chosen(*settings, options.name);
  if (!vcenters) return report(vcenters.error());
  http::Client client;
  const auto exchange = [&client](const http::ClientRequest& request) { return client.send(request); };
  const runtime::SystemClock clock;
  json::object all;
  int code = 0;
  for (const config::Vcenter& each : *vcenters) {
    const auto survey = vcenter::survey(settings_of(each), exchange, clock.wall());
    if (!survey) {
      code = report(survey.error());
    } else if (options.as_json) {
      all[each.id] = vcenter::to_json(*survey);
    } else {
      fmt::print("{}: {}\n", each.id, vcenter::to_text(*survey));
    }
  }
  if (options.as_json) fmt::print("{}\n", kaden::to_text(json::value(std::move(all))));
  return code;
}

} // namespace kaden::app
