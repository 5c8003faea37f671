/// kaden/smithy_service.h - a service as it is served: its operations, who may call them, and what runs them.
/// Room: smithy. Uses: base. Pure (what `run` does is its owner's). Threads: a Service is not changed once it
/// is served; `run` is called on the caller's thread and must not block. Errors: Problems, through Respond.
///
/// To serve an operation, describe its shapes and say what runs it:
///
///   smithy::Service logs;
///   logs.name = "Logs_20140328";
///   logs.signing_name = "logs";
///   logs.shape_namespace = "com.amazonaws.cloudwatchlogs";
///   logs.protocols = {smithy::Protocol::json_1_1};
///   const auto* input = model->structure({{"logGroupName", &smithy::text_shape}});
///   logs.add({"CreateLogGroup", input}, smithy::Permission::ingest,
///            [&](const smithy::Caller& caller, const smithy::Value& in, const smithy::Respond& respond) {
///              respond(store.create_group(in, caller.now));
///            });
///   endpoint.serve(std::move(logs));
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/limits/input.h"
#include "kaden/smithy.h"

namespace kaden::smithy {

enum class Protocol : std::uint8_t { query, json_1_0, json_1_1, cbor };

/// What an access key may be allowed to do.
enum class Permission : std::uint8_t {
  ingest, ///< send data in: PutMetricData, PutLogEvents
  alarms, ///< change what rings: PutMetricAlarm, SetAlarmState, DeleteAlarms
  read,   ///< look: DescribeAlarms, GetMetricData, ListMetrics
};
std::string_view to_text(Permission permission); ///< "ingest", "alarms", "read"
std::optional<Permission> parse_permission(std::string_view text);

struct Operation {
  std::string name;
  const Shape* input = nullptr;                            ///< null: it takes nothing
  const Shape* output = nullptr;                           ///< null: it gives nothing back
  bool gzip = false;                                       ///< bodies may be compressed
  std::size_t body_bytes_max = limits::aws_body_bytes_max; ///< after decompression
  /// A text of the output that is answered as this header, and is no part of the body: {member, header}.
  std::pair<std::string, std::string> note{};
};

/// Who asks, when, and under which name the answer goes.
struct Caller {
  std::string access_key_id; ///< empty: unsigned, on loopback
  WallTime now{};
  std::string request_id;
};
/// Call it exactly once, from any thread. The value's members are written as Operation::output says.
using Respond = std::function<void(Answer<Value>)>;
/// `input` fits Operation::input (kinds, ranges of integers); what else AWS asks for is checked here.
using Run = std::function<void(const Caller& caller, const Value& input, const Respond& respond)>;

struct Served {
  Operation operation;
  Permission permission = Permission::read;
  Run run;
};

struct Service {
  std::string name;            ///< the part of X-Amz-Target before the dot
  std::string signing_name;    ///< of its SigV4 scope
  std::string shape_namespace; ///< before the '#' in "__type"
  std::string api_version{};   ///< Query only
  std::string xml_namespace{}; ///< the same
  std::vector<Protocol> protocols;
  bool query_compatible = false; ///< newer protocols tell the older error code as well
  /// Where a newer protocol calls an error otherwise: code -> shape. The common ones need not be here.
  std::map<std::string, std::string, std::less<>> error_shapes{};
  std::map<std::string, Served, std::less<>> operations{};
  std::shared_ptr<const void> owner{}; ///< of shapes and of what `run` refers to; lives as long

  void add(Operation operation, Permission permission, Run run);
  bool speaks(Protocol protocol) const;
};

} // namespace kaden::smithy
