// URLs of probes, and findings as values.
#include <algorithm>
#include <array>

#include "kaden/probe.h"

namespace kaden::probe {

namespace {

struct RecordType {
  std::string_view name;
  std::uint16_t number;
};
constexpr std::array<RecordType, 8> record_types = {
    {{"A", 1}, {"NS", 2}, {"CNAME", 5}, {"SOA", 6}, {"PTR", 12}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}}};

Kind kind_of(channel::Scheme scheme) {
  switch (scheme) {
    case channel::Scheme::tcp:
      return Kind::tcp;
    case channel::Scheme::http:
    case channel::Scheme::https:
      return Kind::http;
    case channel::Scheme::tls:
      return Kind::tls;
    case channel::Scheme::dns:
      return Kind::dns;
    case channel::Scheme::icmp:
      break;
  }
  return Kind::icmp;
}

/// Labels of 1 to 63 letters, digits, '-' and '_'.
bool is_domain_name(std::string_view name) {
  if (name.empty() || name.size() > limits::dns_name_bytes_max) return false;
  for (const std::string_view label : split(name, '.')) {
    const auto is_plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    if (label.empty() || label.size() > 63 || !std::all_of(label.begin(), label.end(), is_plain))
      return false;
  }
  return true;
}

Result<void> read_question(std::string_view url, Target& target) {
  const auto refuse = [&](const char* why) {
    return fail(Fault::invalid, "'" + std::string(url.substr(0, 200)) + "' " + why);
  };
  std::string_view rest = target.address.target;
  const std::size_t mark = rest.find('?');
  if (mark != std::string_view::npos) {
    const std::string_view query = rest.substr(mark + 1);
    const auto type = std::find_if(record_types.begin(), record_types.end(), [&](const RecordType& one) {
      return query.starts_with("type=") && equal_no_case(query.substr(5), one.name);
    });
    if (type == record_types.end())
      return refuse("has another query than type=A, AAAA, CNAME, MX, NS, PTR, SOA or TXT");
    target.record_type = type->number;
  }
  target.question = to_lower(rest.substr(1, mark == std::string_view::npos ? mark : mark - 1));
  if (target.question.ends_with('.')) target.question.pop_back();
  if (!is_domain_name(target.question))
    return refuse("asks for no name, such as dns://10.0.0.2/www.example.com");
  return {};
}

} // namespace

std::string_view to_text(Kind kind) {
  switch (kind) {
    case Kind::icmp:
      return "icmp";
    case Kind::tcp:
      return "tcp";
    case Kind::http:
      return "http";
    case Kind::dns:
      return "dns";
    case Kind::tls:
      break;
  }
  return "tls";
}

Result<Target> parse_target(std::string_view url) {
  auto address = channel::parse_address(url);
  if (!address) return tl::unexpected(address.error());
  Target target;
  target.kind = kind_of(address->scheme);
  target.address = std::move(*address);
  if (target.kind != Kind::dns) return target;
  if (auto read = read_question(url, target); !read) return tl::unexpected(read.error());
  return target;
}

Result<void> check(const Probe& probe) {
  if (probe.patience < limits::probe_patience_min || probe.patience > limits::probe_patience_max)
    return fail(Fault::invalid, "timeout_s: " + to_words(probe.patience) + " is not between " +
                                    to_words(limits::probe_patience_min) + " and " +
                                    to_words(limits::probe_patience_max));
  if (probe.status_min < 100 || probe.status_max > 599 || probe.status_min > probe.status_max)
    return fail(Fault::invalid, "status_min: with status_max it is no range of status codes");
  if (probe.packets < 1 || probe.packets > limits::probe_packets_max)
    return fail(Fault::invalid, "packets: between 1 and 20 are needed");
  return {};
}

std::vector<Measure> measures(const Finding& finding, WallTime now) {
  std::vector<Measure> out;
  if (finding.is_unable) return out;
  const int lost = finding.sent - finding.received;
  out.push_back({"Loss", finding.sent > 0 ? 100.0 * lost / finding.sent : 100.0, "Percent"});
  if (finding.answer_time >= Millis(0))
    out.push_back({"RoundTripTime", static_cast<double>(finding.answer_time.count()), "Milliseconds"});
  if (finding.expires_at) {
    constexpr double day_ms = 86'400'000;
    out.push_back(
        {"DaysToExpiry", static_cast<double>((*finding.expires_at - now).count()) / day_ms, "None"});
  }
  if (finding.status > 0) out.push_back({"Status", static_cast<double>(finding.status), "None"});
  out.push_back({"Up", finding.is_up ? 1.0 : 0.0, "Count"});
  return out;
}

} // namespace kaden::probe
