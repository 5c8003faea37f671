// A request body as Query, JSON or CBOR, plain or (by its first bytes) gzip; what can be read goes through
// the reader of each operation, into an alarm book, and is answered in every protocol.
#include <array>
#include <cstddef>
#include <cstdint>

#include "inflate.h"
#include "kaden/smithy_wire.h"
#include "operations.h"

namespace {

using namespace kaden;
using namespace kaden::cloudwatch;

const WallTime now = wall_time(1'790'000'000'000);

const smithy::Service& service() {
  static const smithy::Service made = make_service(nullptr, "arn:", {});
  return made;
}

void answer(const char* operation, const Value& output) {
  for (const auto protocol : service().protocols) {
    static_cast<void>(smithy::write_output(protocol, service(), service().operations.at(operation).operation,
                                           output, "id"));
  }
}

template <class Definition>
void define(const Definition& definition, Result<Definition> (*parse)(const json::value&)) {
  const auto again = parse(parse_json(to_text(alarm::to_json(definition))).value());
  require(again && *again == definition, "a definition reads back as it was");
  alarm::AlarmBook book(now);
  static_cast<void>(book.define(definition, now));
  static_cast<void>(book.step(now));
  answer("DescribeAlarms",
         describe_output(book.describe(alarm::AlarmFilter{}), alarm::AlarmKey{definition.name, {}}, "arn:"));
}

void define_metric(const alarm::Definition& definition) {
  const auto again = alarm::definition_from_json(parse_json(to_text(alarm::to_json(definition))).value());
  require(again && *again == definition, "a definition reads back as it was");
  alarm::AlarmBook book(now);
  book.define(definition, now);
  static_cast<void>(book.step(now));
  answer("DescribeAlarms",
         describe_output(book.describe(alarm::AlarmFilter{}), alarm::AlarmKey{definition.name, {}}, "arn:"));
}

/// `read` gives the input of an operation, or why not.
template <class Read>
void run_readers(const Read& read) {
  alarm::AlarmBook book(now);
  if (const auto input = read("PutMetricData")) {
    if (const auto data = read_metric_data(*input, now)) {
      require(book.put(*data, now).has_value(), "an empty book has room");
    }
  }
  if (const auto input = read("PutMetricAlarm")) {
    if (const auto definition = read_definition(*input)) define_metric(*definition);
  }
  if (const auto input = read("PutCompositeAlarm")) {
    if (const auto definition = read_composite(*input)) define(*definition, alarm::composite_from_json);
  }
  if (const auto input = read("GetMetricData")) {
    if (const auto request = read_metric_data_request(*input, now)) {
      const auto results = alarm::metric_data(book.metrics(), request->queries, request->from, request->to);
      if (results) answer("GetMetricData", metric_data_output(*results, *request));
    }
  }
  if (const auto input = read("DescribeAlarms")) static_cast<void>(read_describe(*input));
  if (const auto input = read("DescribeAlarmHistory")) static_cast<void>(read_history_filter(*input));
  if (const auto input = read("SetAlarmState")) static_cast<void>(read_set_state(*input));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string body(size, '\0');
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(data[i]);
  if (body.starts_with("\x1f\x8b")) {
    constexpr std::size_t most = 65'536;
    const auto out = gunzip(body, most);
    if (!out) return 0;
    require(out->size() <= most, "inflation is bounded");
    body = *out;
  }
  const auto shape_of = [](const char* operation) {
    return service().operations.at(operation).operation.input;
  };
  if (body.starts_with('{')) {
    run_readers([&](const char* operation) { return smithy::read_json(shape_of(operation), body); });
  } else if (!body.empty() && (static_cast<unsigned char>(body[0]) >> 5U) == 5) {
    run_readers([&](const char* operation) { return smithy::read_cbor(shape_of(operation), body); });
  } else if (const auto form = smithy::QueryForm::parse(body)) {
    run_readers([&](const char* operation) { return form->read(shape_of(operation)); });
  }
  return 0;
}
