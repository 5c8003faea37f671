// What stands in /proc, and what a server answers: the first byte chooses the parser.
#include <cstdint>
#include <string_view>

#include "delivery.h"
#include "metric.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden::agent;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 5) {
    case 0:
      if (const auto times = parse_cpu_times(text)) {
        for (const Datum& datum : cpu_data({}, *times)) {
          kaden::require(datum.value >= 0 && datum.value <= 100.000001, "a share is between 0 and 100");
        }
      }
      break;
    case 1:
      if (const auto memory = parse_memory(text))
        static_cast<void>(put_metric_bodies(memory_data(*memory), {}));
      break;
    case 2: {
      const auto chosen = choose_mounts(parse_mounts(text), {{}, {"/run/*"}});
      kaden::require(chosen.size() <= kaden::limits::mounts_max, "mounts keep their limit");
      for (const Mount& mount : chosen) {
        for (const auto& body : put_metric_bodies(disk_data(mount, {10, 5, 4, 3, 2}), {"web-01", {}, true})) {
          kaden::require(body.size() < kaden::limits::http_body_bytes_max, "a body keeps its limit");
        }
      }
      break;
    }
    case 3:
      if (const auto endpoint = parse_endpoint(text))
        kaden::require(!endpoint->host.empty(), "there is a host");
      break;
    default:
      kaden::require(judge({400, {}, std::string(text)}).reason.size() <= 300, "a reason is short");
  }
  return 0;
}
