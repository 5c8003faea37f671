// A request body, plain or (by its first bytes) gzip; the parameters go through every reader of an operation.
#include <cstddef>
#include <cstdint>

#include "inflate.h"
#include "metric_alarm.h"
#include "metric_data.h"
#include "query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  using namespace kaden::cloudwatch;
  std::string body(size, '\0');
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(data[i]);
  if (body.starts_with("\x1f\x8b")) {
    constexpr std::size_t most = 65'536;
    const auto out = gunzip(body, most);
    if (!out) return 0;
    require(out->size() <= most, "inflation is bounded");
    body = *out;
  }
  const auto parameters = Parameters::parse(body);
  if (!parameters) return 0;
  const WallTime now = wall_time(1'790'000'000'000);
  if (const auto read = read_metric_data(*parameters, now)) {
    alarm::AlarmBook book(now);
    require(book.put(*read, now).has_value(), "an empty book has room");
  }
  if (auto definition = read_definition(*parameters)) {
    const auto again = alarm::definition_from_json(parse_json(to_text(alarm::to_json(*definition))).value());
    require(again && *again == *definition, "a definition reads back as it was");
    alarm::AlarmBook book(now);
    const alarm::AlarmKey key{definition->name, alarm::Origin::api};
    book.define(std::move(*definition), now);
    static_cast<void>(book.step(now));
    static_cast<void>(describe_result(book.describe(alarm::AlarmFilter{}), key, "arn:"));
  }
  static_cast<void>(read_describe(*parameters));
  static_cast<void>(read_names(*parameters));
  static_cast<void>(read_set_state(*parameters));
  return 0;
}
