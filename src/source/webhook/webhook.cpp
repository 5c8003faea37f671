#include "kaden/webhook.h"

#include <algorithm>
#include <array>

#include "draft.h"

namespace kaden::webhook {
namespace {

struct Named {
  std::string_view word;
  Format format;
};
constexpr std::array<Named, 9> formats{{{"alertmanager", Format::alertmanager},
                                        {"eventbridge", Format::eventbridge},
                                        {"generic", Format::generic},
                                        {"grafana", Format::grafana},
                                        {"opsgenie", Format::opsgenie},
                                        {"pagerduty", Format::pagerduty},
                                        {"sns", Format::sns},
                                        {"sqs", Format::sqs},
                                        {"zabbix", Format::zabbix}}};

Result<Read> read_object(const Rules& rules, const Delivery& delivery) {
  const auto body = object_in(delivery.body);
  if (!body) return tl::unexpected(body.error());
  const json::object& object = body->get_object();
  switch (rules.format) {
    case Format::alertmanager:
      return read_alertmanager(rules, object);
    case Format::grafana:
      return read_grafana(rules, object);
    case Format::zabbix:
      return read_zabbix(rules, object);
    case Format::pagerduty:
      return read_pagerduty(rules, object);
    case Format::eventbridge:
      return read_eventbridge(rules, object);
    case Format::generic:
    case Format::sns:
    case Format::sqs:
    case Format::opsgenie:
      break;
  }
  return fail(Fault::invalid, "this format has a reader of its own");
}

} // namespace

std::string_view to_text(Format format) {
  for (const Named& each : formats) {
    if (each.format == format) return each.word;
  }
  return "";
}

std::optional<Format> parse_format(std::string_view text) {
  const auto found =
      std::find_if(formats.begin(), formats.end(), [&](const Named& each) { return each.word == text; });
  return found == formats.end() ? std::nullopt : std::optional(found->format);
}

std::vector<std::string_view> format_words() {
  std::vector<std::string_view> words;
  words.reserve(formats.size());
  for (const Named& each : formats) words.push_back(each.word);
  return words;
}

Result<Read> read(const Rules& rules, const Delivery& delivery) {
  switch (rules.format) {
    case Format::sns:
      return read_sns(rules, delivery.body);
    case Format::sqs:
      return read_sqs(rules, delivery.body);
    case Format::opsgenie:
      return read_opsgenie(rules, delivery);
    case Format::generic: {
      const auto body = parse_json(delivery.body); // an array may stand alone
      if (!body) return tl::unexpected(body.error());
      return read_generic(rules, *body);
    }
    case Format::alertmanager:
    case Format::grafana:
    case Format::zabbix:
    case Format::pagerduty:
    case Format::eventbridge:
      break;
  }
  return read_object(rules, delivery);
}

} // namespace kaden::webhook
