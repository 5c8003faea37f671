#include "metric.h"

#include <algorithm>

#include "kaden/limits/metrics.h"

namespace kaden::agent {

namespace {

// Under the API's limit of 1 MB for a body.
constexpr std::size_t body_bytes_max = 900'000;

std::uint64_t gained(std::uint64_t before, std::uint64_t now) {
  return now > before ? now - before : 0;
}

void put_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
}

void put_field(std::string& out, const std::string& name, std::string_view value) {
  out += '&';
  out += name;
  out += '=';
  put_encoded(out, value);
}

std::string encoded(const Datum& datum, std::size_t number, const BodyFrame& frame) {
  const std::string member = "MetricData.member." + std::to_string(number);
  std::string text;
  put_field(text, member + ".MetricName", datum.name);
  std::size_t count = 0;
  const auto put_dimension = [&](std::string_view name, std::string_view value) {
    const std::string dimension = member + ".Dimensions.member." + std::to_string(++count);
    put_field(text, dimension + ".Name", name);
    put_field(text, dimension + ".Value", dimension_value(value));
  };
  if (!frame.host.empty()) put_dimension("host", frame.host);
  for (const auto& [name, value] : datum.dimensions) put_dimension(name, value);
  put_field(text, member + ".Timestamp", to_iso8601(frame.at));
  put_field(text, member + ".Value", to_text(datum.value));
  put_field(text, member + ".Unit", datum.unit);
  put_field(text, member + ".StorageResolution", frame.high_resolution ? "1" : "60");
  return text;
}

} // namespace

std::vector<Datum> cpu_data(const CpuTimes& before, const CpuTimes& now, const std::string& cpu) {
  const std::uint64_t guest = gained(before.guest, now.guest);
  const std::uint64_t guest_nice = gained(before.guest_nice, now.guest_nice);
  const std::uint64_t user = gained(before.user, now.user);
  const std::uint64_t nice = gained(before.nice, now.nice);
  const std::uint64_t idle = gained(before.idle, now.idle);
  const std::uint64_t system = gained(before.system, now.system);
  const std::uint64_t iowait = gained(before.iowait, now.iowait);
  const std::uint64_t irq = gained(before.irq, now.irq);
  const std::uint64_t softirq = gained(before.softirq, now.softirq);
  const std::uint64_t steal = gained(before.steal, now.steal);
  // Sums in floating point: counters come from a text and may be anything.
  double busy = 0;
  for (const std::uint64_t part : {user, nice, system, iowait, irq, softirq, steal})
    busy += static_cast<double>(part);
  const double total = busy + static_cast<double>(idle);
  if (total <= 0 || now.user < before.user || now.system < before.system) return {};

  std::vector<Datum> data;
  const auto put = [&](const char* name, double ticks) {
    data.push_back({name, {{"cpu", cpu}}, 100 * ticks / total, "Percent"});
  };
  put("cpu_usage_active", busy);
  put("cpu_usage_guest", static_cast<double>(guest));
  put("cpu_usage_guest_nice", static_cast<double>(guest_nice));
  put("cpu_usage_idle", static_cast<double>(idle));
  put("cpu_usage_iowait", static_cast<double>(iowait));
  put("cpu_usage_irq", static_cast<double>(irq));
  put("cpu_usage_nice", static_cast<double>(gained(guest_nice, nice)));
  put("cpu_usage_softirq", static_cast<double>(softirq));
  put("cpu_usage_steal", static_cast<double>(steal));
  put("cpu_usage_system", static_cast<double>(system));
  put("cpu_usage_user", static_cast<double>(gained(guest, user)));
  return data;
}

std::vector<Datum> memory_data(const Memory& memory) {
  const std::uint64_t used = gained(memory.free + memory.buffers + memory.cached, memory.total);
  const auto total = static_cast<double>(memory.total);
  if (memory.total == 0) return {};
  return {{"mem_active", {}, static_cast<double>(memory.active), "Bytes"},
          {"mem_available", {}, static_cast<double>(memory.available), "Bytes"},
          {"mem_available_percent", {}, 100 * static_cast<double>(memory.available) / total, "Percent"},
          {"mem_buffered", {}, static_cast<double>(memory.buffers), "Bytes"},
          {"mem_cached", {}, static_cast<double>(memory.cached), "Bytes"},
          {"mem_free", {}, static_cast<double>(memory.free), "Bytes"},
          {"mem_inactive", {}, static_cast<double>(memory.inactive), "Bytes"},
          {"mem_total", {}, total, "Bytes"},
          {"mem_used", {}, static_cast<double>(used), "Bytes"},
          {"mem_used_percent", {}, 100 * static_cast<double>(used) / total, "Percent"}};
}

std::vector<Datum> disk_data(const Mount& mount, const Space& space) {
  if (space.total == 0) return {};
  const std::string_view device = mount.device;
  const std::string_view name = device.starts_with("/dev/") ? device.substr(5) : device;
  const Dimensions dimensions = {{"device", std::string(name)}, {"fstype", mount.type}, {"path", mount.path}};
  const auto used = static_cast<double>(gained(space.free, space.total));
  const auto available = static_cast<double>(space.available);
  std::vector<Datum> data = {
      {"disk_free", dimensions, available, "Bytes"},
      {"disk_inodes_free", dimensions, static_cast<double>(space.inodes_free), "Count"},
      {"disk_inodes_total", dimensions, static_cast<double>(space.inodes_total), "Count"},
      {"disk_inodes_used", dimensions, static_cast<double>(gained(space.inodes_free, space.inodes_total)),
       "Count"},
      {"disk_total", dimensions, static_cast<double>(space.total), "Bytes"},
      {"disk_used", dimensions, used, "Bytes"}};
  // As df(1) does: of what users can have, not of the whole with root's reserve.
  if (used + available > 0) {
    data.push_back({"disk_used_percent", dimensions, 100 * used / (used + available), "Percent"});
  }
  return data;
}

std::string dimension_value(std::string_view text) {
  constexpr std::size_t bytes_max = 1'024;
  std::string value(text.substr(0, bytes_max));
  std::replace_if(
      value.begin(), value.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  const bool blank = value.find_first_not_of(' ') == std::string::npos;
  return blank ? "?" : value;
}

std::vector<std::string> put_metric_bodies(const std::vector<Datum>& data, const BodyFrame& frame) {
  std::string start = "Action=PutMetricData&Version=2010-08-01";
  put_field(start, "Namespace", frame.name_space);
  std::vector<std::string> bodies;
  std::size_t number = 0;
  for (const Datum& datum : data) {
    std::string text = encoded(datum, ++number, frame);
    const bool full = number > limits::data_per_put_max ||
                      (!bodies.empty() && bodies.back().size() + text.size() > body_bytes_max);
    if (bodies.empty() || full) {
      bodies.emplace_back(start);
      number = 1;
      text = encoded(datum, number, frame);
    }
    bodies.back() += text;
  }
  return bodies;
}

} // namespace kaden::agent
