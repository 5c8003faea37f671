// Datapoints a second and core through the whole endpoint, in each wire form: signature checked, body
// inflated and parsed, limits checked, datapoints put into the book. 1,000 metrics a request, as a busy
// agent's gateway sends. The limit beside it is Boost.JSON parsing the same JSON body and doing nothing with
// it.
#include <benchmark/benchmark.h>
#include <zlib.h>

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <vector>

#include "kaden/cloudwatch.h"
#include "kaden/sigv4.h"
#include "kaden/smithy_wire.h"
#include "operations.h"

namespace kaden::cloudwatch {
namespace {

using smithy::List;
using smithy::Map;
using smithy::Protocol;

constexpr std::int64_t data_per_request = 1'000;
const WallTime noon = wall_time(1'790'000'000'000);
const AccessKey key{"AKIDKADEN",   "secret",          "",       {smithy::Permission::ingest},
                    1'000'000'000, 1'000'000'000'000, 1'000'000};

std::string host(std::int64_t number) {
  return "web-" + std::to_string(number);
}

std::string query_body(WallTime at) {
  std::string body = "Action=PutMetricData&Version=2010-08-01&Namespace=CWAgent";
  for (std::int64_t i = 0; i < data_per_request; ++i) {
    const std::string member = "&MetricData.member." + std::to_string(i + 1) + ".";
    body += member + "MetricName=cpu_usage_active" + member + "Dimensions.member.1.Name=host" + member +
            "Dimensions.member.1.Value=" + host(i) + member + "Timestamp=" + to_iso8601(at) + member +
            "Value=" + std::to_string(i % 100) + ".25" + member + "Unit=Percent" + member +
            "StorageResolution=1";
  }
  return body;
}

Value data(WallTime at) {
  List list;
  for (std::int64_t i = 0; i < data_per_request; ++i) {
    List dimensions;
    dimensions.push_back(Map{{"Name", std::string("host")}, {"Value", host(i)}});
    list.push_back(Map{{"MetricName", std::string("cpu_usage_active")},
                       {"Dimensions", std::move(dimensions)},
                       {"Timestamp", at},
                       {"Value", static_cast<double>(i % 100) + 0.25},
                       {"Unit", std::string("Percent")},
                       {"StorageResolution", std::int64_t{1}}});
  }
  return Map{{"Namespace", std::string("CWAgent")}, {"MetricData", std::move(list)}};
}

std::string gzip(const std::string& plain) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, plain.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

http::Request signed_request(Protocol protocol, bool is_gzipped) {
  http::Request made;
  made.method = "POST";
  made.target = made.path = "/";
  made.headers = {{"Host", "kaden.example"}};
  const std::string service = "GraniteServiceVersion20100801";
  if (protocol == Protocol::query) {
    made.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    made.body = query_body(noon);
  } else {
    const smithy::Service described = make_service(nullptr, "arn:alarm:", {});
    const auto* input = described.operations.at("PutMetricData").operation.input;
    made.body = smithy::write_output(protocol, {}, {"x", nullptr, input}, data(noon), "").body;
    if (protocol == Protocol::cbor) {
      made.target = made.path = "/service/" + service + "/operation/PutMetricData";
      made.headers.emplace_back("smithy-protocol", "rpc-v2-cbor");
      made.headers.emplace_back("Content-Type", "application/cbor");
    } else {
      made.headers.emplace_back("Content-Type", "application/x-amz-json-1.0");
      made.headers.emplace_back("X-Amz-Target", service + ".PutMetricData");
    }
  }
  if (is_gzipped) {
    made.body = gzip(made.body);
    made.headers.emplace_back("Content-Encoding", "gzip");
  }
  made.peer = "10.0.0.9";
  sigv4::sign(made.method, made.target, made.headers, made.body, {key.id, key.secret, ""}, "ap-northeast-1",
              "monitoring", noon);
  return made;
}

void put_metric_data(benchmark::State& state, Protocol protocol, bool is_gzipped) {
  runtime::ManualClock clock(noon);
  const auto records = journal::open_records_in_memory();
  Settings settings;
  settings.access_keys = {key};
  alarm::Rule rule;
  rule.name = "cpu-high";
  rule.metric = "cpu_usage_active";
  rule.condition.period = seconds(10);
  rule.condition.threshold = 80;
  auto endpoint =
      Endpoint::open(settings, {rule}, *records, clock,
                     [](const AlarmEvent&, const std::function<void(bool)>& told) { told(true); });
  if (!endpoint) return state.SkipWithError(endpoint.error().message.c_str());
  const http::Request request = signed_request(protocol, is_gzipped);
  for (auto _ : state) {
    int status = 0;
    (*endpoint)->handle(request, [&](const http::Response& response) { status = response.status; });
    if (status != 200) return state.SkipWithError("the request was refused");
  }
  state.SetItemsProcessed(state.iterations() * data_per_request);
  state.counters["request_bytes"] = static_cast<double>(request.body.size());
}
BENCHMARK_CAPTURE(put_metric_data, query, Protocol::query, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(put_metric_data, query_gzip, Protocol::query, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(put_metric_data, json_1_0, Protocol::json_1_0, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(put_metric_data, json_1_0_gzip, Protocol::json_1_0, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(put_metric_data, cbor, Protocol::cbor, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(put_metric_data, cbor_gzip, Protocol::cbor, true)->Unit(benchmark::kMillisecond);

void only_parse_json(benchmark::State& state) {
  const std::string body = signed_request(Protocol::json_1_0, false).body;
  for (auto _ : state) benchmark::DoNotOptimize(boost::json::parse(body));
  state.SetItemsProcessed(state.iterations() * data_per_request);
}
BENCHMARK(only_parse_json)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace kaden::cloudwatch
