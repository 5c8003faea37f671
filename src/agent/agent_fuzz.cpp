// What stands in /proc, in files, and what a server answers: the first byte chooses the parser.
#include <cstdint>
#include <string_view>

#include "delivery.h"
#include "kaden/address.h"
#include "kaden/agent_settings.h"
#include "kaden/event_cutter.h"
#include "kaden/http_answer.h"
#include "kaden/limits/agent.h"
#include "kaden/limits/input.h"
#include "kaden/limits/metrics.h"
#include "keys.h"
#include "log_text.h"
#include "metric.h"
#include "parcel.h"
#include "readings.h"
#include "spool.h"

namespace {

using namespace kaden::agent;
using kaden::channel::parse_address;
using kaden::channel::ResponseReader;

void check_data(const std::vector<Datum>& data) {
  for (const auto& body : put_metric_bodies(data, {"web-01", {}, true}))
    kaden::require(body.size() < kaden::limits::aws_body_bytes_max, "a body keeps its limit");
}

void fuzz_machine(std::string_view text) {
  if (const auto times = parse_cpu_times(text)) {
    for (const Datum& datum : cpu_data({}, *times))
      kaden::require(datum.value >= 0 && datum.value <= 100.000001, "a share is between 0 and 100");
  }
  kaden::require(parse_core_times(text).size() <= kaden::limits::cores_max, "cores keep their limit");
  if (const auto memory = parse_memory(text)) {
    check_data(memory_data(*memory));
    for (const Datum& datum : swap_data(*memory)) kaden::require(datum.value >= 0, "swap is not negative");
  }
  if (const auto load = parse_load(text)) check_data(load_data(*load));
  if (const auto uptime = parse_uptime(text)) kaden::require(*uptime >= 0, "time passes");
}

void fuzz_mounts(std::string_view text) {
  const auto chosen = choose_mounts(parse_mounts(text), {{}, {"/run/*"}});
  kaden::require(chosen.size() <= kaden::limits::mounts_max, "mounts keep their limit");
  for (const Mount& mount : chosen) check_data(disk_data(mount, {10, 5, 4, 3, 2}));
}

void fuzz_counters(std::string_view text) {
  const auto disks = parse_diskstats(text, {"*"});
  const auto nets = parse_net_dev(text, {"*"});
  kaden::require(disks.size() <= kaden::limits::devices_max && nets.size() <= kaden::limits::devices_max,
                 "devices keep their limit");
  check_data(diskio_data(disks, disks));
  check_data(net_data(nets, nets));
  SocketCounts counts;
  count_tcp_line(text, counts);
  count_udp_line(text, counts);
  ProcessCounts processes;
  if (const auto process = parse_process(text)) processes.add(*process);
  check_data(processes_data(processes));
}

/// In two pieces and in one: the same.
void fuzz_response(std::string_view text) {
  ResponseReader whole;
  ResponseReader pieces;
  const auto one = whole.feed(text);
  auto two = pieces.feed(text.substr(0, text.size() / 2));
  if (two) two = pieces.feed(text.substr(text.size() / 2));
  kaden::require(one.has_value() == two.has_value(), "pieces do not matter");
  if (one && *one == ResponseReader::State::whole)
    kaden::require(whole.response().body == pieces.response().body, "pieces do not matter for the body");
}

void fuzz_stored(std::string_view text) {
  std::size_t bytes = segment_heading.size();
  scan_segment(text, [&](const SpoolRecord& record, std::size_t at) {
    kaden::require(at == bytes, "records stand one behind the other");
    bytes += encode_record(record).size();
  });
  kaden::require(bytes <= text.size() + segment_heading.size(), "records stand in the segment");
  if (const auto parcel = decode_parcel(text))
    kaden::require(decode_parcel(encode_parcel(*parcel)) == *parcel, "a parcel reads back");
  if (const auto positions = decode_positions(text))
    kaden::require(decode_positions(encode_positions(*positions)) == *positions, "positions read back");
  static_cast<void>(decode_done(text));
}

void fuzz_log(std::string_view text) {
  static const kaden::tail::Pattern start = std::move(*kaden::tail::Pattern::compile("^[0-9]"));
  kaden::tail::EventCutter cutter(text.size() % 2 == 0 ? &start : nullptr, 0);
  for (const std::string_view part : {text.substr(0, text.size() / 3), text.substr(text.size() / 3)}) {
    cutter.feed(part);
    while (const auto event = cutter.next())
      kaden::require(kaden::is_valid_utf8(event->text), "events are UTF-8");
  }
  LogBatch batch("g", "s");
  while (const auto event = cutter.next(true)) {
    kaden::require(!event->text.empty(), "no event is empty");
    batch.add(event->text, {});
  }
  kaden::require(cutter.consumed() == text.size(), "nothing is left over");
  kaden::require(batch.body().size() <= kaden::limits::http_body_bytes_max, "a request keeps its limit");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 8) {
    case 0:
      fuzz_machine(text);
      break;
    case 1:
      fuzz_counters(text);
      break;
    case 2:
      fuzz_mounts(text);
      break;
    case 3:
      if (const auto address = parse_address(text)) kaden::require(!address->host.empty(), "there is a host");
      static_cast<void>(parse_credentials(text, "default"));
      break;
    case 4:
      kaden::require(judge({400, {}, std::string(text)}).reason.size() <= 300, "a reason is short");
      fuzz_response(text);
      break;
    case 5:
      fuzz_stored(text);
      break;
    case 6:
      fuzz_log(text);
      break;
    default:
      if (const auto settings = read_settings(text, "f")) static_cast<void>(check_settings(*settings));
  }
  return 0;
}
